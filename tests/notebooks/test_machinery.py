"""The checks of the notebooks, checked: every kind of rot is found in a throw-away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from jupytext.cli import jupytext
from nbclient.exceptions import CellExecutionError

from tests.notebooks import execution, pairs

SCRIPT = """\
# %% [markdown]
# # A throw-away
# $$ y = 2 x \\tag{1} $$

# %%
import sys
import time
import warnings
print("doubled", 2 * 21, "about", 1 / 3)

# %% tags=["volatile"]
print(f"{time.perf_counter():.6f} s")

# %%
object()
"""


@pytest.fixture
def stem(tmp_path: Path) -> Path:
    """Return a pair in step, executed."""
    stem = tmp_path / "99_throw_away"
    stem.with_suffix(".py").write_text(SCRIPT, encoding="utf-8")
    pairs.write(stem, execution.run(pairs.merged(stem), tmp_path))
    return stem


def committed(stem: Path):
    return nbformat.read(stem.with_suffix(".ipynb"), as_version=4)


def ran(source: str, folder: Path):
    cells = [nbformat.v4.new_code_cell(source)]
    return execution.run(nbformat.v4.new_notebook(cells=cells), folder)


def age(path: Path, seconds: float) -> None:
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime - seconds))


def test_a_fresh_pair_has_nothing_wrong(stem: Path, tmp_path: Path):
    assert pairs.out_of_step(stem) is None
    assert stem.with_suffix(".py").read_text(encoding="utf-8") == SCRIPT
    assert execution.blemishes(committed(stem)) == []
    fresh = execution.run(committed(stem), tmp_path)
    assert execution.stale(committed(stem), fresh) == []


def test_refreshing_twice_changes_only_what_is_volatile(stem: Path, tmp_path: Path):
    before = stem.with_suffix(".ipynb").read_text(encoding="utf-8").splitlines()
    pairs.write(stem, execution.run(pairs.merged(stem), tmp_path))
    after = stem.with_suffix(".ipynb").read_text(encoding="utf-8").splitlines()
    changed = [pair for pair in zip(before, after, strict=True) if len(set(pair)) > 1]
    assert all(" s\\n" in new or "object at" in new for _, new in changed)


def test_an_edit_of_one_file_is_noticed_and_the_newer_one_wins(stem: Path):
    script, notebook = stem.with_suffix(".py"), stem.with_suffix(".ipynb")
    script.write_text(SCRIPT.replace("2 * 21", "2 * 22"), encoding="utf-8")
    assert "cell 2 differs" in pairs.out_of_step(stem)
    age(notebook, 10)
    assert "2 * 22" in pairs.merged(stem).cells[1].source
    age(script, 20)
    assert "2 * 21" in pairs.merged(stem).cells[1].source


def test_a_missing_twin_and_a_missing_cell_are_noticed(stem: Path):
    script = stem.with_suffix(".py")
    script.write_text(SCRIPT + "\n# %%\n1\n", encoding="utf-8")
    assert pairs.out_of_step(stem) == "4 cells in .ipynb, 5 in .py"
    script.unlink()
    assert pairs.out_of_step(stem) == "99_throw_away.py is missing"


def test_jupytext_itself_finds_the_pair_in_step(stem: Path, tmp_path: Path):
    """JupyterLab saves as jupytext does under notebooks/jupytext.toml."""
    settings = (pairs.FOLDER / "jupytext.toml").read_text(encoding="utf-8")
    (tmp_path / "jupytext.toml").write_text(settings, encoding="utf-8")
    jupytext(["--sync", "--quiet", str(stem.with_suffix(".ipynb"))])
    assert stem.with_suffix(".py").read_text(encoding="utf-8") == SCRIPT


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("import warnings; warnings.warn('old')", "writes to stderr"),
        ("import sys; print('look', file=sys.stderr)", "writes to stderr: 'look"),
    ],
)
def test_warnings_and_stderr_are_blemishes(source: str, complaint: str, tmp_path: Path):
    assert complaint in execution.blemishes(ran(source, tmp_path))[0]


def test_an_error_in_a_cell_stops_the_run(tmp_path: Path):
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        ran("1 / 0", tmp_path)


def test_stored_errors_and_cells_that_did_not_run_are_blemishes(stem: Path):
    notebook = committed(stem)
    notebook.cells[1].execution_count = None
    notebook.cells[2].execution_count = 7
    notebook.cells[3].outputs = [
        nbformat.v4.new_output("error", ename="KeyError", evalue="", traceback=[])
    ]
    assert execution.blemishes(notebook) == [
        "code cell 1 was never executed",
        "code cell 2 was executed as [7]",
        "code cell 3 shows KeyError",
    ]


@pytest.mark.parametrize(
    ("old", "new", "is_stale"),
    [
        ("42", "43", True),
        ("0.333", "0.3331", False),
        ("0.333", "0.336", True),
        ("1e-15", "4e-16", False),
        ("<f at 0x7f32aa10>", "<f at 0x7f32bb20>", False),
        ("loss  1.5", "loss 1.5", False),
        ("loss 1.5", "error 1.5", True),
        ("1 2", "1", True),
    ],
)
def test_stale_outputs(old: str, new: str, is_stale: bool):
    def shows(text: str):
        output = nbformat.v4.new_output("stream", name="stdout", text=text)
        return nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell("f()", outputs=[output])]
        )

    assert bool(execution.stale(shows(old), shows(new))) == is_stale


def test_each_kernel_is_clean_and_single_threaded(tmp_path: Path):
    source = "import os; print(os.environ['OMP_NUM_THREADS'], os.environ['IPYTHONDIR'])"
    shown = ran(source, tmp_path).cells[0].outputs[0].text
    assert shown == f"1 {tmp_path / '.ipython'}\n"


def test_the_command_for_authors_refuses_an_unknown_name():
    refresh = Path(pairs.__file__).with_name("refresh.py")
    run = subprocess.run(
        [sys.executable, refresh, "none"], capture_output=True, text=True
    )
    assert run.returncode == 2
    assert "no notebook is named none" in run.stderr
