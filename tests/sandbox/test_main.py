import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from sandbox.__main__ import main, parse_options

ROOT = Path(__file__).parents[2]


def test_the_defaults_start_the_bot_on_the_known_port() -> None:
    options = parse_options([])
    assert (options.port, options.bot, options.real_model, options.script) == (
        8765,
        True,
        False,
        [],
    )


@pytest.mark.parametrize(
    ("arguments", "terminal", "exits"),
    [
        ([], False, True),
        ([], True, False),
        (["--exit-after-script"], True, True),
        (["--exit-after-script", "never"], False, False),
    ],
)
def test_a_script_ends_the_sandbox_where_nobody_could_press_a_key(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], terminal: bool, exits: bool
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: terminal, raising=False)
    options = parse_options(["--script", "demo", *arguments])
    assert options.script
    assert options.exit_after_script is exits


@pytest.mark.parametrize("port", ["-1", "70000", "http"])
def test_a_bad_port_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_options(["--port", port])
    assert "--port" in capsys.readouterr().err


def test_a_missing_script_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--script", "/nowhere.json"]) == 1
    assert capsys.readouterr().err == (
        "The script /nowhere.json can't be read: No such file or directory.\n"
    )


def test_it_says_ready_and_ends_cleanly_when_told_to() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--no-bot", "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        word, url = process.stdout.readline().split()
        with urlopen(f"{url}/sandbox/state") as answer:
            state = json.load(answer)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=10)
    finally:
        process.kill()
    assert (word, process.returncode, output, errors) == ("ready", 0, "", "")
    assert state["bot"]["online"] is False


def test_a_port_in_use_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["--no-bot", "--port", str(port)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"Port {port} is in use: ")
    assert "make demo PORT=" in said
