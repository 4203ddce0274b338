"""The official code of six papers on tiny configurations, float64, as files.

Made from the commits that the papers' code had when it was read, with random weights
and inputs: tests/data/relatives/*.json say how, *.safetensors hold

    sd/*                              the published names
    in/x, in/cot, in/labels           images, the cotangent of the logits, classes
    eval/* and train/*                logits, loss = sum(logits * cot), ce, gradients
    act/*                             what modules returned, in evaluation
    train/buf/*                       buffers after the training step

mutations.json has how far the logits move when a detail is got wrong, fp32_noise.json
how far the official code in float32 is from itself in float64, and counts.json what it
counts of every published variant.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from safetensors.numpy import load_file

import minicvt as mc
from minicvt.interop.layouts import layout_named

FOLDER = Path(__file__).parents[1] / "data" / "relatives"

VARIANTS = {
    "vit_jax_a": ("vit-ti16", "official"),
    "vit_jax_b_gap_repr": ("vit-ti16", "official"),
    "vit_timm_a": ("vit-ti16", "timm"),
    "deit_a": ("deit-tiny-distilled", "official"),
    "pvt_a": ("pvt-tiny", "official"),
    "t2t_performer_a": ("t2t-7", "official"),
    "t2t_transformer_a": ("t2t-t-14", "official"),
    "ceit_a": ("ceit-tiny", "official"),
    "cmt_a": ("cmt-ti", "official"),
}
"""The variant that each is a small one of, and the layout of its names."""
NAMES = tuple(VARIANTS)
TRAINED = ("deit_a", "ceit_a", "cmt_a")
"""Those with a training step: the others have nothing that training changes."""

FIELDS = {
    "embed_dim": "dims",
    "embed_dims": "dims",
    "dim": "dims",
    "depth": "depths",
    "depths": "depths",
    "num_heads": "heads",
    "heads": "heads",
    "mlp_ratio": "mlp_ratios",
    "mlp_ratios": "mlp_ratios",
    "sr_ratios": "kv_stride",
    "qkv_bias": "qkv_bias",
    "num_classes": "num_classes",
    "classes": "num_classes",
    "distilled": "distilled",
    "stem_channel": "stem_dim",
    "token_dim": "stem_dim",
    "i2t_out_chans": "stem_dim",
    "fc_dim": "head_width",
    "dp": "head_dropout",
    "repr": "representation",
    "qk_ratio": "qk_ratio",
    "leff_local_size": "ffn_kernel",
    "leff_with_bn": "ffn_norm",
}
"""Arguments of the official constructors, and the field of ours that says the same."""
READ = {"img_size", "img", "patch_size", "patch", "mlp", "classifier"}
"""Arguments that say it in another form: :func:`overrides` reads them."""
ONLY = {"qk_scale": None}
"""Arguments that ours have not, and the only value with which they are ours."""


def facts(name: str) -> Any:
    """Read one of the tables beside the fixtures."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def overrides(variant: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Say the constructor's ``arguments`` as changes of one of our variants."""
    made = {FIELDS[name]: arguments[name] for name in FIELDS if name in arguments}
    side = arguments.get("img_size") or arguments["img"]
    made["image"] = (side, side)
    if patch := arguments.get("patch_size") or arguments.get("patch"):
        first, *rest = mc.models.variant(variant).embed
        made["embed"] = ((patch, patch, first[2]), *rest)
    if "mlp" in arguments:
        made["mlp_ratios"] = arguments["mlp"] / arguments["dim"]
    if "classifier" in arguments:
        made["cls"] = arguments["classifier"] != "gap"
    return made


@dataclass(frozen=True, eq=False)
class Fixture:
    """One configuration: its constructor arguments, state, inputs and answers."""

    name: str
    meta: dict[str, Any]
    values: dict[str, Any]

    @property
    def layout(self) -> Any:
        """How its names and shapes become ours."""
        variant, layout = VARIANTS[self.name]
        return layout_named(mc.models.variant(variant).paper, layout)

    def model(self, dtype: str = "float64") -> Any:
        """Build our model in evaluation mode, with the official state."""
        variant, _ = VARIANTS[self.name]
        changed = overrides(variant, self.meta["config"]) | dict(self.layout.implies)
        model = mc.models.build(variant, dtype=dtype, **changed)
        model.load_state_dict(self.layout.to_ours(self.under("sd/")))
        return model.eval()

    def images(self, dtype: str = "float64") -> Any:
        """Return the input, channels last."""
        x = self.values["in/x"].astype(dtype)
        return x if self.meta["input_layout"] == "NHWC" else mc.from_nchw(x)

    def under(self, start: str) -> dict[str, Any]:
        """Return the values whose names begin so, without the beginning."""
        return {
            name.removeprefix(start): scalar(name, value)
            for name, value in self.values.items()
            if name.startswith(start)
        }

    def gradients(self, model: Any, images: Any) -> dict[str, Any]:
        """Name the gradients of what is trained as published, and of the images."""
        ours = {n: p.grad for n, p in model.named_parameters() if p.requires_grad}
        last = self.meta["input_layout"] == "NHWC"
        pixels = images.grad if last else mc.to_nchw(images.grad)
        heads = model.config.heads[0]
        return self.layout.to_theirs(ours, heads) | {"grad_x": pixels}


def scalar(name: str, value: Any) -> Any:
    """Undo what the files did to BatchNorm's counters: one number is not a list."""
    return value.reshape(()) if name.endswith("num_batches_tracked") else value


@cache
def fixture(name: str) -> Fixture:
    """Read one fixture."""
    return Fixture(name, facts(name), load_file(FOLDER / f"{name}.safetensors"))


@dataclass(frozen=True, eq=False)
class Answers:
    """What a model of ours answers to a fixture, in the official code's terms."""

    outputs: dict[str, Any]
    gradients: dict[str, Any]
    model: Any


def answers(official: Fixture, mode: str = "eval", dtype: str = "float64") -> Answers:
    """Run forward and backward of loss = sum(logits * cot), over every output."""
    model = official.model(dtype).train(mode == "train")
    images = mc.Tensor(official.images(dtype), requires_grad=True)
    made = model(images)
    outputs = made if isinstance(made, tuple) else (made,)
    names = ("logits", "logits_dist")[: len(outputs)]
    loss = sum(
        (output * official.values[name.replace("logits", "in/cot")].astype(dtype)).sum()
        for name, output in zip(names, outputs, strict=True)
    )
    loss.backward()
    values = {n: y.numpy() for n, y in zip(names, outputs, strict=True)}
    labels = official.values["in/labels"]
    values["loss"] = loss.item()
    values["ce"] = mc.ops.cross_entropy(outputs[0], labels).item()
    return Answers(values, official.gradients(model, images), model)
