"""Counting allocates nothing, whatever the size; and what cannot be counted says so."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import minicvt as mc
from minicvt.accounting import count
from minicvt.blank import Blank
from minicvt.cli import main
from minicvt.errors import GraphError, MinicvtError, OptionError, ShapeError


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize(("name", "side"), [("cvt-w24", 384), ("vit-G14", 1024)])
def test_the_largest_models_at_large_sizes_need_no_memory(name, side, backward):
    count(mc.models.build("cvt-c8w"))  # what is imported late is imported now
    tracemalloc.start()
    with mc.shapes_only():
        model = mc.models.build(name, image=(side, side))
        ledger = count(model, backward=backward)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert ledger.total("written") > 1e9
    assert ledger.total("parameters") == model.count_parameters() > 1e8
    assert peak < 20e6


def blank(*shape: int) -> mc.Tensor:
    return mc.Tensor(Blank(shape, "float32"))


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        (
            "cvt-13",
            {"image": (1, 1)},
            r"kernel \(7, 7\) is larger than the map",
        ),
        ("vit-b16", {"image": (15, 224)}, r"kernel \(16, 16\) is larger than the map"),
        ("cmt-ti", {"image": (24, 24)}, r"kernel \(2, 2\) is larger than the map"),
        ("cvt-13", {"kv_stride": 0}, "kv_stride should be whole numbers from 1"),
        ("cvt-13", {"embed": ((7, 0, 2), (3, 2, 1), (3, 2, 1))}, "embed"),
        ("cvt-133", {}, "unknown model 'cvt-133': did you mean cvt-13"),
    ],
)
def test_impossible_models_are_refused_in_one_line(name, options, message):
    with pytest.raises(MinicvtError, match=message) as error, mc.shapes_only():
        count(mc.models.build(name, **options))
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("side", "message"),
    [("2", "conv2d in stage0.patch_embed.proj: kernel"), ("9" * 11, "no array can be")],
)
def test_the_command_says_it_in_one_line(capsys, side, message):
    assert main(["count", "cvt-13", "--image", side]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"minicvt: error: {message}")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("image", [(0, 16), (16, 16.5), (16,), 16, "16"])
def test_what_is_no_height_and_width_is_refused(image):
    with pytest.raises(OptionError, match="image"):
        count(mc.models.build("cvt-c8w"), image)


@pytest.mark.parametrize("model", ["cvt-13", 13, mc.nn.Dropout(0.5, init=mc.nn.Init())])
def test_what_is_no_model_is_refused(model):
    with pytest.raises(OptionError, match="expected a model, as build"):
        count(model)


@pytest.mark.parametrize(
    "shape_from_data",
    [
        lambda x: x[x.numpy() > 0],
        lambda x: x[np.asarray(x) > 0],
        lambda x: x[np.nonzero(x.data)],
        lambda x: x[x.data > 0],
        lambda x: x.reshape(int(x.sum().item()), -1),
    ],
)
def test_shapes_that_depend_on_data_cannot_be_counted(shape_from_data):
    with pytest.raises(GraphError, match=r"no values.*shapes_only"):
        shape_from_data(blank(4, 6))


def test_an_image_of_another_size_than_its_positions():
    with mc.shapes_only():
        model = mc.models.build("vit-b16")
    with pytest.raises(ShapeError, match="positions are for 14 x 14 tokens"):
        count(model, (96, 96))
    resized = count(mc.models.build("pvt-digits16"), (24, 20))  # resizes its own
    assert resized.by("kind")["matmul"] > 0
