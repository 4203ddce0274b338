"""Ways to make a mistake in a model on purpose.

Each makes a function from a right model to a wrong one, which it changes in place
unless the configuration is what is wrong: hand in one made for it.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any

from minicvt.nn import Module

Mutate = Callable[[Any], Any]


class Nothing(Module):
    """A part that was forgotten."""

    def forward(self, x: Any) -> Any:
        return x


def same(model: Any) -> Any:
    return model


def configured(**fields: Any) -> Mutate:
    """Build another configuration, with as many of the weights as it has."""

    def mutate(model: Any) -> Any:
        other = model.config.override(**fields).build(model.dtype)
        state = model.state_dict()
        other.load_state_dict({name: state[name] for name in other.state_dict()})
        return other.train(model.training)

    return mutate


def parts(model: Any, kind: type[Module]) -> list[Any]:
    return [part for _, part in model.named_modules() if isinstance(part, kind)]


def each(kind: type[Module], **values: Any) -> Mutate:
    """Set attributes of every part of a kind."""

    def mutate(model: Any) -> Any:
        for part in parts(model, kind):
            for name, value in values.items():
                setattr(part, name, value)
        return model

    return mutate


def doing(kind: type[Module], **functions: Callable[..., Any]) -> Mutate:
    """Replace methods of every part of a kind."""

    def mutate(model: Any) -> Any:
        for part in parts(model, kind):
            for name, function in functions.items():
                setattr(part, name, MethodType(function, part))
        return model

    return mutate


def weighing(change: Callable[[dict[str, Any], Any], dict[str, Any]]) -> Mutate:
    """Load other weights: ``change`` makes some, by name, of all and the model."""

    def mutate(model: Any) -> Any:
        state = model.state_dict()
        model.load_state_dict(state | change(state, model))
        return model

    return mutate


def exchanged(first: str, second: str, where: str = "") -> Mutate:
    """Take every weight with ``first`` in its name for that with ``second``."""

    def change(state: dict[str, Any], model: Any) -> dict[str, Any]:
        pairs = [(n, n.replace(first, second)) for n in state if first in n]
        pairs = [(a, b) for a, b in pairs if where in a]
        return {a: state[b] for a, b in pairs} | {b: state[a] for a, b in pairs}

    return weighing(change)


def times(factor: float, *names: str) -> Mutate:
    """Multiply the weights whose names begin so."""
    return weighing(lambda s, _: {n: factor * s[n] for n in s if n.startswith(names)})
