"""``minicvt bench``: what it takes, what it refuses, and one small run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from minicvt import cli
from minicvt.bench import commands, profiles, short
from minicvt.bench.cases import NUMPY
from minicvt.bench.chapters import CHAPTERS
from minicvt.bench.introduction import LEVERS
from minicvt.bench.ratios import RULE
from minicvt.bench.running import Run
from minicvt.bench.short import Short
from tests.bench.standing import PEER

ROOT = Path(__file__).parents[2]
ASKED = ["bench", "toy", "--rounds", "1", "--processes", "1", "--threads", "1"]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("bench", "bench: what? inference, training, toy"),
        ("bench speed", "unknown work 'speed'"),
        ("bench trainin", "unknown work 'trainin': did you mean training?"),
        ("bench toy --against tensorflow", "unknown peer 'tensorflow'"),
        (
            "bench toy --against eager,eager",
            "bench: argument --against: expected names",
        ),
        ("bench toy --rounds 0", "bench: argument --rounds: expected a whole number"),
        ("bench toy --threads 0", "bench: argument --threads: expected a whole"),
        ("bench toy --batch 8,1", "bench: argument --batch: expected sizes"),
        ("bench toy --python no-such-python", "[Errno 2] No such file or directory"),
        ("bench toy --json /dev/null/seen.json", "[Errno 17] File exists"),
        ("bench profile --picture roof.docx", "a figure is written as .svg, .png"),
    ],
)
def test_what_cannot_be_is_one_line(arguments: str, message: str, capsys):
    code, out, err = run(capsys, *arguments.split())
    assert code == 2
    assert out == ""  # before anything is measured
    assert err.startswith(f"minicvt: error: {message}")
    assert err.count("\n") == 1


def test_words_are_taken_once_and_all_is_all():
    assert commands.chosen(["toy", "start", "toy"]) == ["toy", "start"]
    assert commands.chosen(["toy", "all"]) == [*CHAPTERS, "profile"]


def test_help_names_every_word(capsys):
    with pytest.raises(SystemExit):
        cli.main(["bench", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert f"{', '.join(commands.WORDS)}, or all" in said


def test_a_small_run(capsys, tmp_path: Path):
    """Our compiled bodies beside our NumPy ones, a single round."""
    file = tmp_path / "seen.json"
    code, out, _ = run(capsys, *ASKED, "--against", NUMPY, "--json", str(file))
    assert code == 0
    assert "too few rounds: 1" in out
    assert "our NumPy bodies" in out
    assert " ".join(RULE.split()) in " ".join(out.split())
    told = json.loads(file.read_text(encoding="utf-8"))
    (outcome,) = told["toy"]["outcomes"]
    assert outcome["failed"] == ""
    assert outcome["threads"] == 1
    assert len(outcome["ours"]) == len(outcome["theirs"]) == 1
    assert told["machine"]["cores"]


def test_markdown_and_a_peer_that_is_not_there(capsys, monkeypatch):
    absent = PEER.__class__("torch eager", PEER.files, ("no-such-package",))
    monkeypatch.setitem(commands.PEERS, "eager", absent)
    code, out, _ = run(capsys, *ASKED, "--markdown")
    assert code == 0
    assert out.startswith("# How fast it is\n")
    assert "\n## toy\n" in out
    assert "Not beside torch eager: no-such-package not installed: python -m" in out
    assert "| training of c8w, batch 64 |" not in out


def test_more_threads_than_cores_are_said(capsys, monkeypatch):
    monkeypatch.setattr(commands.our_threads, "available", lambda: 1)
    monkeypatch.setattr(commands.running, "chapter", lambda *given: Run({}))
    code, out, _ = run(capsys, "bench", "toy", "--threads", "2")
    assert code == 0
    assert "more threads than the cores that may be used, 1:" in out
    _, out, _ = run(capsys, "bench", "toy", "--threads", "1")
    assert "more threads" not in out


def test_several_chapters_are_summed_up(capsys, monkeypatch, tmp_path: Path):
    """After them, in a document before them; and each is kept when it has ended."""
    file, kept = tmp_path / "seen.json", []
    bar = Short("of this", "b", "0.5", "0.8", "0.6", {"aim": 1})

    def chapter(page, word, *given):
        kept.append(list(json.loads(file.read_text(encoding="utf-8"))))
        page.say(f"{word} has run")
        return Run({}, (bar,))

    monkeypatch.setattr(commands.running, "chapter", chapter)
    given = ["bench", "toy", "start", "--json", str(file)]
    _, out, _ = run(capsys, *given)
    assert out.index(short.TITLE) > out.index("start has run")
    assert "Bars: 2; aim met: 2." in out
    assert kept == [["machine"], ["machine", "toy"]]
    _, out, _ = run(capsys, *given, "--markdown")
    assert out.index(short.TITLE) < out.index("toy has run")
    assert "| toy | of this | b | 0.5 | 0.8 | 0.6 | aim |" in out


def test_a_document_names_files_that_are_there(capsys, monkeypatch):
    monkeypatch.setattr(commands.running, "chapter", lambda *given: Run({}))
    _, out, _ = run(capsys, "bench", "toy", "--markdown")
    for *_, where in LEVERS:
        for file in where.split(", "):
            assert f"[{file}](../{file})" in out
            assert (ROOT / file).is_file()


def test_profile_is_a_chapter(capsys, monkeypatch, tmp_path: Path):
    monkeypatch.setattr(profiles, "product_rate", lambda width: 1e9)
    monkeypatch.setattr(profiles, "copy_rate", lambda width: 1e9)
    monkeypatch.setattr(profiles, "TRAINED", 2)
    picture = tmp_path / "images" / "roofline.svg"
    given = ["--rounds", "1", "--threads", "1", "--size", "32", "--markdown"]
    code, out, _ = run(capsys, "bench", "profile", *given, "--picture", str(picture))
    assert code == 0
    assert "| linear | backward |" in out
    assert "training, batch 2: " in out
    assert "](images/roofline.svg)" in out
    assert picture.exists()
