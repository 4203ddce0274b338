"""A model with all folded in that can be, and what it refuses from then on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from copy import copy
from typing import Any, NamedTuple, NoReturn

from minicvt.errors import FoldedError
from minicvt.models.folding import equations
from minicvt.models.folding.pairs import pairs, replace
from minicvt.nn import Attention, BatchNorm2d, Conv2d, Init, Linear, Module, Parameter
from minicvt.nn.feed_forward import NoNorm
from minicvt.nn.token_layers import TokenTransformer


class Note(NamedTuple):
    """What was folded, and where."""

    path: str
    what: str


class Folded:
    """What a folded model refuses: it answers, and cannot be trained or kept.

    ``folded`` lists what was done.
    """

    config: Any
    folded: tuple[Note, ...]

    def fold(self) -> Any:
        """Return this model: there is nothing more to fold."""
        return self

    def train(self, mode: bool = True) -> Any:
        """Refuse training, with ``FoldedError``."""
        return self._refuse("train()") if mode else super().train(mode)  # type: ignore[misc]

    def state_dict(self) -> NoReturn:
        """Refuse, with ``FoldedError``: the parameters are no longer the model's."""
        self._refuse("state_dict() or saving")

    def load_state_dict(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse, with ``FoldedError``."""
        self._refuse("load_state_dict()")

    def describe(self) -> str:
        """One line, with how often each thing was folded."""
        times = Counter(note.what for note in self.folded)
        what = "; ".join(f"{count} x {what}" for what, count in times.items())
        return f"{super().describe()} folded: {what or 'nothing'}"  # type: ignore[misc]

    def _refuse(self, what: str) -> NoReturn:
        raise FoldedError(
            f"{self.config.name} is folded, for inference only: no {what}; "
            "use the model that fold() was called on"
        )


def fold(model: Any) -> Any:
    """Return a model with the same answers and fewer operations, for inference only.

    The model itself stays as it is, and shares the arrays that folding does not
    change. Nothing of the folded one asks for a gradient; one by the image is as
    before. Attention maps are the same; what else reads q, k or v sees the folded
    ones. Raises ``GraphError`` for a model without values.
    """
    twin = _copied(model).eval()
    twin._rename("")
    notes = (*_fold_norms(twin), *_fold_attention(twin))
    twin.__class__ = type(f"Folded{type(model).__name__}", (Folded, type(model)), {})
    twin.folded = notes
    return twin


def _copied(module: Any) -> Any:
    """Copy a tree of modules, parameters frozen, without their arrays."""
    twin = copy(module)
    for name, value in vars(module).items():
        if isinstance(value, Module):
            setattr(twin, name, _copied(value))
        elif isinstance(value, Parameter):
            setattr(twin, name, Parameter.wrap(value.data))
    return twin


def _fold_norms(model: Any) -> Iterator[Note]:
    """Fold each BatchNorm into the linear map before it, or the one behind."""
    modules = dict(model.named_modules())
    for first, second in pairs(model):
        layer, reader = modules.get(first), modules.get(second)
        if isinstance(layer, Conv2d | Linear) and isinstance(reader, BatchNorm2d):
            equations.normalise_after(layer, reader)
            gone, kept = second, first
        elif isinstance(layer, BatchNorm2d) and equations.takes_shifts(reader):
            equations.normalise_before(reader, layer)
            gone, kept = first, second
        else:
            continue
        del modules[gone]
        replace(model, gone, NoNorm(0, init=Init(model.dtype)))
        yield Note(gone, f"BatchNorm into {type(modules[kept]).__name__}")


def _fold_attention(model: Any) -> Iterator[Note]:
    """Fold shifts, scale and biases of every attention whose rows sum to one."""
    for path, module in list(model.named_modules()):
        if isinstance(module, TokenTransformer):
            equations.scale_queries(module.proj_q, module.scale)
        elif isinstance(module, Attention):
            yield from _fold_biases(path, module)
            equations.scale_queries(equations.point_wise(module, "q"), module.scale)
        else:
            continue
        module.scale = 1.0
        yield Note(path, "scale into q")


def _fold_biases(path: str, attention: Attention) -> Iterator[Note]:
    for source in dict.fromkeys(attention.shared.values()):
        name = f"conv_proj_{source}"
        module = getattr(attention, name)
        if isinstance(getattr(module, "bn", None), NoNorm):
            equations.hand_on_shift(attention, source)
            yield Note(f"{path}.{name}", "shift into the Linear behind")
    keys, values = (equations.point_wise(attention, name) for name in "kv")
    if keys.bias is not None:
        keys.bias = None
        yield Note(path, "bias of k dropped")
    if values.bias is not None:
        equations.move_value_bias(values, attention.proj)
        yield Note(path, "bias of v into the output")
