"""Whole numbers in memory that several threads read and write; for compiled code only.

What a thread has written before it calls `put`, `add` or `swap`, another sees once it
has seen the change.  Each function is plain Python, which says what its instruction
does, for one thread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import binding, ir
from numba import types

from minicvt.kernels.instructions import instruction
from minicvt.kernels.types import Array

ORDER, BYTES = "seq_cst", 8


def get(words: Array, at: int) -> int:
    """Return words[at]."""
    return int(words[at])


def put(words: Array, at: int, value: int) -> None:
    """words[at] = value."""
    words[at] = value


def add(words: Array, at: int, value: int) -> None:
    """words[at] += value."""
    words[at] += value


def swap(words: Array, at: int, before: int, after: int) -> bool:
    """words[at] = after if ``before`` is there; return whether it was."""
    found = bool(words[at] == before)
    if found:
        words[at] = after
    return found


def pause() -> None:
    """Wait for 10 to 50 ns, where the processor has an instruction for that."""


def word(context: Any, builder: Any, array: Any, value: Any, at: Any) -> Any:
    """Return the address of an array's element."""
    return builder.gep(context.make_array(array)(context, builder, value).data, [at])


def _atomic(function: Callable[..., Any], result: Any, emit: Any) -> None:
    """Compile what works on one word: ``emit`` is given its address, and numbers."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        there = word(context, builder, signature.args[0], *values[:2])
        found = emit(builder, there, *values[2:])
        return context.get_dummy_value() if result is types.void else found

    instruction(function, lambda *_: result, generate)


def _compare_and_swap(builder: Any, there: Any, before: Any, after: Any) -> Any:
    return builder.extract_value(builder.cmpxchg(there, before, after, ORDER, ORDER), 1)


_atomic(get, types.int64, lambda b, there: b.load_atomic(there, ORDER, BYTES))
_atomic(put, types.void, lambda b, there, x: b.store_atomic(x, there, ORDER, BYTES))
_atomic(add, types.void, lambda b, there, x: b.atomic_rmw("add", there, x, ORDER))
_atomic(swap, types.boolean, _compare_and_swap)

PAUSE = {"x86": "llvm.x86.sse2.pause"}
"""By how the name of the processor begins."""


def _pause(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    name = PAUSE.get(binding.get_default_triple()[:3])
    if name is not None:
        kind = ir.FunctionType(ir.VoidType(), [])
        builder.call(builder.module.declare_intrinsic(name, (), kind), [])
    return context.get_dummy_value()


instruction(pause, lambda: types.void, _pause)
