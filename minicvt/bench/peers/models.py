"""What PyTorch and transformers' CvT do: eagerly, or compiled by torch.compile.

:mod:`minicvt.bench.serving` runs this in a process of its own; nobody imports it. It
needs PyTorch and transformers, and minicvt not at all.
"""

import json
from importlib.metadata import version
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch.nn.functional import cross_entropy
from transformers import CvtConfig, CvtForImageClassification

STEPS = 2


def build(case):
    """Return what is timed, with the answers that must equal ours."""
    torch.set_num_threads(case["threads"])
    body, answers = WORKS[case["work"]](case)
    versions = {name: version(name) for name in ("torch", "transformers")}
    return body, {"versions": versions, "answers": answers}


def inference(case):
    """Probabilities of a batch."""
    model, images, _ = loaded(case)
    model.eval()

    def body():
        with torch.inference_mode():
            return model(images).logits.softmax(-1)

    return body, body().tolist()


def training(case):
    """A step of AdamW, which decays matrices only, as ours does."""
    model, images, labels = loaded(case)
    model.train()
    parameters = list(model.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim > 1]},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=1e-3)

    def step():
        loss = cross_entropy(model(images).logits, labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    return step, [step() for _ in range(STEPS)]


def loaded(case):
    """Return the model with the folder's weights, compiled if asked; images, labels."""
    folder = Path(case["folder"])
    data = load_file(folder / "data.safetensors")
    images = data["images"].permute(0, 3, 1, 2).contiguous()
    model = model_of(folder)
    compiled = torch.compile(model) if case.get("compile") else model
    return compiled, images, data["labels"]


def model_of(folder):
    """Load a folder; a model with fewer blocks than their code can build is cut."""
    blocks = json.loads((folder / "config.json").read_text())["blocks"]
    config = CvtConfig.from_pretrained(folder)
    if config.depth == blocks:
        return CvtForImageClassification.from_pretrained(folder)
    model = CvtForImageClassification(config)
    for stage, count in zip(model.cvt.encoder.stages, blocks, strict=True):
        stage.layers = stage.layers[:count]
    model.load_state_dict(load_file(folder / "model.safetensors"))
    return model


WORKS = {"inference": inference, "training": training}
