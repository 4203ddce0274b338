"""transformers' CvT in onnxruntime.

:mod:`minicvt.bench.serving` runs this in a process of its own; nobody imports it. It
needs onnxruntime, and for the export PyTorch, transformers and onnx.
"""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import onnxruntime
from safetensors.numpy import load_file

PACKAGES = ("onnxruntime", "torch", "transformers")


def build(case):
    """Return what is timed, with the answers that must equal ours."""
    if case["work"] != "inference":
        raise NotImplementedError("onnxruntime runs inference only")
    folder = Path(case["folder"])
    script = Path(__file__).with_name("exporting.py")
    export = [sys.executable, "-P", script, folder, case["batch"], case["size"]]
    subprocess.run([str(word) for word in export], check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = case["threads"]
    session = onnxruntime.InferenceSession(folder / "model.onnx", options)
    images = load_file(folder / "data.safetensors")["images"].transpose(0, 3, 1, 2)
    fed = {session.get_inputs()[0].name: images.copy()}

    def body():
        return session.run(None, fed)[0]

    versions = {name: version(name) for name in PACKAGES}
    return body, {"versions": versions, "answers": body().tolist()}
