"""The project's files, as the tests of the house look at them."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

CHECKERS = re.compile(r"assert\w*|check(_\w+)?|raises|warns|fail")


def files(*patterns: str) -> list[Path]:
    """Return the files that git tracks or would, by patterns as in ``minicvt/*.py``."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--"]
    run = subprocess.run(
        [*command, *patterns], cwd=ROOT, capture_output=True, encoding="utf-8"
    )
    run.check_returncode()
    named = (ROOT / name for name in run.stdout.splitlines())
    return [path for path in named if path.is_file()]


def functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return every function of a module, methods and inner ones too."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


def hollow_tests(source: str) -> list[str]:
    """Return the names of the tests in ``source`` that cannot fail by themselves.

    A test asserts something that is computed, raises, or calls something named as a
    check is (``check_...``, ``pytest.raises``, ``np.testing.assert_...``); and what is
    named ``check_...`` is held to the same. A function inside counts if it is used.
    """
    return [
        function.name
        for function in functions(ast.parse(source))
        if function.name.startswith(("test_", "check_"))
        and not any(_checks(node) for node in _run(function))
    ]


def _run(function: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a function, without inner functions that nobody uses."""
    used = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)}
    for node in ast.iter_child_nodes(function):
        inner = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if not inner or node.name in used:
            yield node
            yield from _run(node)


def _checks(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert):
        whole = isinstance(node.test, ast.Tuple)  # (x, "message"): always true
        return not whole and any(isinstance(n, ast.Name) for n in ast.walk(node.test))
    if isinstance(node, ast.Raise):
        return True
    called = node.func if isinstance(node, ast.Call) else None
    name = getattr(called, "attr", getattr(called, "id", ""))
    return CHECKERS.fullmatch(name) is not None
