"""How a function that is plain Python becomes instructions of LLVM in compiled code.

Numba's own way, `overload` around an `intrinsic`, compiles a function for each call
with other types, which takes 20 ms each time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import lower_builtin, type_callable


def instruction(
    function: Callable[..., Any], result: Callable[..., Any], generate: Any
) -> None:
    """Let ``generate`` write what compiled code runs instead of the function.

    ``result`` gives the type of what is returned, from those of the arguments.
    """
    typed = wraps(function)(lambda *arguments: result(*arguments))
    type_callable(function)(lambda context: typed)
    lower_builtin(function, types.VarArg(types.Any))(generate)


def number(value: int) -> Any:
    """Return an integer of 64 bits, a constant."""
    return ir.Constant(ir.IntType(64), value)
