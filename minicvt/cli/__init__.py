"""The commands, thin: what each takes (`commands`), and how they fail.

What is the user's to mend (a `MinicvtError`, an `OSError`) is one line on stderr and
exit code 2; anything else is ours to mend and keeps its traceback. A check that ran and
found something amiss returns its own code, 1.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from typing import TextIO

from minicvt.cli.commands import COMMANDS
from minicvt.cli.parser import contents, parser
from minicvt.errors import MinicvtError, unknown

FAILED, INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _one_line
            code = _run(given)
            sys.stdout.flush()  # a closed pipe is noticed here, not at exit
    except BrokenPipeError:  # the reader has seen enough: minicvt count ... | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (MinicvtError, OSError) as error:
        print(f"minicvt: error: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("minicvt: interrupted", file=sys.stderr)
        return INTERRUPTED
    return code


def _run(given: list[str]) -> int:
    name = next((word for word in given if not word.startswith("-")), None)
    if name is not None and name not in COMMANDS:
        raise unknown("command", name, COMMANDS)
    options = vars(parser(COMMANDS).parse_args(given))
    command = options.pop("command")
    if command is None:
        print(contents(COMMANDS))
        return 0
    return COMMANDS[command].body(**options) or 0


def _one_line(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Show a warning without the file and line, which say nothing to a user."""
    print(f"minicvt: warning: {message}", file=sys.stderr)
