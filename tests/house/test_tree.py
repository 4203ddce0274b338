"""The tree keeps to its own rules: short files, honest tests, no machine's paths."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.house.tree import ROOT, files, functions, hollow_tests

LIBRARY = files("minicvt/*.py")
TESTS = files("tests/*.py")

# A folder of one machine: what a clone on another will not find.
MACHINE_PATH = re.compile(r"/(?:farm|root|work)/|(?<![\w.])/(?:home|tmp|Users)/\w")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_there_is_something_to_look_at():
    assert len(LIBRARY) > 10
    assert Path(__file__) in TESTS


def test_library_files_are_short():
    lines = {name(path): len(text(path).splitlines()) for path in LIBRARY}
    assert {path: count for path, count in lines.items() if count > 300} == {}


def test_library_functions_are_short():
    lengths = {
        f"{name(path)}:{function.name}": function.end_lineno - function.lineno + 1
        for path in LIBRARY
        for function in functions(ast.parse(text(path)))
    }
    assert {place: lines for place, lines in lengths.items() if lines > 50} == {}


def test_every_test_asserts():
    hollow = {name(path): hollow_tests(text(path)) for path in TESTS}
    assert {path: tests for path, tests in hollow.items() if tests} == {}


@pytest.mark.parametrize(
    ("body", "hollow"),
    [
        ("f()", True),
        ("assert f()", False),
        ("with pytest.raises(E): f()", False),
        ("np.testing.assert_allclose(f(), 1)", False),
        ("check_gradients(f)", False),
        ("if f(): raise AssertionError", False),
        ("g.f(x == 1)", True),
        ("assert True", True),
        ("assert 1 + 1 == 2", True),
        ("assert (f(), 'a message')", True),
        ("checked(f)", True),
        ("f().check()", False),
        ("def inner(): assert f()", True),
        ("def inner(): assert f()\n        inner()", False),
    ],
)
def test_the_lint_for_hollow_tests_sees_them(body: str, hollow: bool):
    source = f"class TestIt:\n    def test_it(self):\n        {body}\n"
    assert hollow_tests(source) == (["test_it"] if hollow else [])


def test_a_check_of_our_own_must_check_too():
    source = "def check_it(x):\n    return x\n\ndef test_it():\n    check_it(f())\n"
    assert hollow_tests(source) == ["check_it"]


def test_no_file_names_a_path_of_one_machine():
    found = {}
    for path in files():
        try:
            match = MACHINE_PATH.search(text(path))
        except UnicodeDecodeError:
            continue  # a picture, a fixture
        if match:
            found[name(path)] = match[0]
    assert found == {}


def test_everything_lies_in_one_of_four_folders():
    folders = {name(path).split("/")[0] for path in files("*/*")}
    visible = {folder for folder in folders if not folder.startswith(".")}
    assert visible <= {"minicvt", "notebooks", "docs", "tests"}


def test_no_file_is_larger_than_a_clone_should_carry():
    sizes = {name(path): path.stat().st_size for path in files()}
    assert {path: size for path, size in sizes.items() if size > 1_500_000} == {}
