"""Compiling a kernel as a whole, with all functions that it calls.

Numba as it comes makes a library of each function that another calls: it optimises it,
turns it into machine code, which nobody runs, and optimises it again in every caller,
since LLVM inlines it there.  Here such a function is a part: it is written down, and
optimised and turned into machine code with the kernel only.  That takes two thirds of
the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.targetconfig import ConfigStack

from minicvt.kernels.select import keeping


class Whole(Compiler):
    """The compiler of a kernel, a ``pipeline_class`` of `numba.njit`."""

    def compile_extra(self, func: Callable[..., Any]) -> Any:
        """Compile a function and its parts."""
        codegen = self.state.targetctx.codegen()
        self.state.library = _Library(codegen, func.__qualname__)
        self.state.library.enable_object_caching()
        with keeping(), _parts(codegen):
            result = super().compile_extra(func)
        for environment in result._find_referenced_environments():
            codegen.set_env(environment.env_name, environment)
        return result


@contextmanager
def _parts(codegen: Any) -> Iterator[None]:
    """Make parts of the functions compiled inside that Python cannot call.

    They are `jit.helper`'s and most of Numba's own.
    """
    before = codegen.create_library

    def create_library(name: str) -> Any:
        inner = ConfigStack().top().no_cpython_wrapper
        return _Part(codegen, name) if inner else before(name)

    codegen.create_library = create_library
    try:
        yield
    finally:
        codegen.create_library = before


class _Library(JITCodeLibrary):
    """A kernel's."""

    def _optimize_functions(self, module: Any) -> None:
        """Leave that to the passes over the whole, which begin with the same."""


class _Part(_Library):
    """A function's that is there only to be linked into what calls it."""

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalized = True

    @property
    def codegen(self) -> Any:
        """Return whom Numba asks to `set_env`."""
        return self

    def set_env(self, name: str, environment: Any) -> None:
        """Do nothing: where an environment goes is known when the whole is compiled."""
