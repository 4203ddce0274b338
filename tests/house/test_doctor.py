"""``minicvt doctor`` says what is here, what is missing, and how to get it."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version

import pytest

import minicvt
from minicvt import cli, doctor, kernels
from minicvt.kernels import select


def rows(report: str) -> dict[str, str]:
    """Return the report's rows by label (a later row of one label replaces)."""
    lines = [line for line in report.splitlines() if line.startswith(" ")]
    return dict(line.split(maxsplit=1) for line in lines)


def test_the_command_prints_the_report(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert rows(out)["numpy"] == version("numpy")
    assert rows(out)["version"] == minicvt.__version__


def test_it_names_the_kernels_in_use():
    with kernels.use("numpy"):
        assert rows(doctor.report())["in"].startswith("use  numpy (of loops, numpy")


def test_needs_and_extras_are_read_from_the_package():
    assert {"numpy", "scipy", "safetensors"} <= set(doctor.requirements())
    assert "matplotlib" in doctor.requirements("tour")
    assert set(doctor.requirements("tour")) < set(doctor.requirements("lab"))
    assert "torch" in doctor.requirements("test")
    assert "torch" not in doctor.requirements()


def test_what_is_missing_comes_with_the_line_that_gets_it(monkeypatch):
    def hide(name: str) -> str:
        if name in {"jupyterlab", "scipy", "transformers"}:
            raise PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(doctor, "version", hide)
    report = rows(doctor.report())
    assert report["scipy"] == "missing: python -m pip install scipy"
    assert report["lab"] == ('jupyterlab missing: python -m pip install "minicvt[lab]"')
    assert report["tour"] == "complete"
    assert report["transformers"].startswith("not installed: ")


@pytest.mark.numba
def test_the_cache_that_is_written_to_is_named(monkeypatch, tmp_path):
    from minicvt.kernels import cache

    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    cache.folder.cache_clear()
    try:
        assert rows(doctor.report())["cache"].startswith(f"{tmp_path}")
        assert "writable" in rows(doctor.report())["cache"]
    finally:
        cache.folder.cache_clear()


@pytest.mark.numba
def test_a_cache_that_cannot_be_written_to_is_said(monkeypatch):
    from minicvt.kernels import cache

    monkeypatch.setattr(cache, "folder", lambda: None)
    assert rows(doctor.report())["cache"].startswith("none can be written to")


def test_a_wrong_choice_of_kernels_is_part_of_the_report(monkeypatch):
    monkeypatch.setattr(select, "_active", None)
    monkeypatch.setenv(select.VARIABLE, "nunba")
    assert "unknown kernels 'nunba': did you mean numba" in rows(doctor.report())["in"]


def test_without_numba_nothing_is_compiled(monkeypatch):
    monkeypatch.setitem(sys.modules, "minicvt.kernels.cache", None)  # ImportError
    monkeypatch.delattr(kernels, "cache", raising=False)
    monkeypatch.setattr(doctor, "installed", lambda name: None)
    with kernels.use("numpy"):
        report = rows(doctor.report())
    assert report["in"] == "use  numpy (of loops, numpy; MINICVT_KERNELS chooses)"
    assert report["cache"].startswith("none: nothing is compiled")


def test_an_uninstalled_clone_is_told_to_install(monkeypatch, capsys):
    def absent(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "metadata", absent)
    assert cli.main(["doctor"]) == 2
    assert "uninstalled: python -m pip install -e ." in capsys.readouterr().err
