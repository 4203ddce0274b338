"""The project's files, as the tests of the house look at them."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

CHECKERS = ("assert", "check", "raises", "warns", "fail")


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

    A test asserts, raises, or calls something named as a check is (``check_...``,
    ``pytest.raises``, ``np.testing.assert_...``).
    """
    return [
        function.name
        for function in functions(ast.parse(source))
        if function.name.startswith("test_")
        and not any(_checks(node) for node in ast.walk(function))
    ]


def _checks(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert | ast.Raise):
        return True
    called = node.func if isinstance(node, ast.Call) else None
    name = getattr(called, "attr", getattr(called, "id", ""))
    return name.startswith(CHECKERS)
