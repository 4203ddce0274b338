"""What official constructors take and no published variant uses, against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import minicvt as mc
from minicvt.errors import OptionError
from minicvt.grid import Grid
from minicvt.interop import export
from minicvt.nn import Attention, ConvMLP, Init
from tests.interop.checkpoints import write_bare
from tests.nn.comparing import check_like, normal, scrambled

GRID = Grid(5, 4, 1)
SMALL = {"dims": 24, "heads": 3, "depths": 2, "image": (32, 48), "stem_dim": 6}


def leff(own, x):
    """CeiT's LeFF with leff_local_size=5 and leff_with_bn=False."""
    special, places = x[:, :1], x[:, 1:]
    h = F.gelu(F.linear(places, own["fc1.weight"], own["fc1.bias"]))
    h = h.transpose(1, 2).unflatten(2, (GRID.height, GRID.width))
    h = F.conv2d(h, own["conv.weight"], own["conv.bias"], padding=2, groups=7)
    z = F.gelu(h.flatten(2).transpose(1, 2))
    y = F.linear(z, own["fc2.weight"], own["fc2.bias"])
    return torch.cat([special, y], 1)


def narrow(own, x):
    """CMT's attention with qk_ratio=2: the scale is that of v's heads, 4 wide."""

    def heads(name):
        y = F.linear(x, own[f"proj_{name}.weight"], own[f"proj_{name}.bias"])
        return y.unflatten(2, (3, -1)).transpose(1, 2)

    q, k, v = map(heads, "qkv")
    assert (q.shape[-1], v.shape[-1]) == (2, 4)
    y = F.scaled_dot_product_attention(q, k, v, scale=4**-0.5)
    return F.linear(y.transpose(1, 2).flatten(2), own["proj.weight"], own["proj.bias"])


def test_leff_of_another_size_without_batch_norm():
    layer = scrambled(ConvMLP(4, 7, kernel=5, norm=False, init=Init("float64")))
    check_like(layer, leff, normal(2, GRID.tokens, 4), GRID)


def test_queries_and_keys_that_are_narrower_than_values():
    init = Init("float64")
    layer = Attention(12, 3, "linear", scale="head_dim", qk_ratio=2, init=init)
    x = normal(2, GRID.tokens, 12)
    check_like(scrambled(layer), narrow, x, GRID, zero=("proj_k.bias",))


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("ceit-tiny", {"ffn_kernel": 5, "ffn_norm": False}),
        ("cmt-ti", {"qk_ratio": 2, "embed": ((4, 4, 0),), "kv_stride": 2}),
    ],
)
def test_a_bare_state_tells_them(tmp_path, name, option):
    model = mc.models.build(name, **SMALL | option).eval()
    write_bare(tmp_path / "bare", export(model))
    found = mc.load(tmp_path / "bare", heads=3, image=SMALL["image"])
    for field, value in option.items():
        assert getattr(found.config, field) in (value, (value,)), field
    images = np.random.default_rng(0).normal(size=(2, 32, 48, 3)).astype("float32")
    np.testing.assert_array_equal(found(images).numpy(), model(images).numpy())


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"qk_ratio": 3}, "qk_ratio 3 leaves 3 heads no width of 24"),
        ({"qk_ratio": 2, "projection": "dense"}, "needs another projection than"),
        ({"qk_ratio": 0}, "qk_ratio should be whole numbers from 1"),
        ({"ffn": "leff", "ffn_kernel": 4}, "the kernel should be odd, got 4"),
    ],
)
def test_what_does_not_go_says_so(option, message):
    with pytest.raises(OptionError, match=message):
        mc.models.build("vit-s16", **SMALL | option)
