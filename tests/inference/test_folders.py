"""Which sub-folder is which class, and in what order pictures come."""

from __future__ import annotations

from pathlib import Path

import pytest

from minicvt.errors import OptionError
from minicvt.inference import class_folders, labelled_pictures
from tests.inference.made import CLASSES, NAMES, make_pictures


def folders(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).mkdir()
    return root


def test_sorted_names_where_there_are_as_many_as_classes(tmp_path: Path):
    root = folders(tmp_path, "n02", "n01", "n03", ".git")
    (root / "list.txt").write_text("", encoding="utf-8")
    classes = class_folders(root, (), 3, None)
    assert classes.index == {"n01": 0, "n02": 1, "n03": 2}
    assert classes.source == "their order"


def test_names_of_the_checkpoint(tmp_path: Path):
    root = folders(tmp_path, "Cat", "great_white_shark")
    labels = ("great white shark, man-eater", "catapult", "cat, Felis catus")
    classes = class_folders(root, labels, 3, None)
    assert classes.index == {"Cat": 2, "great_white_shark": 0}
    assert classes.source == "the checkpoint's labels"


def test_numbers_as_in_imagenet_v2(tmp_path: Path):
    """Sorted as text, 10 would come before 2."""
    root = folders(tmp_path, *map(str, range(12)))
    classes = class_folders(root, ("LABEL_0", "LABEL_1"), 12, None)
    assert classes.index["10"] == 10
    assert classes.index["2"] == 2


def test_a_file_that_says_it(tmp_path: Path):
    root = folders(tmp_path, "n07", "n03")
    mapping = tmp_path / "synsets.txt"
    mapping.write_text("n01 tench\nn07 crane, bird\nn03 ant\n\n", encoding="utf-8")
    assert class_folders(root, (), 3, mapping).index == {"n03": 2, "n07": 1}


@pytest.mark.parametrize(
    ("names", "labels", "message"),
    [
        ((), (), "expected a sub-folder for each class, found none"),
        (("n01", "n02"), (), "2 sub-folders .n01 .... for 3 classes, and no label"),
        (("ant", "wolf"), NAMES, "1 of 2 sub-folders are not in .* labels.*: wolf"),
        (("crane", "ant"), ("crane", "ant", "crane"), "several classes there: crane"),
        (("0", "3"), (), "class 3 for a model with 3 classes"),
    ],
)
def test_doubt_is_an_error(
    tmp_path: Path, names: tuple[str, ...], labels: tuple[str, ...], message: str
):
    with pytest.raises(OptionError, match=message):
        class_folders(folders(tmp_path, *names), labels, 3, None)


def test_a_folder_the_file_lacks(tmp_path: Path):
    mapping = tmp_path / "synsets.txt"
    mapping.write_text("n01 tench\n", encoding="utf-8")
    with pytest.raises(OptionError, match=r"1 of 2 sub-folders are not in .*synsets"):
        class_folders(folders(tmp_path, "n01", "n02"), (), 3, mapping)


def test_any_beginning_of_the_order_is_a_sample_of_all(tmp_path: Path):
    root = make_pictures(tmp_path / "all", each=40)
    classes = class_folders(root, (), 3, None)
    found = labelled_pictures(root, classes)
    assert len(found) == 3 * 40 + 1
    assert all(CLASSES[p.label] == p.name.split("/")[0] for p in found)
    assert not any("notes" in p.name or "hidden" in p.name for p in found)
    first = [p.label for p in found[:30]]
    assert all(first.count(label) >= 5 for label in range(3))
    assert labelled_pictures(root, classes) == found


def test_no_pictures(tmp_path: Path):
    root = folders(tmp_path, "ant")
    with pytest.raises(OptionError, match=r"no pictures \(\.jpg"):
        labelled_pictures(root, class_folders(root, (), 1, None))
