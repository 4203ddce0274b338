"""Files that ``minicvt check`` is shown, right ones and wrong ones."""

from pathlib import Path

FOLDER = Path(__file__).parent
