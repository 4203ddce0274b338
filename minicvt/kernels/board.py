"""The board on which threads find work: what is written there, and how it is read.

Any compiled function whose last arguments are ``first`` and ``last`` can be written
down: the others as they are, and the address of a few instructions that take them from
the board, call the function, and note if it failed.  For compiled code only; what is
plain Python says what happens.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.compiler import compile_internal
from numba.core.cpu_options import FastMathOptions
from numba.core.targetconfig import ConfigStack

from minicvt.kernels.atomics import add, get, pause, put, swap, word
from minicvt.kernels.instructions import instruction, number
from minicvt.kernels.jit import helper
from minicvt.kernels.types import Array

# Words of the board. Those that change hands lie in cache lines of their own.
OFFER, DONE, FUNCTION, COUNT, PIECES, FAILED, ARGUMENTS = 0, 8, 16, 17, 18, 19, 24
WORDS = ARGUMENTS + 512

# The offer is one word, so that it changes as one: a number that grows with each
# piece of work, and between which of its pieces, fewer than this, nobody has claimed
# any. Who offers claims the first of these, who helps the last: rows that one kernel
# leaves in the cache of a core are those of the next one there.
MOST = 1 << 8

PATIENCE = 30_000
"""Pauses for which somebody waits for others: a third of a millisecond, or more."""

_written: dict[int, Any] = {}


@helper
def offer(board: Array, count: int, pieces: int) -> bool:
    """Offer what is written down, and help; return whether all of it is done.

    If not it is in other hands, which should not take much longer. One piece is not
    offered but done.
    """
    board[FAILED] = 0
    if pieces == 1:
        do(board, 0, count)
        return True
    board[COUNT], board[PIECES], board[DONE] = count, pieces, 0
    put(board, OFFER, (get(board, OFFER) // MOST**2 + 1) * MOST**2 + pieces)
    help_out(board, True)
    for _ in range(PATIENCE):
        if get(board, DONE) == pieces:
            return True
        pause()
    return False


@helper
def help_out(board: Array, offering: bool) -> bool:
    """Do pieces of what is offered, until none is left; say whether there was one.

    Who has claimed a piece may read the board: it stays until all are done.
    """
    helped = False
    offered = get(board, OFFER)
    while offered // MOST % MOST < offered % MOST:
        rest = offered + MOST if offering else offered - 1
        if swap(board, OFFER, offered, rest):
            piece = offered // MOST % MOST if offering else rest % MOST
            pieces, count = board[PIECES], board[COUNT]
            do(board, count * piece // pieces, count * (piece + 1) // pieces)
            add(board, DONE, 1)
            helped = True
        offered = get(board, OFFER)
    return helped


def do(board: Array, first: int, last: int) -> None:
    """Call what is written on the board, for a range."""
    body, arguments = _written[id(board)]
    body(*arguments, first, last)


def writing(
    body: Callable[..., None], fastmath: Collection[str] = ()
) -> Callable[..., None]:
    """Return what compiles to writing the body down: (board, arguments).

    Only the body is compiled with ``fastmath``.
    """

    def write(board: Array, arguments: Any) -> None:
        _written[id(board)] = body, arguments

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        start = word(context, builder, signature.args[0], values[0], number(0))
        given = cgutils.unpack_tuple(builder, values[1])
        struct = ir.LiteralStructType([value.type for value in given])
        assert context.get_abi_sizeof(struct) <= 8 * (WORDS - ARGUMENTS)
        for value, place in zip(given, _places(builder, struct, start), strict=True):
            builder.store(value, place, align=1)
        kinds = signature.args[1].types
        piece = _piece(context, builder, body, fastmath, kinds, struct)
        at = builder.gep(start, [number(FUNCTION)])
        builder.store(builder.ptrtoint(piece, _NUMBER), at)
        return context.get_dummy_value()

    instruction(write, lambda *_: types.void, generate)
    return write


_NUMBER = ir.IntType(64)
_PIECE = ir.FunctionType(ir.VoidType(), [_NUMBER.as_pointer(), _NUMBER, _NUMBER])


def _do(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    start = word(context, builder, signature.args[0], values[0], number(0))
    address = builder.load(builder.gep(start, [number(FUNCTION)]))
    builder.call(builder.inttoptr(address, _PIECE.as_pointer()), [start, *values[1:]])
    return context.get_dummy_value()


instruction(do, lambda *_: types.void, _do)


def _piece(context: Any, builder: Any, body: Any, fastmath: Any, kinds: Any,
           struct: Any) -> Any:  # fmt: skip
    """Write a function that calls the body with the arguments on a board."""
    piece = ir.Function(builder.module, _PIECE, f"{builder.function.name}.piece")
    piece.linkage = "internal"
    inside = ir.IRBuilder(piece.append_basic_block())
    start, *ends = piece.args
    given = [
        _borrowed(context, inside, kind, inside.load(at, align=1))
        for kind, at in zip(kinds, _places(inside, struct, start), strict=True)
    ]
    status = _called(context, inside, body, fastmath, kinds, [*given, *ends])
    with inside.if_then(status.is_error, likely=False):
        inside.store(number(1), inside.gep(start, [number(FAILED)]))
    inside.ret_void()
    return piece


def _borrowed(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    """Return an array as one that nobody counts the users of: who offers keeps it.

    Every view would be counted up and down, in one word for all threads: to fetch it
    from each other took them longer than some kernels.
    """
    if not isinstance(kind, types.Array):
        return value
    array = context.make_array(kind)(context, builder, value)
    array.meminfo = cgutils.get_null_value(array.meminfo.type)
    return array._getvalue()


def _called(context: Any, builder: Any, body: Any, fastmath: Any, kinds: Any,
            given: Any) -> Any:  # fmt: skip
    """Call the body, compiled with the options of who calls; return how that ended.

    It becomes a part of the caller's library: one of its own, as Numba makes for each
    function that another calls, would be optimised by itself and then again there.
    """
    kinds, flags = (*kinds, types.int64, types.int64), ConfigStack().top().copy()
    flags.fastmath = FastMathOptions(set(fastmath))
    flags.no_compile = flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
    library, inside = context.active_code_library, context.typing_context
    compiled = compile_internal(
        inside, context, library, body, kinds, types.none, flags, {}
    )
    function = context.declare_function(builder.module, compiled.fndesc)
    call = context.call_conv.call_function
    return call(builder, function, types.none, kinds, given, ["noinline"])[0]


def _places(builder: Any, struct: Any, start: Any) -> list[Any]:
    """Return where arguments lie on the board."""
    place = builder.gep(start, [number(ARGUMENTS)])
    begin, index = builder.bitcast(place, struct.as_pointer()), ir.IntType(32)
    return [builder.gep(begin, [index(0), index(n)]) for n in range(len(struct))]
