"""What a model is made of, as data: printable, comparable, stored in checkpoints."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any, ClassVar, Self

from minicvt.errors import OptionError, unknown
from minicvt.models.checks import check_kinds, check_whole, entries, refused


@dataclass(frozen=True)
class Config:
    """Fields every model has; a paper's own follow in a subclass.

    ``image`` is the height and width it was published for, where counting starts.
    ``stage_fields`` have one entry a stage; one value there stands for all stages.
    Those in ``counts`` are whole numbers from 1, those in ``counts_or_0`` may be 0;
    ``OptionError`` says what is not.
    """

    paper: ClassVar[str]
    stage_fields: ClassVar[tuple[str, ...]] = ()
    counts: ClassVar[tuple[str, ...]] = ("num_classes", "in_chans", "image")
    counts_or_0: ClassVar[tuple[str, ...]] = ()
    name: str
    num_classes: int = 1000
    in_chans: int = 3
    image: tuple[int, int] = (224, 224)

    def __post_init__(self) -> None:
        if self.stage_fields:
            self._spread()
        check_kinds(self)
        check_whole(self, self.counts)
        check_whole(self, self.counts_or_0, least=0)
        if len(entries(self.image)) != 2:
            raise refused(self, "image", "a height and a width")

    def _spread(self) -> None:
        """Make each field of ``stage_fields`` as long as the first of them."""
        first = self.stage_fields[0]
        stages = len(entries(getattr(self, first)))
        for name in self.stage_fields:
            values = entries(getattr(self, name))
            values = values * stages if len(values) == 1 else values
            if len(values) != stages:
                raise OptionError(
                    f"{self.name}: {name} has {len(values)} entries {values}, "
                    f"{first} has {stages} stages"
                )
            object.__setattr__(self, name, values)

    def override(self, **overrides: Any) -> Self:
        """Copy with some fields changed; unknown names raise ``UnknownName``.

        A field left alone that is the same in every stage follows a new number of
        stages.
        """
        known = {field.name for field in fields(self)}
        for name in overrides:
            if name not in known:
                raise unknown(f"option of {self.name}", name, known)
        kept = {name: getattr(self, name) for name in self.stage_fields[1:]}
        same = {name: v[:1] for name, v in kept.items() if len(set(v)) == 1}
        return replace(self, **(same | overrides))

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON, with the paper's name among them."""
        return {"paper": self.paper} | asdict(self)

    def build(self, dtype: Any = "float32", seed: Any = 0) -> Any:
        """Make the model; subclasses say how."""
        raise NotImplementedError(f"{type(self).__name__} builds nothing")


DIGITS16: dict[str, Any] = {"in_chans": 1, "num_classes": 10, "image": (16, 16)}
"""What the models have in common that learn digits of 16 x 16 pixels.

One of each paper is named so, with its own stem and parts and, within a fifth, as many
parameters as cvt-c8w: small enough to train while one waits, and to compare.
"""
