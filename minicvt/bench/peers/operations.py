"""One operation of PyTorch's, in whichever of its forms is the quickest here.

:mod:`minicvt.bench.serving` runs this in a process of its own; nobody imports it. It
needs PyTorch, and minicvt not at all.
"""

import time
from importlib.metadata import version
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch.nn import functional

TRIES = 3


def build(case):
    """Return the quickest form, with some of its numbers, which must equal ours."""
    torch.set_num_threads(case["threads"])
    inputs = load_file(Path(case["folder"]) / "data.safetensors")
    forms = {
        name: body_of(form, case)
        for name, form in FORMS[case["operation"]](inputs, case).items()
    }
    best = min(forms, key=lambda name: seconds(forms[name][0]))
    body, back = forms[best]
    flat = [some(back(array), case["sampled"]) for array in body()]
    versions = {name: version(name) for name in ("torch",)}
    return body, {
        "versions": versions,
        "answers": torch.cat(flat).tolist(),
        "form": best,
    }


def some(array, count):
    """Return about so many of an array's numbers, evenly spread."""
    return array.reshape(-1)[:: max(1, array.numel() // count)]


def seconds(body):
    """Time the best of a few runs, after one that does not count."""
    body()
    took = []
    for _ in range(TRIES):
        start = time.perf_counter()
        body()
        took.append(time.perf_counter() - start)
    return min(took)


def body_of(form, case):
    """Return what runs a form, forward or back, and how its answers are ours."""
    operation, tensors, cotangent, back = form
    leaves = [tensors[name].requires_grad_() for name in case["wrt"]]
    if leaves:
        made = operation(tensors)
        return (
            lambda: torch.autograd.grad(made, leaves, cotangent, retain_graph=True),
            back,
        )

    def body():
        with torch.inference_mode():
            made = operation(tensors)
        return made if isinstance(made, tuple) else [made]

    return body, back


def depthwise(inputs, case):
    """Maps as NCHW, and as channels last."""

    def operation(t):
        return functional.conv2d(
            t["x"], t["weight"], None, case["stride"], 1, groups=t["weight"].shape[0]
        )

    def back(array):  # weights keep their order, maps become channels last again
        return array if array.shape[1:] == (1, 3, 3) else array.permute(0, 2, 3, 1)

    forms = {}
    for name, form in {
        "NCHW": torch.contiguous_format,
        "channels last": torch.channels_last,
    }.items():
        x, d = (
            inputs[k].permute(0, 3, 1, 2).contiguous(memory_format=form)
            for k in ("x", "cotangent")
        )
        weight = inputs["weight"].clone()
        forms[name] = operation, {"x": x, "weight": weight}, d, back
    return forms


def attention(inputs, case):
    """Heads as the models cut them from tokens, and each head in one piece."""

    def operation(t):
        return functional.scaled_dot_product_attention(
            t["q"], t["k"], t["v"], scale=case["scale"]
        )

    cut = {name: inputs[name].transpose(1, 2) for name in "qkv"}
    whole = {name: heads.contiguous() for name, heads in cut.items()}
    return {
        name: (operation, heads, inputs["cotangent"], same)
        for name, heads in {"heads cut": cut, "heads apart": whole}.items()
    }


def residual_norm(inputs, case):
    """Add, then norm the sum: cotangents are of both."""

    def operation(t):
        total = t["x"] + t["branch"]
        return total, layer_norm({**t, "x": total})

    cotangents = tuple(inputs["cotangent"])
    return {"the only one": (operation, inputs, cotangents, same)}


def layer_norm(t):
    """Norm rows."""
    return functional.layer_norm(t["x"], t["weight"].shape, t["weight"], t["bias"])


def plain(operation):
    """Make the only form of an operation on rows."""
    return lambda inputs, case: {
        "the only one": (operation, inputs, inputs["cotangent"], same)
    }


def same(array):
    """Leave answers as they are."""
    return array


FORMS = {
    "depthwise": depthwise,
    "attention": attention,
    "LayerNorm": plain(layer_norm),
    "residual + LayerNorm": residual_norm,
    "softmax": plain(lambda t: t["x"].softmax(-1)),
    "GELU": plain(lambda t: functional.gelu(t["x"])),
    "bias + GELU": plain(lambda t: functional.gelu(t["x"] + t["bias"])),
}
