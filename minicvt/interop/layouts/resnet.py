"""ResNet: torchvision's names, which are ours, and transformers'."""

from __future__ import annotations

from minicvt.interop.layout import Layout
from minicvt.interop.rules import Rule

NAMES = ("conv1.{p}", "bn1.{p}", "layer{i}.{j}.{p}", "fc.{p}")
OFFICIAL = tuple(Rule(name, name) for name in NAMES)

EMBEDDER = "resnet.embedder.embedder."
OURS, THEIRS = "layer{i}.{j}.", "resnet.encoder.stages.{i}.layers.{j}."
HF = (
    Rule("conv1.{p}", EMBEDDER + "convolution.{p}"),
    Rule("bn1.{p}", EMBEDDER + "normalization.{p}"),
    Rule(OURS + "conv{n}.{p}", THEIRS + "layer.{n}.convolution.{p}"),
    Rule(OURS + "bn{n}.{p}", THEIRS + "layer.{n}.normalization.{p}"),
    Rule(OURS + "downsample.0.{p}", THEIRS + "shortcut.convolution.{p}"),
    Rule(OURS + "downsample.1.{p}", THEIRS + "shortcut.normalization.{p}"),
    Rule("fc.{p}", "classifier.1.{p}"),
)
FROM_ZERO = {
    "i": {"1": "0", "2": "1", "3": "2", "4": "3"},
    "n": {"1": "0", "2": "1", "3": "2"},
}

LAYOUTS = (
    Layout("resnet", "official", OFFICIAL, keeps=True),
    Layout("resnet", "hf", HF, FROM_ZERO),
)
