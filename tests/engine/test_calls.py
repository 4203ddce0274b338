"""What rules say is remembered, for the very same call and no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from minicvt import Tensor, observe, ops
from minicvt.errors import MinicvtError, OptionError
from minicvt.grid import Grid
from minicvt.ops import OPERATIONS, Spec, operation
from minicvt.ops.calls import forget

X = Tensor(np.arange(12.0).reshape(3, 4))


@pytest.fixture
def asked() -> Iterator[tuple[Callable[..., Tensor], list[Any]]]:
    """An operation, and what its rule has been asked."""
    seen: list[Any] = []

    def rule(x: Any, *, by: Any) -> Spec:
        seen.append((x, by))
        return Spec(x, {})

    @operation(rule)
    def scaled(x, *, by=1):
        return x * 2.0, lambda d: (d * 2.0,)

    yield scaled, seen
    del OPERATIONS["scaled"]


def test_a_rule_is_asked_once_for_each_shape_and_option(asked: Any) -> None:
    run, seen = asked
    for _ in range(3):
        for by in (1, (2, 3), Grid(2, 3), None, "word"):
            np.testing.assert_array_equal(run(X, by=by).numpy(), X.numpy() * 2)
    run(X[:2], by=1)
    shapes = [(3, 4)] * 5 + [(2, 4)]
    assert seen == list(
        zip(shapes, [1, (2, 3), Grid(2, 3), None, "word", 1], strict=True)
    )


def test_what_is_equal_but_of_another_type_is_another_option(asked: Any) -> None:
    run, seen = asked
    options = [1, 1.0, True, (1, 2), (1.0, 2), (True, 2), Grid(1, 2), ((1, 2), 0)]
    options += [slice(1), slice(True), slice(1.0), (slice(1), ...), (None, 1, None)]
    for by in [*options, *options]:
        run(X, by=by)
    assert list(map(repr, (by for _, by in seen))) == list(map(repr, options))


def test_arrays_and_lists_are_asked_about_each_time(asked: Any) -> None:
    run, seen = asked
    for by in (np.ones(2), [1, 2], (1, np.int64(2)), slice(np.int64(1))):
        run(X, by=by)
        run(X, by=by)
    assert len(seen) == 8


def test_forgotten_rules_are_asked_anew(asked: Any) -> None:
    run, seen = asked
    run(X)
    forget()
    run(X)
    assert len(seen) == 2


def test_a_wrong_call_is_refused_after_a_right_one_that_equals_it() -> None:
    assert X.reshape(4, 3).shape == (4, 3)
    for _ in range(2):
        with pytest.raises(MinicvtError, match=r"reshape: lengths should be integers"):
            ops.reshape(X, shape=(4.0, 3))
    with pytest.raises(OptionError, match="cannot read axis"):
        ops.sum(X, axis=0.0)


def test_observers_may_keep_and_change_the_options_they_are_given() -> None:
    with observe() as events:
        X.sum(axis=0)
        events[0].options["axis"] = 1
        assert X.sum(axis=0).shape == (4,)
    assert [event.options["axis"] for event in events] == [1, 0]


def test_a_call_without_what_it_needs_or_with_something_else_is_refused() -> None:
    with pytest.raises(TypeError, match="linear: needs x, weight"):
        ops.linear(X)
    with pytest.raises(TypeError, match="transpose: needs axes"):
        ops.transpose(X)
    with pytest.raises(TypeError, match="exp: unknown option 'axis'"):
        ops.exp(X, axis=0)


def test_no_more_calls_are_remembered_than_a_model_makes(asked: Any) -> None:
    run, seen = asked
    with patch("minicvt.ops.calls.MOST", 3):
        for by in (1, 2, 3, 4, 4, 1):
            run(X, by=by)
    assert [by for _, by in seen] == [1, 2, 3, 4, 1]
