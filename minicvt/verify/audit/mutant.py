"""A mutant: one bug, as an edit of a function's own source, planted while it is tried.

The edited module is compiled, and the function that everybody holds is given the code
object that comes out. Nothing is imported again, so kernels, decorated operations and
methods have the bug wherever they were handed on, and giving back the old code object
undoes it for certain.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from importlib import import_module
from inspect import unwrap
from types import CodeType, FunctionType
from typing import Any

from minicvt.errors import MinicvtError
from minicvt.ops.calls import forget
from minicvt.verify.audit.source import Span, source


@dataclass(frozen=True)
class Mutant:
    """``before``, in a function of a module, becomes ``after``; ``says`` what is wrong.

    Made by hand, ``before`` occurs once in the function. Made mechanically, it stands
    at ``start``, a place in the module's text.
    """

    module: str
    function: str
    says: str
    before: str
    after: str
    start: int | None = None

    def __str__(self) -> str:
        """Name the bug and the text that it edits."""
        return f"the bug {self.says!r} of {self.function}, in {self.before!r}"

    @property
    def by_hand(self) -> bool:
        """Whether a person thought of it."""
        return self.start is None

    @property
    def span(self) -> Span:
        """Where the edit is made; raises ``MinicvtError`` unless that is one place."""
        before = self.before.encode()
        if self.start is not None:
            return self.start, self.start + len(before)
        whole = source(self.module)
        first, last = whole.span(whole.function(self.function))
        count = whole.text.count(before, first, last)
        if count != 1:
            raise MinicvtError(f"{self}: expected that text once, got it {count} times")
        start = whole.text.index(before, first)
        return start, start + len(before)

    @property
    def line(self) -> str:
        """The lines it edits, as one."""
        return source(self.module).line(self.span)

    @property
    def edited(self) -> str:
        """These lines with the bug."""
        return source(self.module).line(self.span, self.after)

    def code(self) -> CodeType:
        """Compile the edited module; return the code of the function."""
        whole = source(self.module)
        text = whole.replaced(self.span, self.after)
        module = compile(text, whole.path, "exec", dont_inherit=True)
        return next(c for c in _codes(module) if c.co_qualname == self.function)

    def target(self) -> FunctionType:
        """Return the function itself, from under its decorators."""
        found: Any = import_module(self.module)
        found = reduce(getattr, self.function.split("."), found)
        return unwrap(found)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


@contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """Plant the bug inside a ``with`` block."""
    function = mutant.target()
    healthy = function.__code__
    function.__code__ = mutant.code()
    forget()  # what rules said before
    try:
        yield
    finally:
        function.__code__ = healthy
        forget()
