"""What other profilers say of transformers' CvT-13, one image of 224 x 224.

``python measure.py NAME`` prints one line of JSON. A Python of its own runs this file
and nobody imports it: it needs PyTorch, transformers and the profiler, minicvt none of
them. Each is asked as its own documentation says.
"""

import json
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

SIZE = (3, 224, 224)


def by_torch(model: Any, images: Any) -> dict[str, float]:
    """Two FLOPs a multiply-add, of what PyTorch dispatches."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(images)
    return {"FLOPs": counter.get_total_flops()}


def by_fvcore(model: Any, images: Any) -> dict[str, float]:
    """One FLOP a multiply-add, of the traced graph."""
    from fvcore.nn import FlopCountAnalysis

    found = FlopCountAnalysis(model, images)
    found.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    return {"FLOPs": found.total()}


def by_ptflops(model: Any, images: Any) -> dict[str, float]:
    """By its two backends: hooks on modules, and what PyTorch dispatches."""
    from ptflops import get_model_complexity_info

    found = {}
    for backend in ("pytorch", "aten"):
        found[f"MACs, {backend} backend"], _ = get_model_complexity_info(
            model,
            SIZE,
            as_strings=False,
            print_per_layer_stat=False,
            backend=backend,
            input_constructor=lambda size: {"pixel_values": images},
        )
    return found


def by_thop(model: Any, images: Any) -> dict[str, float]:
    """By hooks on modules."""
    from thop import profile

    return {"MACs": profile(model, inputs=(images,), verbose=False)[0]}


def by_torchinfo(model: Any, images: Any) -> dict[str, float]:
    """From the parameters of each layer and the shape of its output."""
    from torchinfo import summary

    return {"mult-adds": summary(model, input_data=images, verbose=0).total_mult_adds}


def by_calflops(model: Any, images: Any) -> dict[str, float]:
    """By patched functions; as installed it stops at einsum's list of operands."""
    from calflops import calculate_flops, pytorch_ops

    count = pytorch_ops._einsum_flops_compute
    pytorch_ops._einsum_flops_compute = lambda equation, both: count(equation, *both)
    flops, macs, _ = calculate_flops(
        model,
        kwargs={"pixel_values": images},
        print_results=False,
        output_as_string=False,
    )
    return {"FLOPs": flops, "MACs": macs}


def main(name: str) -> None:
    """Print versions and numbers, which must be whole."""
    import torch
    from transformers import CvtConfig, CvtForImageClassification

    model = CvtForImageClassification(CvtConfig(num_labels=1000)).eval()
    numbers = globals()[f"by_{name}"](model, torch.zeros(1, *SIZE))
    whole = {reading: int(number) for reading, number in numbers.items()}
    if whole != numbers:
        raise ValueError(f"{name} counts in fractions: {numbers}")
    versions = {n: version(n) for n in dict.fromkeys((name, "torch", "transformers"))}
    print(json.dumps({"versions": versions, "numbers": whole}))


if __name__ == "__main__":
    try:
        for package in (sys.argv[1], "torch", "transformers"):
            version(package)
    except PackageNotFoundError as error:
        print(json.dumps({"missing": error.name}))
    else:
        main(sys.argv[1])
