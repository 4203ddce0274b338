"""Compile a kernel with Numba, once per dtype, and keep the result between processes.

Imported only by the ``compiled`` modules, which are imported when the first compiled
kernel is called: importing Numba takes half a second.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

import numba
import numpy as np
from numba.core import event
from numba.core.caching import FunctionCache
from numba.core.runtime import rtsys
from numba.extending import register_jitable

from minicvt.kernels import cache
from minicvt.kernels.whole import Whole

VARIABLE = "MINICVT_QUIET"


def helper(function: Any = None, **options: Any) -> Any:
    """Let compiled kernels call a function, plain Python for everybody else.

    Also a decorator with ``options``, which go to Numba.
    """
    register = register_jitable(no_cfunc_wrapper=True, **options)
    return register if function is None else register(function)


def jit(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """Return ``function`` compiled by Numba at its first call; also a decorator.

    Serial, without the GIL (threads may run it side by side), division as NumPy
    divides.  Array arguments are made C-contiguous and are seen read-only, so that
    there is one compilation per dtype: to Numba a writable, a read-only and a
    strided array are three types.  ``options`` go to `numba.njit`.
    """
    compiled = jit_in_place(function, **options)

    @wraps(function)
    def kernel(*arguments: Any) -> Any:
        return compiled(*[frozen(argument) for argument in arguments])

    return kernel


def jit_in_place(
    function: Callable[..., Any],
    named: Callable[..., Any] | None = None,
    **options: Any,
) -> Callable[..., Any]:
    """Return a step of a kernel, one that writes into its arguments, compiled.

    As `jit`, but arrays are taken as they come.  It is kept under the name of another
    function if one is given.
    """
    usual: Any = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
    usual["pipeline_class"] = Whole
    compiled: Any = numba.njit(function, **usual, **options)
    folder, config = cache.folder(), vars(numba.config)
    if folder is None or disabled():
        return compiled
    before = config["CACHE_DIR"]
    config["CACHE_DIR"] = str(folder)
    try:
        compiled._cache = _Kept(named or function)
    finally:
        config["CACHE_DIR"] = before
    return compiled


def disabled() -> bool:
    """Say whether functions are left as they are (NUMBA_DISABLE_JIT)."""
    return bool(vars(numba.config)["DISABLE_JIT"])


class _Kept(FunctionCache):
    """What is kept of one function, in Numba's form.

    Numba prepares to compile before it reads, which takes longer than importing it;
    here only what allocates the arrays gets ready.  A kernel that cannot be read or
    written (a full disk, or its folder was pruned this moment) runs all the same.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        rtsys.initialize(target_context)
        with suppress(OSError):
            return self._load_overload(sig, target_context)

    def save_overload(self, sig: Any, data: Any) -> None:
        with suppress(OSError):
            super().save_overload(sig, data)


def frozen(argument: Any) -> Any:
    """Return an array contiguous and read-only, in its own memory if that is so."""
    if not isinstance(argument, np.ndarray):
        return argument
    flags = argument.flags
    if flags.c_contiguous and not flags.writeable:
        return argument
    view = (argument if flags.c_contiguous else np.ascontiguousarray(argument)).view()
    view.flags.writeable = False
    return view


class _Notice(event.Listener):
    """Says, once per process, that a kernel is being compiled: it takes seconds."""

    told = bool(os.environ.get(VARIABLE))

    def on_start(self, event: event.Event) -> None:
        module = event.data["dispatcher"].py_func.__module__  # None of what was exec'd
        if not self.told and str(module).startswith("minicvt."):
            self.told = True
            print(
                "minicvt: compiling kernels for the first use (cached afterwards)",
                file=sys.stderr,
            )

    def on_end(self, event: event.Event) -> None:
        pass


event.register("numba:compile", _Notice())
