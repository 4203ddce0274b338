"""Pytest plugin: run the tests as on a machine that has no Numba.

    python -m pytest -p tests.without_numba tests/kernels tests/operations tests/models

A plugin named with ``-p`` is imported before any conftest, so before minicvt.
"""

from __future__ import annotations

import sys

import pytest

sys.modules["numba"] = None  # type: ignore[assignment]  # import numba: ImportError


def pytest_report_header() -> str:
    return "numba: hidden; the NumPy bodies run, tests marked numba are left out"


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    needs_numba = [item for item in items if item.get_closest_marker("numba")]
    items[:] = [item for item in items if item not in needs_numba]
    config.hook.pytest_deselected(items=needs_numba)
