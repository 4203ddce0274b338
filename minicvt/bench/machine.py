"""What a measurement was made on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from minicvt import threads

CPUS = Path("/proc/cpuinfo")


def processor() -> str:
    """Return the processor's name, as far as the system tells it."""
    try:
        lines = CPUS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if "model name" in line)
    return next(named, platform.machine())


def described() -> dict[str, str]:
    """Say the machine and the settings that change a peer's speed."""
    blas = {f"{b['internal_api']} {b['version']}" for b in threads.blas()}
    return {
        "processor": processor(),
        "cores": f"{threads.available()} of {os.cpu_count()} may be used",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        **{name: version(name) for name in ("NumPy", "SciPy")},
        "BLAS of NumPy and SciPy": ", ".join(sorted(blas)) or "unknown",
        "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "unset, as it comes"),
    }
