import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.script import ScriptError, Step, load_script, parse_step

HERE = Path("/scripts")


def test_options_left_out_get_their_defaults() -> None:
    step = parse_step(1, {"post": "hello", "user": "ben"}, HERE)
    assert step == Step("post", "hello", {"user": "ben", "channel": "general"})


def test_a_sound_lies_beside_its_script() -> None:
    assert parse_step(1, {"say": "words.wav"}, HERE).what == HERE / "words.wav"


@pytest.mark.parametrize(
    ("step", "complaint"),
    [
        ("post", "exactly one of"),
        ({}, "exactly one of"),
        ({"dance": "x"}, "exactly one of"),
        ({"post": "x", "wait": 1}, "exactly one of"),
        ({"post": "x", "color": "red"}, "no option 'color'"),
        ({"post": 1}, "must be text"),
        ({"wait": "long"}, "must be a number"),
        ({"wait": True}, "must be a number"),
        ({"command": "x", "options": []}, "must be an object"),
        ({"expect": "rain"}, "can expect"),
        ({"expect": "reply", "within": "soon"}, "must be a number"),
    ],
)
def test_a_wrong_step_gets_one_sentence(step: Any, complaint: str) -> None:
    with pytest.raises(ScriptError, match=complaint):
        parse_step(3, step, HERE)


@pytest.mark.parametrize("content", ["{", "{}", "[1]"])
def test_a_wrong_file_gets_one_sentence(tmp_path: Path, content: str) -> None:
    path = tmp_path / "script.json"
    path.write_text(content)
    with pytest.raises(ScriptError, match=r"\.$"):
        load_script(path)


def test_a_missing_file_gets_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match="can't be read"):
        load_script(tmp_path / "none.json")


def test_the_demo_is_a_script() -> None:
    demo = Path(__file__).parents[2] / "sandbox" / "demo.json"
    assert len(load_script(demo)) == len(json.loads(demo.read_text())) > 5
