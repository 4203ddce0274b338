"""The command that times us beside others."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from minicvt.cli.parser import Command
from minicvt.cli.values import increasing, names, positive

WORDS = "inference, training, toy, kernels, start, memory, growth, profile, or all"


def _bench(**options: Any) -> None:
    from minicvt.bench.commands import bench

    bench(**options)


def _bench_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("what", metavar="WHAT", nargs="*", help=WORDS)
    peers = "of eager, compile, onnxruntime, numpy (eager, and whom a bar is about)"
    add("--against", type=names, default=(), metavar="LIST", help=peers)
    add("--threads", type=positive, metavar="N", help="of each party (one a core)")
    add("--rounds", type=positive, default=9, metavar="N", help="(%(default)s)")
    fresh = "pairs of processes that share the rounds (%(default)s)"
    add("--processes", type=positive, default=3, metavar="N", help=fresh)
    sizes = "batches of CvT-13, not the usual ones"
    add("--batch", dest="batches", type=increasing, default=(), help=sizes)
    add("--size", type=positive, default=224, metavar="N", help="of images, CvT-13")
    strides = "of keys and values (%(default)s)"
    add("--kv-stride", type=positive, default=2, metavar="N", help=strides)
    add("--python", metavar="FILE", help="the Python that has the peers (this one)")
    add("--json", dest="json_file", type=Path, metavar="FILE", help="all that was seen")
    add("--picture", type=Path, metavar="FILE", help="draw the profile there, as SVG")
    add("--markdown", dest="as_markdown", action="store_true", help="for a document")


COMMANDS = {
    "bench": Command(
        "this machine",
        "how fast we are beside PyTorch and others, in paired rounds",
        _bench,
        _bench_options,
    ),
}
