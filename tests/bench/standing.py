"""Stand-ins for peers, which start in no time."""

from __future__ import annotations

from pathlib import Path

from minicvt.bench.couples import Setting
from minicvt.bench.known import MODELS, OPERATIONS
from minicvt.bench.party import Peer

FILE = str(Path(__file__).with_name("stand_in.py"))
PEER = Peer("a stand-in", {MODELS: FILE, OPERATIONS: FILE})
OTHER = Peer("another", {MODELS: FILE}, options={"answers": [1.0, 2.5]})


def setting(rounds: int = 2, processes: int = 1) -> Setting:
    """Return one that takes no time."""
    return Setting(rounds, processes, threads=1, turn=1e-9)
