"""The registry misses nothing, and what it draws breaks symmetry."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from random import Random
from typing import Any

import numpy as np
import pytest

from minicvt import models, nn, ops
from minicvt.models.folding.equations import Filter
from minicvt.models.registry import PAPERS
from minicvt.models.stage import Transformer
from minicvt.nn import Init, Module, ModuleList
from minicvt.nn.token_layers import TokenLayer
from minicvt.verify.layers import LAYERS, Layer
from minicvt.verify.operations import OPERATIONS, Draw, Entry, Sample
from minicvt.verify.papers import MODELS
from minicvt.verify.registry import REGISTRY

every_entry = pytest.mark.parametrize("entry", REGISTRY.values(), ids=list(REGISTRY))

NOT_CALLED = {Module, ModuleList, TokenLayer}
"""What other layers are made with; none is ever called by itself."""

FOLDED = {Filter}
"""What folding puts in a model for inference; tests/models/test_folding.py compares it
with what it stands for."""


@cache
def drawn(name: str) -> list[Sample]:
    seeds = range(12 if name in MODELS else 150)
    return [REGISTRY[name].sample(Random(seed)) for seed in seeds]


def samples(entry: Entry) -> list[Sample]:
    return drawn(entry.name)


def shapes(sample: Sample) -> list[tuple[int, ...]]:
    return [x.shape for x in sample.inputs if x is not None]


def module_types(package: Any) -> set[type[Module]]:
    """Every class of module that a package defines, exported or not."""
    names = [m.name for m in walk_packages(package.__path__, f"{package.__name__}.")]
    values = [value for name in names for value in vars(import_module(name)).values()]
    return {
        value
        for value in values
        if isinstance(value, type)
        and issubclass(value, Module)
        and value.__module__ in names
    }


def made(entry: Layer, sample: Sample) -> Module:
    calling = ("grid", "training", "buffers")
    chosen = {k: v for k, v in sample.options.items() if k not in calling}
    return entry.make(**chosen, init=Init())


def test_every_operation_is_listed() -> None:
    modules = {name: run.__module__ for name, run in ops.OPERATIONS.items()}
    ours = {name for name, module in modules.items() if module.startswith("minicvt.")}
    assert ours == set(OPERATIONS)


def test_every_layer_is_listed() -> None:
    listed = {
        type(made(entry, entry.draw(Draw(Random(0)))))
        for entry in LAYERS.values()
        if isinstance(entry, Layer)
    }
    assert module_types(nn) - NOT_CALLED == listed


def test_every_paper_is_listed_and_every_module_that_models_have() -> None:
    assert set(MODELS) == set(PAPERS)
    whole = [made(entry, samples(entry)[0]) for entry in MODELS.values()]
    inside = {type(part) for model in whole for _, part in model.named_modules()}
    assert module_types(models) - {Transformer} - FOLDED <= inside


def test_nothing_is_listed_twice() -> None:
    assert len(REGISTRY) == len(OPERATIONS) + len(LAYERS) + len(MODELS)
    assert all(name == entry.name for name, entry in REGISTRY.items())


def test_a_machine_without_pytorch_can_read_the_registry() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from random import Random\n"
        "from minicvt.verify.registry import REGISTRY\n"
        "for entry in REGISTRY.values(): entry.sample(Random(0))\n"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@every_entry
def test_each_tolerance_says_why(entry: Entry) -> None:
    assert 0 <= entry.tolerance.value <= 1e-8
    assert entry.tolerance.why.endswith(".")


@every_entry
def test_the_same_seed_draws_the_same_sample(entry: Entry) -> None:
    first, again = entry.sample(Random(3)), entry.sample(Random(3))
    assert first.layout == again.layout
    assert set(first.options) == set(again.options)
    for x, y in zip(first.inputs, again.inputs, strict=True):
        np.testing.assert_array_equal(np.asarray(x, float), np.asarray(y, float))


@every_entry
def test_inputs_have_names(entry: Entry) -> None:
    for sample in samples(entry)[:20]:
        names = entry.names(sample)
        assert len(names) == len(sample.inputs) == len(set(names))


@every_entry
def test_inputs_come_in_every_layout(entry: Entry) -> None:
    layouts = {sample.layout for sample in samples(entry)}
    assert layouts == {"contiguous", "fortran", "strided", "reversed"}
    for sample in samples(entry):
        arrays = [x for x in sample.cast("float64").inputs if x is not None]
        if sample.layout == "reversed" and any(x.ndim and x.size > 1 for x in arrays):
            assert any(min(x.strides, default=0) < 0 for x in arrays)


EMPTY = sorted(set(OPERATIONS) - {"batch_norm", "soft_cross_entropy"})


@pytest.mark.parametrize("name", EMPTY)
def test_what_may_be_empty_sometimes_is(name: str) -> None:
    """A BatchNorm and a loss need something to average over; all others do not."""
    seen = [shape for sample in drawn(name) for shape in shapes(sample)]
    assert any(0 in shape for shape in seen)
    assert any(shape and 0 not in shape for shape in seen)


WINDOWED = ("im2col", "conv2d", "depthwise_conv2d", "max_pool2d", "avg_pool2d")


@pytest.mark.parametrize("name", [*WINDOWED, "Conv2d", "ConvEmbed"])
def test_windows_and_maps_are_not_square(name: str) -> None:
    seen: dict[str, set[Any]] = defaultdict(set)
    for sample in drawn(name):
        batch, height, width, _ = shapes(sample)[0]
        seen["batch"].add(min(batch, 2))
        seen["taller"].add(np.sign(height - width))
        seen["odd"].add((height % 2, width % 2))
        for key in ("stride", "padding"):
            down, across = sample.options[key]
            seen[key].add(np.sign(down - across))
            seen[f"all {key}"] |= {down, across}
    assert seen["batch"] == {0, 1, 2}
    assert seen["taller"] == {-1, 0, 1}
    assert len(seen["odd"]) == 4
    assert seen["stride"] == seen["padding"] == {-1, 0, 1}
    assert seen["all stride"] == {1, 2, 3}
    assert {0, 1} <= seen["all padding"]


@pytest.mark.parametrize("name", ["layer_norm", "batch_norm", "batch_norm_eval"])
def test_no_scale_is_1_and_no_shift_is_0(name: str) -> None:
    for sample in drawn(name):
        _, weight, bias = sample.inputs
        assert np.abs(weight - 1).min(initial=1) > 1e-6
        assert np.abs(bias).min(initial=1) > 1e-6


def test_indices_repeat_and_maxima_tie() -> None:
    taken = [s.options["index"] for s in drawn("getitem")]
    arrays = [np.atleast_1d(i) for i in taken if isinstance(i, np.ndarray)]
    whole = [i for i in arrays if i.dtype.kind == "i"]
    assert any(len(np.unique(i)) < i.size for i in whole)
    for name in ("max", "maximum", "max_pool2d", "relu"):
        first = [s.inputs[0] for s in drawn(name)]
        assert any(len(np.unique(x)) < x.size for x in first)
