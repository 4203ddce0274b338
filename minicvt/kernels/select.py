"""One equation, three bodies: which body of every kernel runs.

Each kernel exists up to three times under one name and one signature, in the
modules of its family's folder: ``loops`` is the equation as nested loops and the
truth, ``numpy`` is vectorised (``vectorized.py``), ``numba`` is compiled
(``compiled.py``).  The choice is one plain module global, so it holds for the whole
process: worker threads see it, and two threads cannot choose differently.
"""

from __future__ import annotations

import gc
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, update_wrapper
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from minicvt.errors import MissingPackage, unknown

MODULES = {"loops": "loops", "numpy": "vectorized", "numba": "compiled"}
VARIABLE = "MINICVT_KERNELS"

_active: str | None = None


def active() -> str:
    """Return the name of the bodies that run: "loops", "numpy" or "numba".

    Until the first `use` it is what the environment variable MINICVT_KERNELS says,
    else "numba" where Numba is installed and "numpy" where it is not.
    """
    if _active is None:
        use(os.environ.get(VARIABLE) or ("numba" if _has_numba() else "numpy"))
    return str(_active)


class use:
    """Choose the bodies that run from now on, or inside a ``with`` block.

    ``use("numpy")`` sets them for the whole process; ``with use("loops"): ...``
    puts back what was there before.  Raises `UnknownName` for a name that is not
    "loops", "numpy" or "numba", `MissingPackage` for "numba" without Numba.
    """

    def __init__(self, name: str) -> None:
        global _active
        _check(name)
        self._before = _active
        _active = name
        if name == "loops":
            _warn_slow()

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exception: object) -> None:
        global _active
        _active = self._before


class Kernel:
    """A kernel under its one name: a call runs the body that `use` has chosen.

    Built from the loops body, whose name, signature and docstring it takes; the
    other two are the functions of that name in the modules beside it, imported when
    they are first called.
    """

    __name__: str

    def __init__(self, loops_body: Callable[..., Any]) -> None:
        update_wrapper(self, loops_body)
        self._family = loops_body.__module__.rpartition(".")[0]
        self._bodies: dict[str, Callable[..., Any]] = {}

    def __call__(self, *arguments: Any) -> Any:
        """Run the chosen body."""
        body = self._bodies.get(_active or active())
        return (body or self.body(active()))(*arguments)

    def __repr__(self) -> str:
        return f"<kernel {self.__name__} of {self._family}>"

    def body(self, name: str) -> Callable[..., Any]:
        """Return the function that ``use(name)`` would run."""
        if name not in self._bodies:
            _check(name)
            with keeping():
                module = import_module(f"{self._family}.{MODULES[name]}")
            self._bodies[name] = getattr(module, self.__name__)
        return self._bodies[name]


@contextmanager
def keeping() -> Iterator[None]:
    """Do not look for garbage while Numba is imported, or compiles.

    Of what the import makes all stays, and is looked through time and again: 80,000
    objects, for a sixth of the import and a tenth of compiling.
    """
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _check(name: str) -> None:
    if name not in MODULES:
        raise unknown("kernels", name, MODULES)
    if name == "numba" and not _has_numba():
        raise MissingPackage(
            "kernels 'numba' need the package numba: pip install numba "
            f"(or choose 'numpy': minicvt.kernels.use, or {VARIABLE}=numpy)"
        )


def _has_numba() -> bool:
    """Say whether Numba could be imported, without paying for the import."""
    if "numba" in sys.modules:  # None hides it, and find_spec raises on None
        return sys.modules["numba"] is not None
    return find_spec("numba") is not None


@cache
def _warn_slow() -> None:
    """Warn, once per process."""
    warnings.warn(
        "the 'loops' kernels are plain Python, to be read: about 0.3 us a multiply-add",
        stacklevel=3,
    )
