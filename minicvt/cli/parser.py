"""From a table of commands to a parser, and to the contents that --help prints."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import NamedTuple, NoReturn

import minicvt
from minicvt.errors import OptionError

TITLE = "minicvt: a Convolutional vision Transformer from scratch, to be read and run"


class Command(NamedTuple):
    """One command: its place in the contents, its body, and its options.

    The body returns the exit code, None for 0.
    """

    chapter: str
    summary: str
    body: Callable[..., int | None]
    options: Callable[[argparse.ArgumentParser], None] = lambda parser: None


def contents(commands: Mapping[str, Command]) -> str:
    """Return the commands by chapter."""
    lines = [TITLE, "", "usage: minicvt COMMAND ..."]
    chapter = ""
    for name, command in commands.items():
        if command.chapter != chapter:
            chapter = command.chapter
            lines += ["", chapter]
        lines.append(f"  {name:10}{command.summary}")
    lines += ["", "minicvt COMMAND --help says what a command takes."]
    return "\n".join(lines)


def parser(commands: Mapping[str, Command]) -> argparse.ArgumentParser:
    """Return the parser of them all; ``command`` is None where none was given."""
    whole = _Parser(prog="minicvt", add_help=False, allow_abbrev=False)
    whole.format_help = lambda: contents(commands) + "\n"  # type: ignore[method-assign]
    whole.add_argument("-h", "--help", action="help")
    version = f"minicvt {minicvt.__version__}"
    whole.add_argument("--version", action="version", version=version)
    each = whole.add_subparsers(dest="command")
    for name, command in commands.items():
        one = each.add_parser(name, description=command.summary, allow_abbrev=False)
        command.options(one)
    return whole


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors are ours: one line, no usage above it."""

    def error(self, message: str) -> NoReturn:
        where = self.prog.partition(" ")[2]
        raise OptionError(f"{where}: {message}" if where else message)
