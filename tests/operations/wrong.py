"""Wrong calls: ours and PyTorch's, and what the error should say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from minicvt.errors import MinicvtError

TORCH_ERRORS = (RuntimeError, ValueError, IndexError, TypeError)


class Case(NamedTuple):
    """A wrong call of ours, the same of PyTorch's (None: it lets it pass)."""

    ours: Callable[[], Any]
    theirs: Callable[[], Any] | None
    error: type[MinicvtError]
    says: tuple[str, ...]


def zeros(*shape: int, dtype: str = "float64") -> Any:
    """Zeros of ours."""
    return np.zeros(shape, dtype)


def t(*shape: int) -> torch.Tensor:
    """Zeros of PyTorch's, of the same dtype: it should object to the shape alone."""
    return torch.zeros(shape, dtype=torch.float64)


def check_refused(case: Case) -> None:
    """Both refuse; ours in one line that says all of ``case.says``."""
    with pytest.raises(case.error) as caught:
        case.ours()
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    for words in case.says:
        assert words in message
    if case.theirs is not None:
        with pytest.raises(TORCH_ERRORS):
            case.theirs()
