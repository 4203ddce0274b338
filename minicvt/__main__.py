"""``python -m minicvt``: the same as the command ``minicvt``."""

from __future__ import annotations

import sys

from minicvt.cli import main

sys.exit(main())
