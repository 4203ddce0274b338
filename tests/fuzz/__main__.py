"""``python -m tests.fuzz``: every operation against PyTorch, cell by cell.

Prints for each what was tried, the worst error and who refused which mistakes; fails
where anything is wrong, or a cell has too few cases. The same seed gives the same run.
"""

from __future__ import annotations

import os
import sys

# Libraries read these once, when NumPy, Numba or PyTorch is first imported.
for library in ("OPENBLAS", "OMP", "MKL", "NUMBA"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

from tests.fuzz.command import main  # noqa: E402

sys.exit(main())
