"""The wheel: what it carries, and that it runs the tour where nothing else is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.house.tree import ROOT, files

pytestmark = pytest.mark.slow


def run(*command: object, cwd: Path) -> str:
    """Run a command as a newcomer would: with no settings of ours."""
    ours = ("MINICVT_", "PYTHON", "OPENBLAS_", "OMP_", "MKL_", "NUMBA_", "VIRTUAL_")
    clean = {key: val for key, val in os.environ.items() if not key.startswith(ours)}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=clean,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel, built from a copy of what git tracks."""
    source = tmp_path_factory.mktemp("source")
    for path in files():
        copy = source / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    built = tmp_path_factory.mktemp("built")
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps")
    run(*pip, "--wheel-dir", built, source, cwd=built)
    (found,) = built.glob("minicvt-*.whl")
    return found


def test_it_carries_the_library_and_nothing_else(wheel: Path):
    with ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    library = {path.relative_to(ROOT).as_posix() for path in files("minicvt/*")}
    assert inside == library


def test_it_runs_the_tour_in_an_empty_environment(wheel: Path, tmp_path: Path):
    venv.create(tmp_path / "venv", with_pip=True)
    scripts = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    pip = (scripts / "python", "-m", "pip", "install", "--quiet")
    run(*pip, f"{wheel}[tour]", cwd=tmp_path)
    out = run(scripts / "minicvt", "tour", "--out", "page", cwd=tmp_path)
    page = (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    assert "index.html" in out
    assert "</html>" in page
    assert len(page) > 100_000
