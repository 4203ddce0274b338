"""``minicvt doctor``: what this machine has, what it lacks, and how to get it."""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata, version
from pathlib import Path

import minicvt
from minicvt import kernels, threads
from minicvt.errors import MinicvtError, MissingPackage

Rows = list[tuple[str, str]]

# The name, the extra it is asked with, and the extra of ours that asks:
# minicvt[tour]; extra == "lab"
REQUIREMENT = re.compile(r"""^([\w.-]+)(?:\[(\w+)\])?(?:.*extra == ['"](\w+)['"])?""")

# What each is to minicvt, which runs without it: the last part of the report.
PEERS = {
    "torch": "the oracle of the tests",
    "transformers": "another CvT, to compare with",
}


def report() -> str:
    """Return the whole report, a block a topic."""
    blocks: dict[str, Rows] = {
        "minicvt": _itself(),
        "libraries": _libraries(),
        "threads": _threads(),
        "kernels": _kernels(),
        "extras": _extras(),
        "peers, never needed to run": _peers(),
    }
    return "\n\n".join(_block(title, rows) for title, rows in blocks.items())


def _block(title: str, rows: Rows) -> str:
    width = max(len(label) for label, _ in rows) + 2
    return "\n".join([title, *(f"  {label:{width}}{value}" for label, value in rows)])


def _itself() -> Rows:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return [
        ("version", minicvt.__version__),
        ("python", f"{python} on {platform.system()} {platform.machine()}"),
        ("folder", str(Path(__file__).parent)),
    ]


def _libraries() -> Rows:
    missing = "missing: python -m pip install {}"
    return [(name, installed(name) or missing.format(name)) for name in requirements()]


def _threads() -> Rows:
    rows = [("cores", f"{threads.available()} of {os.cpu_count()} may be used")]
    for library in threads.blas():
        used_by = Path(library["filepath"]).parent.name.removesuffix(".libs")
        name = f"{library['internal_api']} {library['version']}"
        rows.append(("BLAS", f"{name}, {library['num_threads']} threads ({used_by})"))
    return rows if len(rows) > 1 else [*rows, ("BLAS", "none that can be limited")]


def _kernels() -> Rows:
    bodies = "loops, numpy, numba" if installed("numba") else "loops, numpy"
    try:
        active = kernels.active()
    except MinicvtError as error:  # the variable names none: what doctor is to find
        active = str(error)
    return [
        ("in use", f"{active} (of {bodies}; MINICVT_KERNELS chooses)"),
        ("cache", _cache()),
    ]


def _cache() -> str:
    """Say where compiled kernels are kept; only Numba compiles."""
    try:
        from minicvt.kernels import cache
    except ImportError:
        return "none: nothing is compiled without Numba"
    folder = cache.folder()
    if folder is None:
        return f"none can be written to: compiled anew each time; set {cache.VARIABLE}"
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return f"{folder} (writable, {size / 1e6:.1f} MB)"


def _extras() -> Rows:
    extras: list[str] = _metadata().get_all("Provides-Extra", [])
    return [(extra, _extra(extra)) for extra in extras]


def _extra(extra: str) -> str:
    missing = [name for name in requirements(extra) if not installed(name)]
    if not missing:
        return "complete"
    return f'{", ".join(missing)} missing: python -m pip install "minicvt[{extra}]"'


def _peers() -> Rows:
    return [
        (name, f"{installed(name) or 'not installed'}: {role}")
        for name, role in PEERS.items()
    ]


def installed(name: str) -> str | None:
    """Return the version of an installed package, without importing it."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def requirements(extra: str | None = None) -> list[str]:
    """Return what minicvt asks for: its own needs, or those of one of its extras."""
    names: list[str] = []
    for line in _metadata().get_all("Requires-Dist", []):
        name, inner, of = REQUIREMENT.findall(line)[0]
        if of == (extra or ""):
            names += requirements(inner) if name == "minicvt" else [name]
    return names


def _metadata() -> PackageMetadata:
    try:
        return metadata("minicvt")
    except PackageNotFoundError as error:
        raise MissingPackage(
            "minicvt runs from its sources, uninstalled: python -m pip install -e ."
        ) from error
