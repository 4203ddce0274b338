"""The golden file: PyTorch's float64 answers to seeded calls of the registry.

One row of numbers a call (:mod:`minicvt.verify.golden.summary`), and beside it a digest
of what was drawn: another version of NumPy might draw other numbers from a seed, and
then there is nothing to compare with. Versions and a checksum are in the metadata.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np

from minicvt.files import StrPath, read_tensors, write_tensors
from minicvt.kernels.types import Array
from minicvt.verify.golden.summary import packed, summaries
from minicvt.verify.layers import LAYERS
from minicvt.verify.operations import OPERATIONS, Entry, Sample
from minicvt.verify.oracle import Answers, our_answers, torch_answers
from minicvt.verify.papers import MODELS
from minicvt.verify.registry import REGISTRY

FILE = Path(__file__).with_name("pytorch.safetensors")
SEEDS = ((OPERATIONS, 6), (LAYERS, 3), (MODELS, 2))
"""How many calls of each, seeded 0, 1, 2, ..."""


class Call(NamedTuple):
    """One seeded call of one entry."""

    entry: Entry
    seed: int
    sample: Sample

    @property
    def key(self) -> str:
        """Its name in the file."""
        return f"{self.entry.name}/{self.seed}"

    def ours(self) -> Answers:
        """Run it here."""
        return self._answers(our_answers, self.entry.ours)

    def theirs(self, torch: Any) -> Answers:
        """Run it in PyTorch."""
        theirs = partial(self.entry.theirs, torch)
        return self._answers(partial(torch_answers, torch), theirs)

    def _answers(self, run: Any, function: Any) -> Answers:
        sample = self.sample
        return run(function, sample.inputs, sample.options, sample.cotangent)


def calls() -> Iterator[Call]:
    """Draw every call, in the order of the registry."""
    for table, count in SEEDS:
        for name in table:
            entry = REGISTRY[name]
            for seed in range(count):
                yield Call(entry, seed, entry.sample(Random(seed)).cast("float64"))


class Golden(NamedTuple):
    """What the file holds: a row and a digest for each call, and what made it."""

    rows: Mapping[str, Array]
    digests: Mapping[str, str]
    versions: Mapping[str, str]


def made(torch: Any) -> Golden:
    """Ask PyTorch again, on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        rows = {call.key: packed(summaries(call.theirs(torch))) for call in calls()}
    finally:
        torch.set_num_threads(threads)
    digests = {call.key: digest(call.sample) for call in calls()}
    versions = {"torch": str(torch.__version__), "numpy": np.__version__}
    return Golden(rows, digests, versions)


def write(golden: Golden, path: StrPath) -> None:
    """Write the file; raises ``OSError``."""
    text = {"digests": golden.digests, "versions": golden.versions}
    write_tensors(path, golden.rows, {k: json.dumps(v) for k, v in text.items()})


def read(path: StrPath = FILE) -> Golden:
    """Read it; raises ``CheckpointError`` if it is damaged or was altered."""
    rows, text = read_tensors(path)
    return Golden(rows, *(json.loads(text[key]) for key in ("digests", "versions")))


def digest(sample: Sample) -> str:
    """Hash every array of a call, to float32's digits: enough to tell other draws."""
    found = hashlib.sha256()
    for array in _arrays((sample.inputs, sample.options)):
        found.update(repr(array.shape).encode())
        found.update(np.asarray(array, np.float32).tobytes())
    return found.hexdigest()[:12]


def _arrays(value: Any) -> Iterator[Array]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _arrays(part)
    elif isinstance(value, dict):
        for name in sorted(value):
            yield from _arrays(value[name])
