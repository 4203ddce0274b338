"""Compiling: once per dtype, said once, cached, and never in the way."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest

from tests.kernels.comparing import compiled_only

pytestmark = [pytest.mark.numba, compiled_only]

NOTICE = "minicvt: compiling kernels for the first use (cached afterwards)\n"
TWO_COMPILATIONS = """
import numpy
from minicvt import kernels
for dtype in ("float32", "float64"):
    dy, argmax = numpy.ones((1, 1, 1, 2), dtype), numpy.zeros((1, 1, 1, 2), int)
    print(kernels.max_pool2d_backward(dy, argmax, (1, 2)).ravel().tolist())
"""
RESULT = 2 * "[1.0, 1.0, 0.0, 0.0]\n"


@pytest.fixture
def jit():
    from minicvt.kernels import jit

    return jit


@pytest.fixture
def cache():
    from minicvt.kernels import cache

    cache.folder.cache_clear()
    yield cache
    cache.folder.cache_clear()


@pytest.fixture
def compilations(jit, monkeypatch):
    """Return the list that grows with every compilation; nothing is cached."""
    from numba.core import event

    monkeypatch.setattr(jit.cache, "folder", lambda: None)
    listener = event.RecordingListener()
    with event.install_listener("numba:compile", listener):
        yield listener.buffer


def two_compilations(**environment: object) -> str:
    """Run them in a new process, check what they give, return stderr."""
    environment = {name: str(value) for name, value in environment.items()}
    run = subprocess.run(
        [sys.executable, "-c", TWO_COMPILATIONS],
        env={**os.environ, "MINICVT_KERNELS": "numba", **environment},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert run.stdout == RESULT
    return run.stderr


def doubled(x):
    return 2 * x


def test_one_compilation_per_dtype(jit, compilations):
    kernel = jit.jit(doubled)
    for dtype in ("float32", "float64"):
        x = np.arange(6, dtype=dtype).reshape(2, 3)
        fixed = x.copy()
        fixed.flags.writeable = False
        for same in (x, fixed, np.asfortranarray(x), np.repeat(x, 2, 1)[:, ::2]):
            y = kernel(same)
            assert (y == 2 * x).all()
            assert y.dtype == dtype
    starts = [event for _, event in compilations if event.is_start]
    ours = [start.data["dispatcher"].py_func is doubled for start in starts]
    assert sum(ours) == 2


def test_a_kernel_cannot_write_into_its_arguments(jit, compilations):
    import numba

    def write(x):
        x[0] = 1

    with pytest.raises(numba.TypingError, match="readonly"):
        jit.jit(write)(np.zeros(3))


def test_a_kernel_stays_what_it_was_to_the_reader(jit, compilations):
    kernel = jit.jit(doubled)
    assert kernel.__wrapped__ is doubled
    assert kernel.__name__ == "doubled"


def test_numbas_own_settings_stay_as_they_were(jit, cache, monkeypatch, tmp_path):
    import numba

    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    monkeypatch.setattr(numba.config, "CACHE_DIR", "theirs")
    assert jit.jit(doubled)(np.ones(2)).tolist() == [2, 2]
    assert numba.config.CACHE_DIR == "theirs"
    assert list(tmp_path.rglob("*doubled*.nbc"))


def test_compiling_is_said_once_and_only_when_it_happens(tmp_path):
    assert two_compilations(MINICVT_CACHE_DIR=tmp_path) == NOTICE
    assert two_compilations(MINICVT_CACHE_DIR=tmp_path) == ""
    assert len(list(tmp_path.rglob("*.nbc"))) == 2


def test_compiling_can_be_quiet(tmp_path):
    assert two_compilations(MINICVT_CACHE_DIR=tmp_path, MINICVT_QUIET=1) == ""


def test_one_notice_of_our_functions_and_none_of_others(jit, monkeypatch, capsys):
    monkeypatch.setattr(jit._Notice, "told", False)
    notice = jit._Notice()
    for function in (doubled, eval("lambda: 0", {}), jit.jit, jit.jit_in_place):
        dispatcher = SimpleNamespace(py_func=function)
        notice.on_start(SimpleNamespace(data={"dispatcher": dispatcher}))
        notice.on_end(None)
    assert capsys.readouterr().err == NOTICE


def test_other_peoples_functions_are_not_our_news(jit, compilations, capsys):
    import numba

    assert numba.njit(lambda x: x + 1)(1) == 2
    assert compilations
    assert capsys.readouterr().err == ""


def test_numba_can_be_told_not_to_compile(tmp_path):
    environment = {"MINICVT_CACHE_DIR": tmp_path, "NUMBA_DISABLE_JIT": 1}
    assert two_compilations(**environment) == ""
    assert not list(tmp_path.rglob("*.nbc"))


def test_a_folder_that_cannot_be_made_gives_way_to_the_temporary_one(tmp_path):
    file, temporary = tmp_path / "file", tmp_path / "temporary"
    file.touch()
    temporary.mkdir()
    environment = {"MINICVT_CACHE_DIR": file / "below", "TMPDIR": temporary}
    assert two_compilations(**environment) == NOTICE
    assert two_compilations(**environment) == ""
    assert len(list(temporary.rglob("*.nbc"))) == 2


def test_with_no_folder_at_all_kernels_run_uncached(jit, cache, monkeypatch):
    monkeypatch.setattr(cache, "_usable", lambda candidate: False)
    assert cache.folder() is None
    assert jit.jit(doubled)(np.ones(2)).tolist() == [2, 2]


def test_the_users_cache_folder_is_the_default(cache, monkeypatch):
    monkeypatch.delenv(cache.VARIABLE, raising=False)
    assert cache._home().name.lower() in {"minicvt", "cache"}
    monkeypatch.setenv(cache.VARIABLE, "here")
    assert cache._home() == cache.Path.cwd() / "here"


def test_a_folder_of_somebody_else_is_not_trusted(cache, monkeypatch, tmp_path):
    assert cache._usable(tmp_path / "new" / "folder")
    assert not cache._usable(cache.Path("relative"))
    file = tmp_path / "file"
    file.touch()
    assert not cache._usable(file / "below")
    monkeypatch.setattr(os, "getuid", lambda: -1, raising=False)
    assert not cache._usable(tmp_path)


def test_any_edit_of_the_sources_starts_a_new_folder(cache, monkeypatch, tmp_path):
    monkeypatch.setattr(cache, "__file__", str(tmp_path / "cache.py"))
    below = tmp_path / "family" / "loops.py"
    below.parent.mkdir()
    names = set()
    for source in ("", "a = 1", "a = 2"):
        below.write_text(source, encoding="utf-8")
        names.add(cache._sources())
    assert len(names) == 3


def test_only_the_last_used_folders_are_kept(cache, monkeypatch, tmp_path):
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    names = [cache.NAME.format(f"{n:016x}") for n in range(6)]
    for n, name in enumerate((*names, "kernels-of-mine")):
        (tmp_path / name / "below").mkdir(parents=True)
        os.utime(tmp_path / name, (n, n))
    own = cache.folder()
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {own.name, *names[7 - cache.KEPT :], "kernels-of-mine"}


def test_a_folder_that_is_used_again_is_the_last_used(cache, monkeypatch, tmp_path):
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    own = cache.folder()
    os.utime(own, (0, 0))
    cache.folder.cache_clear()
    assert cache.folder() == own
    assert own.stat().st_mtime > 0


def test_processes_may_prune_at_the_same_time(cache, tmp_path):
    for n in range(40):
        (tmp_path / cache.NAME.format(f"{n:016x}") / "below").mkdir(parents=True)
    own = tmp_path / cache.NAME.format(f"{0:016x}")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(cache._prune, [own] * 4))
    assert own.exists()
    assert len(list(tmp_path.iterdir())) <= cache.KEPT
    assert cache._used(tmp_path / "gone") == 0


def test_a_kernel_whose_folder_is_gone_runs(jit, cache, monkeypatch, tmp_path):
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    kernel = jit.jit(doubled)
    shutil.rmtree(cache.folder())
    cache.folder().touch()  # nor can it be made again
    assert kernel(np.ones(2)).tolist() == [2, 2]
