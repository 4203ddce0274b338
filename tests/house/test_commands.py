"""The command line: its contents, its errors on one line, its exit codes."""

from __future__ import annotations

import subprocess
import sys
import warnings

import pytest

import minicvt
from minicvt import cli
from minicvt.cli.commands import COMMANDS
from minicvt.cli.parser import Command
from minicvt.cli.values import names, natural, positive, seeds, size


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch):
    """Return a function that replaces the body of ``minicvt doctor``."""

    def replace(body):
        monkeypatch.setitem(COMMANDS, "doctor", Command("test", "a test", body))

    return replace


def failing(error: BaseException):
    def body() -> None:
        raise error

    return body


def test_help_is_a_table_of_contents(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as end:
        cli.main(["--help"])
    lines = capsys.readouterr().out.splitlines()
    assert end.value.code == 0
    for name, one in COMMANDS.items():
        assert f"  {name:10}{one.summary}" in lines
        assert one.chapter in lines
    assert max(map(len, lines)) <= 80


def test_no_command_prints_the_contents(capsys: pytest.CaptureFixture[str]):
    assert cli.main([]) == 0
    assert "start here" in capsys.readouterr().out


def test_help_imports_nothing_heavy():
    code = "import sys; from minicvt.cli import main; main([]); print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    loaded = run.stdout.splitlines()[-1].split()
    assert "minicvt.cli" in loaded
    assert not {"numba", "matplotlib", "sklearn", "torch"} & set(loaded)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as end:
        cli.main([name, "--help"])
    assert end.value.code == 0
    assert f"usage: minicvt {name}" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"minicvt {minicvt.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("trian", "unknown command 'trian': did you mean train or tour?"),
        ("tour --sead 3", "unrecognized arguments: --sead 3"),
        ("tour --seed -1", "tour: argument --seed: expected a whole number from 0"),
        ("tour --seed x", "tour: argument --seed: expected a whole number from 0"),
        ("train", "train: the following arguments are required: TASK"),
        ("train digits8 --seeds 0-", "train: argument --seeds: expected 0-4, 3 or"),
        ("train digits8 --epochs 0", "train: argument --epochs: expected a whole"),
        ("count cvt-13 --image 0", "count: argument --image: expected 224 or 224x192"),
    ],
)
def test_usage_errors_are_one_line(
    arguments: str, message: str, capsys: pytest.CaptureFixture[str]
):
    assert cli.main(arguments.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"minicvt: error: {message}")
    assert err.count("\n") == 1


def test_a_missing_file_is_one_line(command, capsys: pytest.CaptureFixture[str]):
    command(failing(FileNotFoundError(2, "No such file or directory", "x.npz")))
    assert cli.main(["doctor"]) == 2
    assert capsys.readouterr().err == (
        "minicvt: error: [Errno 2] No such file or directory: 'x.npz'\n"
    )


def test_an_interrupt_is_130(command, capsys: pytest.CaptureFixture[str]):
    command(failing(KeyboardInterrupt()))
    assert cli.main(["doctor"]) == 130
    assert capsys.readouterr().err == "minicvt: interrupted\n"


def test_a_bug_of_ours_keeps_its_traceback(command):
    command(failing(ZeroDivisionError("ours")))
    with pytest.raises(ZeroDivisionError):
        cli.main(["doctor"])


def test_warnings_are_one_line(command, capsys: pytest.CaptureFixture[str]):
    command(lambda: warnings.warn("slow", stacklevel=1))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert cli.main(["doctor"]) == 0
    assert capsys.readouterr().err == "minicvt: warning: slow\n"


def test_a_closed_pipe_is_no_error():
    """The reader leaves before we write, as in ``minicvt ... | head``."""
    code = (
        "import sys; from minicvt.cli import COMMANDS, main\n"
        "body = lambda: (sys.stdin.read(), print('late'))\n"
        "COMMANDS['doctor'] = COMMANDS['doctor']._replace(body=body)\n"
        "sys.exit(main(['doctor']))"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=pipe, stdout=pipe, stderr=pipe
    ) as process:
        process.stdout.close()
        process.stdin.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=30) == 0


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (natural, "0", 0),
        (positive, "25", 25),
        (seeds, "0-4", [0, 1, 2, 3, 4]),
        (seeds, "3", [3]),
        (seeds, "0,2,5-6", [0, 2, 5, 6]),
        (size, "224", (224, 224)),
        (size, "224x192", (224, 192)),
        (names, "microsoft,hf", ["microsoft", "hf"]),
    ],
)
def test_values(read, text: str, value: object):
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (natural, "-1"),
        (natural, "1.5"),
        (positive, "0"),
        (seeds, ""),
        (seeds, "4-0"),
        (seeds, "0,0"),
        (seeds, "0-99999999999"),
        (names, "hf,hf"),
        (names, "hf,"),
        (size, "0x3"),
        (size, "1x2x3"),
        (size, "x"),
    ],
)
def test_values_refused(read, text: str):
    with pytest.raises(cli.values.ArgumentTypeError, match=r"expected .*, got"):
        read(text)
