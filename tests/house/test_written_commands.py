"""What README and CONTRIBUTING tell people to type is what Makefile and CI do."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib

import minicvt
from tests.house.tree import ROOT


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def targets() -> set[str]:
    """Return the commands of the Makefile."""
    return set(re.search(r"^\.PHONY: (.+)$", read("Makefile"), re.MULTILINE)[1].split())


def code_blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_every_make_command_that_is_written_exists():
    for name in ("README.md", "CONTRIBUTING.md"):
        written = re.findall(r"^(?:\| `)?make ([a-z-]+)", read(name), re.MULTILINE)
        assert written
        assert set(written) <= targets()


def test_contributing_lists_every_make_command():
    listed = re.findall(r"^\| `make ([a-z-]+)`", read("CONTRIBUTING.md"), re.MULTILINE)
    assert sorted(listed) == sorted(targets())


def test_readme_has_the_two_commands_and_the_lines_for_windows():
    readme = read("README.md")
    (shell,) = code_blocks(readme, "sh")
    assert re.findall(r"^make \w+", shell, re.MULTILINE) == ["make tour", "make test"]
    (windows,) = code_blocks(readme, "bat")
    assert windows.startswith("py -m venv .venv\n")
    for module in ("minicvt tour", "pytest"):
        assert rf".venv\Scripts\python -m {module}" in windows.splitlines()


def test_windows_lines_install_extras_that_exist():
    extras = tomllib.loads(read("pyproject.toml"))["project"]["optional-dependencies"]
    written = re.findall(r"\.\[(\w+)\]", read("README.md"))
    assert set(written) == {"tour", "test", "lab"}
    assert set(written) <= set(extras)


def test_ci_runs_make_test_and_nothing_else():
    lines = read(".ci/run").splitlines()
    commands = [line for line in lines if line and not line.startswith("#")]
    assert commands[0] == "set -euo pipefail"
    assert commands[1].startswith("cd ")
    assert commands[2:] == ["exec make test"]


def test_make_test_ends_with_every_test():
    run = subprocess.run(
        ["make", "--dry-run", "--always-make", "test"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [shlex.split(line) for line in run.stdout.splitlines() if "pytest" in line]
    hidden, everything = (line[line.index("pytest") + 1 :] for line in lines[-2:])
    assert hidden[:2] == ["-p", "tests.without_numba"]
    assert hidden[2:] == ["tests/kernels", "tests/operations", "tests/models"]
    assert everything == []
    for lint in ("ruff check", "mypy", "lint-imports"):
        assert lint in run.stdout


def test_the_python_in_readme_runs():
    (python,) = code_blocks(read("README.md"), "python")
    names: dict[str, object] = {}
    exec(compile(python, "README.md", "exec"), names)
    assert names["logits"].shape == (4, 10)
    parameters = dict(names["model"].named_parameters())
    assert all(parameter.grad is not None for parameter in parameters.values())


def test_contributing_lists_the_floors_that_import_linter_holds_us_to():
    settings = tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]
    held = [set(re.findall(r"\w+", x)) for x in settings["contracts"][0]["layers"]]
    section = read("CONTRIBUTING.md").split("## Floors")[1].split("##")[0]
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    listed = [set(re.findall(r"`(\w+)(?:/|\.py)`", row)) for row in rows]
    assert set().union(*listed) == set().union(*held)


def test_one_version():
    assert f"version: {minicvt.__version__}\n" in read("CITATION.cff")
    assert f"## {minicvt.__version__}" in read("CHANGELOG.md")
