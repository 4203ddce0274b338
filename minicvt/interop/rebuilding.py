"""From the contents of a checkpoint to a model, or to what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from minicvt import models
from minicvt.blank import Blank, shapes_only
from minicvt.errors import CheckpointError, MinicvtError
from minicvt.files import StrPath
from minicvt.interop.describing import Tensors, describe
from minicvt.interop.layout import Layout
from minicvt.interop.layouts import heads_of, unwrap
from minicvt.interop.reading import Contents
from minicvt.nn.state import MOST, check_state
from minicvt.tables import table
from minicvt.tensor import Tensor, no_grad


def rebuild(
    path: StrPath,
    contents: Contents,
    model: str | None,
    dtype: Any,
    check_finite: bool,
    overrides: Mapping[str, Any],
) -> Any:
    """Build the model that ``contents`` hold; :func:`minicvt.load` has the contract.

    The model is made without values first, so that a description that asks for the
    impossible costs no memory and weights are never drawn at random. It holds the
    arrays of ``contents`` themselves, which become read-only.
    """
    with _blaming(path):
        tensors = unwrap(contents.tensors)
        layout, config = describe(contents, tensors, model, overrides)
        built = _blank(config, dtype or _dtype(tensors))
        _check(built, layout, tensors, check_finite)
        built.load_state_dict(layout.to_ours(tensors), copy=False)
    return built.eval()


@contextmanager
def _blaming(path: StrPath) -> Iterator[None]:
    """Put ``path`` before whatever a strange description runs into."""
    try:
        yield
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    except (MinicvtError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path}: configuration: {error}") from error


def _dtype(tensors: Tensors) -> Any:
    """Dtype of the weights; half precision is widened to float32."""
    dtypes = {a.dtype for a in tensors.values() if a.dtype.kind == "f"}
    if len(dtypes) != 1:
        found = ", ".join(sorted(map(str, dtypes))) or "none"
        raise CheckpointError(f"expected one floating dtype, found {found}")
    dtype = dtypes.pop()
    return np.dtype("float32") if dtype == np.float16 else dtype


def _blank(config: models.Config, dtype: Any) -> Any:
    """Make the model without values, and see that it runs, by shapes alone."""
    with shapes_only(), no_grad():
        model = config.build(dtype=dtype).eval()
        model(Tensor(Blank((1, *config.image, config.in_chans), model.dtype)))
    return model


def _check(model: Any, layout: Layout, tensors: Tensors, check_finite: bool) -> None:
    """Compare the checkpoint with the blank model, under the checkpoint's names."""
    own = dict(model.named_parameters()) | dict(model.named_buffers())
    blanks = {name: _hollow(value) for name, value in own.items()}
    expected = layout.to_theirs(blanks, heads_of(model.config))
    check_state({name: a.shape for name, a in expected.items()}, tensors, strict=True)
    for name, array in expected.items():
        found = tensors[name].dtype
        if found.kind != array.dtype.kind:
            raise CheckpointError(f"{name} should be {array.dtype}, found {found}")
    if check_finite:
        _check_finite(tensors)


def _hollow(value: Any) -> np.ndarray:
    """Return an array of this shape and dtype that takes no memory."""
    return np.broadcast_to(np.zeros((), value.dtype), value.shape)


def _check_finite(tensors: Tensors) -> None:
    rows = [
        (name, int(np.isnan(a).sum()), int(np.isinf(a).sum()), a.size)
        for name, a in tensors.items()
        if a.dtype.kind == "f" and not np.isfinite(a).all()
    ]
    if rows:
        nans, infinities = sum(row[1] for row in rows), sum(row[2] for row in rows)
        raise CheckpointError(
            f"weights that are not finite: {nans:,} NaN and {infinities:,} infinite in "
            f"{len(rows)} tensors; check_finite=False loads them all the same\n"
            + table(("tensor", "NaN", "infinite", "of"), rows[:MOST])
        )
