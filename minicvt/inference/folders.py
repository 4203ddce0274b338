"""A folder of pictures in a sub-folder a class, as ImageNet comes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from minicvt.data.pictures import SUFFIXES
from minicvt.errors import OptionError
from minicvt.files import StrPath


class Labelled(NamedTuple):
    """A picture, as its path under the folder, with ``/``, and its class."""

    name: str
    label: int


@dataclass(frozen=True)
class Classes:
    """Class of each sub-folder, and what says so."""

    index: dict[str, int]
    source: str


def labelled_pictures(folder: StrPath, classes: Classes) -> list[Labelled]:
    """Return all pictures, in an order that any beginning of is a fair sample.

    The order is that of a hash of their names, so an evaluation that stops early, or
    at ``--limit``, has seen all classes, and a longer one continues a shorter one.
    Hidden files and what has no picture's suffix are left out. Raises
    ``OptionError`` when nothing is left.
    """
    found = [
        Labelled(path.relative_to(folder).as_posix(), label)
        for name, label in classes.index.items()
        for path in (Path(folder) / name).rglob("*")
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    ]
    if not found:
        raise OptionError(f"{folder}: no pictures ({' '.join(SUFFIXES)}) in it")
    return sorted(found, key=lambda item: sha256(_bytes(item.name)).digest())


def class_folders(
    folder: StrPath, labels: Sequence[str] | None, count: int, file: StrPath | None
) -> Classes:
    """Say which of ``count`` classes each sub-folder of ``folder`` holds.

    From ``file`` where it is given: line i begins with the folder of class i. Else by
    the first of these that fits all folders: they are named as the checkpoint's
    ``labels`` or the first word of one ("tench" for "tench, Tinca tinca"); they are
    numbers, as in ImageNet-V2; there are ``count`` of them, and they are sorted, as
    ImageFolder does. Raises ``OptionError`` when none does.
    """
    names = sorted(path.name for path in Path(folder).iterdir() if _is_class(path))
    if not names:
        raise OptionError(f"{folder}: expected a sub-folder for each class, found none")
    classes = _classes(folder, names, labels or (), count, file)
    if (most := max(classes.index.values())) >= count:
        raise OptionError(f"{folder}: class {most} for a model with {count} classes")
    return classes


def _classes(
    folder: StrPath,
    names: Sequence[str],
    labels: Sequence[str],
    count: int,
    file: StrPath | None,
) -> Classes:
    if file is not None:
        return _named(names, _first_words(file), str(file))
    known = _label_names(labels)
    if any(_plain(name) in known for name in names):
        return _named(names, known, "the checkpoint's labels")
    if all(name.isdecimal() for name in names):
        return Classes({name: int(name) for name in names}, "their numbers")
    if len(names) == count:
        return Classes({name: i for i, name in enumerate(names)}, "their order")
    raise OptionError(
        f"{folder}: {len(names)} sub-folders ({names[0]} ...) for {count} classes, and "
        "no label is named so: give --classes FILE, a folder's name a line"
    )


def _named(names: Sequence[str], known: Mapping[str, int], source: str) -> Classes:
    missing = [name for name in names if _plain(name) not in known]
    if missing:
        raise OptionError(
            f"{len(missing)} of {len(names)} sub-folders are not in {source}, or stand "
            f"for several classes there: {missing[0]} ..."
        )
    return Classes({name: known[_plain(name)] for name in names}, source)


def _is_class(path: Path) -> bool:
    return path.is_dir() and not path.name.startswith(".")


def _plain(name: str) -> str:
    return name.replace("_", " ").strip().casefold()


def _label_names(labels: Sequence[str]) -> dict[str, int]:
    """Class of each label, and of each first word; not what two classes share."""
    whole = _unique([_plain(label) for label in labels])
    return _unique([_plain(label.split(",")[0]) for label in labels]) | whole


def _unique(names: Sequence[str]) -> dict[str, int]:
    times = Counter(names)
    return {name: index for index, name in enumerate(names) if times[name] == 1}


def _first_words(file: StrPath) -> dict[str, int]:
    lines = Path(file).read_text(encoding="utf-8").splitlines()
    words = [line.split()[0] for line in lines if line.strip()]
    return {_plain(word): index for index, word in enumerate(words)}


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
