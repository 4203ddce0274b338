"""For authors: run the notebooks, store their outputs, and put the pairs in step.

    python tests/notebooks/refresh.py [--check] [NAME ...]

NAME is as in ``00`` or ``00_cvt_in_ten_minutes``; without one, all.  With ``--check``
nothing is run or written: pairs out of step are named, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.notebooks import execution, pairs


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="as in 00")
    parser.add_argument("--check", action="store_true", help="only check the pairs")
    options = parser.parse_args()
    names = tuple(options.names) or ""
    stems = [stem for stem in pairs.every() if stem.name.startswith(names)]
    if not stems:
        parser.error(f"no notebook is named {' or '.join(options.names) or 'at all'}")
    return max(check(stem) if options.check else refresh(stem) for stem in stems)


def check(stem: Path) -> int:
    problem = pairs.out_of_step(stem)
    if problem:
        print(f"{stem.name}: {problem}", file=sys.stderr)
    return int(problem is not None)


def refresh(stem: Path) -> int:
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        notebook = execution.run(pairs.merged(stem), Path(folder))
    pairs.write(stem, notebook)
    problems = execution.blemishes(notebook)
    seconds = time.perf_counter() - started
    print(f"{stem.name}: {len(notebook.cells)} cells, {seconds:.0f} s")
    print("".join(f"  {problem}\n" for problem in problems), end="")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
