"""What a model is made of, as data: printable, comparable, stored in checkpoints."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any, ClassVar, Self

from minicvt.errors import OptionError, unknown


@dataclass(frozen=True)
class Config:
    """Fields every model has; a paper's own follow in a subclass.

    ``image`` is the height and width it was published for, where counting starts.
    """

    paper: ClassVar[str]
    name: str
    num_classes: int = 1000
    in_chans: int = 3
    image: tuple[int, int] = (224, 224)

    def per_stage(self, first: str, *others: str) -> None:
        """Make each named field a tuple as long as ``first``, repeating one value.

        Raises ``OptionError`` when a field has another number of entries.
        """
        stages = len(_tuple(getattr(self, first)))
        for name in (first, *others):
            values = _tuple(getattr(self, name))
            values = values * stages if len(values) == 1 else values
            if len(values) != stages:
                raise OptionError(
                    f"{self.name}: {name} has {len(values)} entries {values}, "
                    f"{first} has {stages} stages"
                )
            object.__setattr__(self, name, values)

    def override(self, **overrides: Any) -> Self:
        """Copy with some fields changed; unknown names raise ``UnknownName``."""
        known = {field.name for field in fields(self)}
        for name in overrides:
            if name not in known:
                raise unknown(f"option of {self.name}", name, known)
        return replace(self, **overrides)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON, with the paper's name among them."""
        return {"paper": self.paper} | asdict(self)

    def build(self, dtype: Any = "float32", seed: Any = 0) -> Any:
        """Make the model; subclasses say how."""
        raise NotImplementedError(f"{type(self).__name__} builds nothing")


def _tuple(value: Any) -> tuple[Any, ...]:
    """Read a field that may be one value for all stages."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)
