"""The Makefile sets up once, again when pyproject.toml changes, and stops at failures.

A shell script stands in for Python: it writes down how it was called, and ``-m venv``
makes a ``.venv`` with a copy of itself in it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.tree import ROOT

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="make is not here")

STAND_IN = """\
#!/bin/sh
echo "$@" >> calls
case "$*" in
"-m venv "*)
    mkdir -p .venv/bin
    for name in python lint-imports jupyter-lab jupyter-trust
        do cp "$0" .venv/bin/$name; done ;;
"$FAIL"*) [ -z "$FAIL" ] ;;
esac
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a folder with what make reads, and a ``python`` that only takes notes."""
    (tmp_path / "notebooks").mkdir()
    for name in ("Makefile", "pyproject.toml", "notebooks/lab-settings.json"):
        shutil.copy(ROOT / name, tmp_path / name)
    python = tmp_path / "python"
    python.write_text(STAND_IN, encoding="utf-8")
    python.chmod(0o755)
    return tmp_path


def make(clone: Path, target: str, fail: str = "") -> tuple[int, list[str]]:
    """Run ``make target`` and return its exit code and the calls it made."""
    calls = clone / "calls"
    calls.unlink(missing_ok=True)
    settings = {key: val for key, val in os.environ.items() if "MAKE" not in key}
    run = subprocess.run(
        ["make", "--silent", "PYTHON=./python", target],
        cwd=clone,
        env=settings | {"FAIL": fail},
        capture_output=True,
        text=True,
    )
    return run.returncode, calls.read_text(encoding="utf-8").splitlines()


def install(extra: str) -> str:
    return f"-m pip --disable-pip-version-check install --quiet --editable .[{extra}]"


def test_the_tour_sets_up_once(clone: Path):
    code, calls = make(clone, "tour")
    assert code == 0
    assert calls[0].startswith("-c import sys")  # is this Python new enough?
    assert calls[-3:] == ["-m venv --clear .venv", install("tour"), "-m minicvt tour"]
    assert make(clone, "tour") == (0, ["-m minicvt tour"])


def test_a_change_of_pyproject_installs_again_into_the_same_venv(clone: Path):
    make(clone, "tour")
    stamp = (clone / ".venv/tour.stamp").stat().st_mtime
    os.utime(clone / "pyproject.toml", (stamp + 5, stamp + 5))
    assert make(clone, "tour") == (0, [install("tour"), "-m minicvt tour"])


def test_the_tests_setting_up_serves_the_tour(clone: Path):
    _, calls = make(clone, "test")
    assert [call for call in calls if "pip" in call] == [install("test")]
    assert calls[-1] == "-m pytest"
    assert make(clone, "tour") == (0, ["-m minicvt tour"])


def test_an_interrupted_setting_up_is_taken_up_again(clone: Path):
    assert make(clone, "tour", fail="-m pip")[0] != 0
    assert make(clone, "tour") == (0, [install("tour"), "-m minicvt tour"])


@pytest.mark.parametrize("step", ["-m ruff", "-m mypy", "--no-logo", "-m pytest -p"])
def test_make_test_stops_where_a_step_fails(clone: Path, step: str):
    code, calls = make(clone, "test", fail=step)
    assert code != 0
    assert calls[-1].startswith(step)


def test_an_old_python_is_refused_before_anything_is_made(clone: Path):
    assert make(clone, "tour", fail="-c")[0] != 0
    assert not (clone / ".venv").exists()


def test_lab_trusts_our_notebooks_and_silences_the_news(clone: Path):
    assert make(clone, "lab")[1][-2:] == ["notebooks/*.ipynb", "notebooks"]
    overrides = clone / ".venv/share/jupyter/lab/settings/overrides.json"
    assert "fetchNews" in overrides.read_text(encoding="utf-8")
