"""How a table of names is read, from ours to theirs and back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from minicvt.errors import CheckpointError
from minicvt.interop.forms import Form
from minicvt.interop.rules import Rule

Array = np.ndarray[Any, Any]
Arrays = Mapping[str, Array]
Words = Mapping[str, Mapping[str, str]]
STANDS_FOR = {"i": r"\d+", "j": r"\d+", "n": r"\d+", "x": "[qkv]", "p": ".+"}


@dataclass(frozen=True)
class Layout:
    """A table of rules for one ``paper``; where several fit a name, the first holds.

    ``words`` translates what a placeholder stands for: {"x": {"q": "query"}}, and
    ``implies`` has fields of the configuration that come with these names. A layout
    that ``keeps`` leaves parts of other papers their names of ours.
    """

    paper: str
    name: str
    rules: tuple[Rule, ...]
    words: Words = field(default_factory=dict)
    implies: Mapping[str, Any] = field(default_factory=dict)
    keeps: bool = False

    @cached_property
    def _from_ours(self) -> list[tuple[re.Pattern[str], Rule]]:
        return [
            (_pattern(part, {p: list(said) for p, said in self.words.items()}), rule)
            for rule in self.rules
            for part in rule.parts
        ]

    @cached_property
    def _from_theirs(self) -> list[tuple[re.Pattern[str], Rule]]:
        words = {p: list(said.values()) for p, said in self.words.items()}
        return [(_pattern(rule.theirs, words), rule) for rule in self.rules]

    def knows(self, name: str) -> bool:
        """Whether ``name`` is one of theirs."""
        return _find(self._from_theirs, name) is not None

    def heads(self, theirs: Arrays) -> int | None:
        """Number of heads, where a shape of theirs tells it."""
        for name, array in theirs.items():
            rule, _ = _find(self._from_theirs, name) or (None, {})
            if rule and rule.form.split is not None and array.ndim > rule.form.split:
                return int(array.shape[rule.form.split])
        return None

    def to_theirs(self, ours: Arrays, heads: int = 0) -> dict[str, Array]:
        """Rename, join and lay out our tensors (or gradients) as they do.

        ``heads`` is needed where theirs are split into them. Raises
        ``CheckpointError`` without, and for a tensor that the layout has no name for.
        """
        table = [(p, r) for p, r in self._from_ours if not r.beside or r.beside in ours]
        theirs = {}
        for name, array in ours.items():
            found = _find(table, name)
            if found is None and not self.keeps:
                raise CheckpointError(f"layout {self.name!r} has no name for {name}")
            if found is None:
                theirs[name] = array
                continue
            rule, values = found
            names = [part.format(**values) for part in rule.parts]
            if name == names[0]:
                key = rule.theirs.format(**self._translate(values))
                whole = _joined([ours[part] for part in names])
                theirs[key] = self._lay_out(rule.form, whole, heads)
        return theirs

    def _lay_out(self, form: Form, array: Array, heads: int) -> Array:
        if form.split is not None and not heads:
            raise CheckpointError(f"layout {self.name!r} splits heads: give heads=...")
        return form.theirs(array, heads)

    def to_ours(self, theirs: Arrays) -> dict[str, Array]:
        """Undo :meth:`to_theirs`; unknown names stay as they are.

        Raises ``CheckpointError`` for a shape that no tensor of ours could have.
        """
        ours = {}
        for name, array in theirs.items():
            found = _find(self._from_theirs, name)
            if found is None:
                ours[name] = array
                continue
            rule, values = found
            values = self._translate(values, back=True)
            names = [part.format(**values) for part in rule.parts]
            ours.update(zip(names, _apart(name, array, rule), strict=True))
        return ours

    def _translate(self, values: Mapping[str, str], back: bool = False) -> Any:
        """Say placeholders' values in their words, or ``back`` in ours."""
        said = dict(values)
        for placeholder, words in self.words.items():
            table = {v: k for k, v in words.items()} if back else words
            if placeholder in said:
                said[placeholder] = table[said[placeholder]]
        return said


def _joined(rows: list[Array]) -> Array:
    """Join by rows; arrays that show one number many times stay without memory."""
    if len(rows) == 1 or any(any(row.strides) for row in rows):
        return rows[0] if len(rows) == 1 else np.concatenate(rows)
    shape = (sum(map(len, rows)), *rows[0].shape[1:])
    return np.broadcast_to(np.zeros((), rows[0].dtype), shape)


def _apart(name: str, array: Array, rule: Rule) -> list[Array]:
    try:
        whole = rule.form.ours(array)
        return [whole] if len(rule.parts) == 1 else np.split(whole, len(rule.parts))
    except (ValueError, IndexError, TypeError) as error:
        raise CheckpointError(f"{name}: shape {array.shape}: {error}") from None


def _pattern(template: str, said: Mapping[str, Iterable[str]]) -> re.Pattern[str]:
    def group(match: re.Match[str]) -> str:
        words = said.get(match[1])
        meaning = "|".join(words) if words else STANDS_FOR[match[1]]
        return f"(?P<{match[1]}>{meaning})"

    return re.compile(re.sub(r"\\\{(\w)\\\}", group, re.escape(template)))


def _find(rules: Any, name: str) -> tuple[Rule, dict[str, str]] | None:
    for pattern, rule in rules:
        if match := pattern.fullmatch(name):
            return rule, match.groupdict()
    return None
