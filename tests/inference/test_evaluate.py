"""``minicvt evaluate``: what it counts, and that nothing stops it for good."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from minicvt import cli, ops
from minicvt.data.pictures import read_picture
from minicvt.data.preprocess import Preprocess
from minicvt.errors import NotFiniteError, OptionError
from minicvt.inference import commands, compare, evaluate, scores
from minicvt.inference.progress import Progress, progress_line
from minicvt.inference.records import Record
from minicvt.interop import load
from tests.house.tree import ROOT
from tests.inference.made import (
    BROKEN,
    CLASSES,
    SIZE,
    make_checkpoint,
    make_hub_folder,
    make_pictures,
)

DIALECTS = ["microsoft", "hf"]
PART = 4


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(evaluate, "PART", PART)
    return str(make_pictures(tmp_path / "pictures"))


@pytest.fixture
def checkpoint(tmp_path: Path) -> str:
    return make_checkpoint(tmp_path / "tiny.safetensors")


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_a_row_a_picture_and_dialect(tmp_path: Path, folder: str, checkpoint: str):
    out = tmp_path / "out.csv"
    commands.evaluate(folder, checkpoint, dialects=DIALECTS, csv=out)
    found = rows(out)
    assert len(found) == 2 * (3 * 5 + 1)
    models = {dialect: load(checkpoint, dialect=dialect) for dialect in DIALECTS}
    for row in found:
        label = CLASSES.index(row["image"].split("/")[0])
        assert int(row["label"]) == label
        if row["image"] == BROKEN:
            assert row["problem"].startswith("damaged picture: ")
            assert row["top1"] == row["top5_hit"] == row["probability"] == ""
            continue
        picture = read_picture(Path(folder) / row["image"])
        logits = models[row["dialect"]](Preprocess.official(SIZE)(picture)[None])
        probabilities = ops.softmax(logits).numpy()[0]
        assert int(row["top1"]) == probabilities.argmax()
        assert float(row["probability"]) == pytest.approx(probabilities.max(), abs=2e-6)
        assert row["top5_hit"] == "1"  # of three classes
        assert row["problem"] == ""


def test_it_prints_shares_intervals_and_the_difference(
    tmp_path: Path, folder: str, checkpoint: str, capsys: pytest.CaptureFixture[str]
):
    arguments = ["evaluate", folder, "--checkpoint", checkpoint]
    assert cli.main([*arguments, "--dialect", "microsoft,hf"]) == 0
    out, err = capsys.readouterr()
    assert "dialect microsoft and hf" in out
    assert "pictures       16 of 16, in 3 folders; classes by their order" in out
    records = commands.evaluate(folder, checkpoint, dialects=DIALECTS)
    capsys.readouterr()
    for dialect, found in scores(records).items():
        assert found.top1.total == 15
        line = next(x for x in out.splitlines() if x.startswith(dialect))
        assert f"{found.top1.value:.2%}" in line
        assert f"{found.top1.low:.2%} to {found.top1.high:.2%}" in line
    difference = compare(records, *DIALECTS)
    assert "microsoft minus hf, top-1 on the same pictures" in out
    assert f"McNemar's exact p = {difference.p:.3g}" in out
    assert f"unreadable, and counted nowhere: 1\n  {BROKEN}: " in out
    assert err.splitlines()[0].startswith(" 0/32 answers")
    assert err.splitlines()[-1].startswith("32/32 answers")


def test_one_dialect_is_the_checkpoints_own(tmp_path: Path, folder: str):
    hub = make_hub_folder(tmp_path / "hub")
    records = commands.evaluate(folder, hub)
    assert {record.dialect for record in records} == {"hf"}


def test_cut_anywhere_it_ends_with_the_same_bytes(
    tmp_path: Path, folder: str, checkpoint: str
):
    """As after a kill -9: any beginning of the file may be what reached the disk."""
    whole, cut = tmp_path / "whole.csv", tmp_path / "cut.csv"
    commands.evaluate(folder, checkpoint, dialects=DIALECTS, csv=whole)
    content = whole.read_bytes()
    for length in [0, 1, *np.linspace(2, len(content) - 1, 25).astype(int)]:
        cut.write_bytes(content[:length])
        commands.evaluate(folder, checkpoint, dialects=DIALECTS, csv=cut)
        assert cut.read_bytes() == content


def test_what_is_done_is_not_done_again(
    tmp_path: Path, folder: str, checkpoint: str, monkeypatch: pytest.MonkeyPatch
):
    out = tmp_path / "out.csv"
    first = commands.evaluate(folder, checkpoint, csv=out)
    content, seen = out.read_bytes(), []
    original = evaluate.probabilities
    monkeypatch.setattr(
        evaluate, "probabilities", lambda m, x: (seen.append(len(x)), original(m, x))[1]
    )
    assert commands.evaluate(folder, checkpoint, csv=out) == first
    assert seen == []
    lines = content.splitlines(keepends=True)
    out.write_bytes(b"".join(lines[: 1 + 2 * PART + 1]))  # two parts and one row
    commands.evaluate(folder, checkpoint, csv=out)
    assert sum(seen) in (16 - 2 * PART, 16 - 2 * PART - 1)  # one is unreadable
    assert out.read_bytes() == content


def test_a_longer_run_continues_a_shorter_one(
    tmp_path: Path, folder: str, checkpoint: str
):
    out, whole = tmp_path / "out.csv", tmp_path / "whole.csv"
    short = commands.evaluate(folder, checkpoint, csv=out, limit=7)
    assert len(rows(out)) == 7
    full = commands.evaluate(folder, checkpoint, csv=out)
    commands.evaluate(folder, checkpoint, csv=whole)
    assert full[:7] == short
    assert out.read_bytes() == whole.read_bytes()
    again = commands.evaluate(folder, checkpoint, csv=out, limit=7)
    assert again == short
    assert out.read_bytes() == whole.read_bytes()


@pytest.mark.slow
def test_killed_with_9_and_continued(tmp_path: Path, checkpoint: str):
    folder = str(make_pictures(tmp_path / "many", each=60))
    out, whole = tmp_path / "out.csv", tmp_path / "whole.csv"
    command = [sys.executable, "-m", "tests.inference.made", folder, checkpoint]
    for parts in (1, 5, 11):
        with subprocess.Popen(
            [*command, str(out)], cwd=ROOT, stderr=subprocess.PIPE, encoding="utf-8"
        ) as process:
            for _ in range(parts + 1):
                process.stderr.readline()
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert 0 < len(out.read_bytes().splitlines()) < 1 + 2 * 181
    for path in (out, whole):
        subprocess.run([*command, str(path)], cwd=ROOT, check=True)
    assert out.read_bytes() == whole.read_bytes()


def test_another_run_is_refused(tmp_path: Path, folder: str, checkpoint: str):
    out = tmp_path / "out.csv"
    commands.evaluate(folder, checkpoint, csv=out)
    content = out.read_bytes()
    other = make_checkpoint(tmp_path / "other.safetensors", seed=1)
    for arguments, options in (
        ((folder, other), {}),
        ((folder, checkpoint), {"dialects": ["hf"]}),
        ((folder, checkpoint), {"dialects": DIALECTS}),
        ((folder, checkpoint), {"size": 32}),
        ((folder, checkpoint), {"upright": True}),
    ):
        with pytest.raises(OptionError, match="row 1 is of another run"):
            commands.evaluate(*arguments, csv=out, **options)
    assert out.read_bytes() == content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,2\n", "expected a CSV of minicvt evaluate, found another"),
        (b"\x89PNG\r\n", "expected a CSV of minicvt evaluate, found another"),
        (b"*\nant/0.JPEG,0,microsoft,x\nb,0,hf,x,1,1,0.5,\n", "damaged: "),
        (b"*\n" + b"a" * 200_000 + b"\n", "damaged: field larger"),
        (b"*\nant/0.JPEG,zero,microsoft,x,1,1,0.5,\n", "damaged: invalid literal"),
    ],
)
def test_other_files_are_left_alone(
    tmp_path: Path, folder: str, checkpoint: str, content: bytes, message: str
):
    out = tmp_path / "out.csv"
    out.write_bytes(content.replace(b"*", ",".join(Record._fields).encode()))
    before = out.read_bytes()
    with pytest.raises(OptionError, match=message):
        commands.evaluate(folder, checkpoint, csv=out)
    assert out.read_bytes() == before


def test_pictures_are_read_as_stored_unless_upright(tmp_path: Path, checkpoint: str):
    """ImageFolder, which published accuracies rest on, turns nothing."""
    noise = np.random.default_rng(2).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    for name in CLASSES:
        (tmp_path / "all" / name).mkdir(parents=True)
        Image.fromarray(noise).save(tmp_path / "all" / name / "a.png", exif=exif)
    model = load(checkpoint)
    for upright, picture in ((False, noise), (True, np.rot90(noise, -1).copy())):
        records = commands.evaluate(tmp_path / "all", checkpoint, upright=upright)
        logits = model(Preprocess.official(SIZE)(picture)[None])
        expected = ops.softmax(logits).numpy().max()
        assert float(records[0].probability) == pytest.approx(expected, abs=2e-6)


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux alone")
def test_names_that_are_no_text(
    tmp_path: Path, checkpoint: str, capsys: pytest.CaptureFixture[str]
):
    root = make_pictures(tmp_path / "all", each=2)
    os.rename(root / "ant/1.png", os.fsencode(root) + b"/ant/\xff,\n.png")
    os.rename(root / BROKEN, os.fsencode(root) + b"/bee/\xfe.png")
    out = tmp_path / "out.csv"
    records = commands.evaluate(root, checkpoint, csv=out)
    assert "  bee/\\udcfe.png: damaged picture" in capsys.readouterr().out
    content = out.read_bytes()
    for length in range(len(content) - 300, len(content), 11):
        out.write_bytes(content[:length])
        assert commands.evaluate(root, checkpoint, csv=out) == records
        assert out.read_bytes() == content


def test_nothing_readable(
    tmp_path: Path, checkpoint: str, capsys: pytest.CaptureFixture[str]
):
    for name in CLASSES:
        (tmp_path / "all" / name).mkdir(parents=True)
        (tmp_path / "all" / name / "a.png").write_bytes(b"no")
    records = commands.evaluate(tmp_path / "all", checkpoint, dialects=DIALECTS)
    assert scores(records) == {}
    assert "counted nowhere: 3" in capsys.readouterr().out


def test_a_model_that_answers_nan(folder: str, tmp_path: Path, checkpoint: str):
    model = load(checkpoint)
    model.head.bias.assign(np.full(3, np.nan, np.float32))
    picture = np.zeros((SIZE, SIZE, 3), np.float32)
    with pytest.raises(NotFiniteError, match="answers NaN"):
        evaluate.probabilities(model, [picture])


def record(i: int, dialect: str, top1: int) -> Record:
    return Record(f"{i}.png", 0, dialect, "x", top1, 1, "0.5")


def test_the_difference_is_paired():
    answers = {"microsoft": [0, 0, 0, 1, 1], "hf": [0, 1, 1, 0, 1]}
    records = [record(i, d, answers[d][i]) for i in range(5) for d in answers]
    found = compare(records, "microsoft", "hf")
    assert (found.first_alone, found.second_alone, found.total) == (2, 1, 5)
    assert found.value == pytest.approx(0.2)
    assert scores(records)["hf"].top1.hits == 2
    assert scores(records)["hf"].top5.hits == 5


def test_progress_says_how_far_and_how_long():
    records = [record(i, "hf", i % 2) for i in range(10)]
    assert progress_line(records, 1000, 90) == "  10/1000 answers  hf  50.0%  1:30 left"
    stream = io.StringIO()
    show = Progress(stream)
    show(records[:2], 10)
    show(records, 10)
    first, last = stream.getvalue().splitlines()
    assert first == " 2/10 answers  hf  50.0%"
    assert last.endswith("0:00 left")
