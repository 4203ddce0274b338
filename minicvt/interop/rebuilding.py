"""From the contents of a checkpoint to a model, or to what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from minicvt import models
from minicvt.blank import Blank, shapes_only
from minicvt.errors import CheckpointError, MinicvtError
from minicvt.files import StrPath
from minicvt.interop.huggingface import model_type, read_config
from minicvt.interop.inference import count_blocks, infer
from minicvt.interop.layout import Layout
from minicvt.interop.layouts import heads_of, layout_named, recognise, unwrap
from minicvt.interop.reading import CONFIG, LAYOUT, OFFICIAL, Contents
from minicvt.nn.state import MOST, check_state
from minicvt.tables import table
from minicvt.tensor import Tensor, no_grad

Tensors = Mapping[str, np.ndarray]
SETTLED = ("cls", "embed", "qkv_bias", "shared", "final_norm")
"""What a dialect would set, but a stored model has settled."""
SIGNATURE = "transformers_version"


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
    impossible costs no memory and weights are never drawn at random.
    """
    with _blaming(path):
        tensors = unwrap(contents.tensors)
        layout, config = describe(contents, tensors, model, overrides)
        built = _blank(config, dtype or _dtype(tensors))
        _check(built, layout, tensors, check_finite)
        built.load_state_dict(layout.to_ours(tensors))
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


def describe(
    contents: Contents,
    tensors: Tensors,
    model: str | None,
    overrides: Mapping[str, Any],
) -> tuple[Layout, models.Config]:
    """Say whose names ``tensors`` have, and read the configuration or infer it.

    Fields that the caller gives win. Raises ``CheckpointError`` that says what to give.
    """
    base = models.variant(model) if model else None
    stored = _stored(contents)
    if stored is not None:
        return _as_described(models.from_dict(stored), contents, tensors, overrides)
    given: dict[str, Any] = {}
    paper = base.paper if base else None
    if contents.config is not None:
        given = read_config(contents.config)
        paper = paper or model_type(contents.config)
    layout = recognise(tensors, paper)
    if heads := layout.heads(tensors):
        given = {"heads": (heads,)} | given
    shapes = {name: a.shape for name, a in layout.to_ours(tensors).items()}
    if contents.config is None:
        return layout, infer(shapes, layout, base, given | dict(overrides))
    config = infer(shapes, layout, base, given)
    return layout, _completed(config, shapes, overrides)


def _as_described(
    config: models.Config,
    contents: Contents,
    tensors: Tensors,
    overrides: Mapping[str, Any],
) -> tuple[Layout, models.Config]:
    """Take the configuration that minicvt wrote."""
    if CONFIG in contents.text:
        layout = layout_named(config.paper, contents.text.get(LAYOUT, OFFICIAL))
    else:
        layout = recognise(tensors, config.paper)
    shapes = {name: a.shape for name, a in layout.to_ours(tensors).items()}
    return layout, _completed(config, shapes, overrides)


def _completed(config: Any, shapes: Any, overrides: Mapping[str, Any]) -> models.Config:
    """Check the depths, and change what the caller wants otherwise."""
    _agree(config.depths, count_blocks(shapes))
    kept = {name: getattr(config, name) for name in SETTLED if hasattr(config, name)}
    return config.override(**(kept | dict(overrides)))


def _stored(contents: Contents) -> Any:
    """Return the configuration that minicvt wrote, if it wrote the file.

    transformers keeps it when it saves a model, whatever has become of that one
    since, and signs.
    """
    described = contents.config or {}
    stored = None if described.get(SIGNATURE) else described.get("minicvt")
    if CONFIG in contents.text:
        stored = json.loads(contents.text[CONFIG])
    if not isinstance(stored, dict | None):
        raise CheckpointError(f"configuration should be a table, found {stored!r:.40}")
    return stored


def _agree(described: tuple[int, ...], found: tuple[int, ...]) -> None:
    """Refuse before building: a damaged depth could ask for a billion blocks."""
    if described != found:
        raise CheckpointError(
            f"the configuration has {described} blocks a stage, the weights {found}"
        )


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
