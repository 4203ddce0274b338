"""Who is compared with, and whether they are here."""

from __future__ import annotations

import json
import subprocess
import sys

from minicvt.bench.cases import COMPILE, EAGER, NUMPY, ONNX
from minicvt.bench.party import Peer

MODELS, OPERATIONS = "models", "operations"
"""Kinds of work, each with a file of its own."""

_OURS = {MODELS: "ours/models.py", OPERATIONS: "ours/operations.py"}
OURS = Peer("minicvt", _OURS)
_TORCH = ("torch", "transformers")
_EAGER = {MODELS: "peers/models.py", OPERATIONS: "peers/operations.py"}
PEERS = {
    EAGER: Peer("torch eager", _EAGER, _TORCH),
    COMPILE: Peer("torch.compile", {MODELS: _EAGER[MODELS]}, _TORCH, {"compile": True}),
    ONNX: Peer(ONNX, {MODELS: "peers/exported.py"}, (*_TORCH, "onnx", ONNX)),
    NUMPY: Peer("our NumPy bodies", _OURS, environment={"MINICVT_KERNELS": "numpy"}),
}

ASK = """
import json, sys
from importlib.metadata import PackageNotFoundError, version
def found(name):
    try: return version(name)
    except PackageNotFoundError: return None
print(json.dumps({name: found(name) for name in sys.argv[1:]}))
"""


def missing(peer: Peer, python: str | None = None) -> list[str]:
    """Return what a peer needs and its Python has not got; raises ``OSError``."""
    command = [python or sys.executable, "-c", ASK, *peer.needs]
    run = subprocess.run(command, capture_output=True, check=True, encoding="utf-8")
    versions: dict[str, str | None] = json.loads(run.stdout)
    return [name for name, version in versions.items() if version is None]
