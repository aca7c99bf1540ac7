import asyncio
import io
import tempfile
import time
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from sandbox.control_client import ControlClient
from sandbox.expectations import Witness
from sandbox.script import ScriptError, parse_step
from sandbox.script_player import ScriptPlayer
from sandbox.transcript import Transcript

GENERAL, LOUNGE, BOT = "11", "12", "99"


def recording() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(48_000)
        sound.writeframes(b"\x00\x40" * 960)
    return file.getvalue()


class FakeControl:
    """Answer like a sandbox whose bot behaves as the test says."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.calls: list[tuple[str, Any]] = []
        self.replies: list[dict[str, Any]] = []
        self.frames: list[dict[str, Any]] = []
        self.violations: list[dict[str, Any]] = []
        self.answer: dict[str, Any] = {"content": "fine\n\nall well", "embeds": []}

    def reply(self, *versions: str) -> None:
        """Let the bot answer with a message and then edit it."""
        edits = [{"t": self.began + n, "content": text} for n, text in enumerate(versions[1:], 1)]
        self.replies.append(
            {
                "id": str(100 + len(self.replies)),
                "author": {"name": "bot", "bot": True},
                "content": versions[-1],
                "created": self.began,
                "edits": edits,
            }
        )

    def speak(self, count: int, **fields: Any) -> None:
        """Let the bot be heard for so many frames."""
        frame = {"encrypted": True, "silence": False, "decoded": True} | fields
        now = time.monotonic()
        self.frames += [frame | {"t": now + n * 0.02} for n in range(count)]

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get("/sandbox/state", self._state),
                web.get(f"/sandbox/channels/{GENERAL}/messages", self._messages),
                web.get(f"/sandbox/voice/{LOUNGE}/frames", self._frames),
                web.get(f"/sandbox/voice/{LOUNGE}/recording.wav", self._recording),
                web.get("/sandbox/violations", self._violations),
                web.post("/sandbox/{rest:.*}", self._post),
            ]
        )
        return app

    async def _state(self, _request: web.Request) -> web.Response:
        channels = [{"id": GENERAL, "name": "general"}, {"id": LOUNGE, "name": "Lounge"}]
        return web.json_response({"bot": {"id": BOT}, "guilds": [{"channels": channels}]})

    async def _messages(self, _request: web.Request) -> web.Response:
        ben = {"id": "50", "author": {"name": "ben", "bot": False}}
        return web.json_response({"messages": [ben, *self.replies]})

    async def _frames(self, request: web.Request) -> web.Response:
        since = float(request.query["since"])
        frames = [frame for frame in self.frames if frame["t"] >= since]
        return web.json_response({"frames": frames, "gaps_over_40ms": 0})

    async def _recording(self, _request: web.Request) -> web.Response:
        return web.Response(body=recording())

    async def _violations(self, _request: web.Request) -> web.Response:
        return web.json_response({"violations": self.violations})

    async def _post(self, request: web.Request) -> web.Response:
        path = request.match_info["rest"]
        body = await request.json() if request.content_type == "application/json" else "sound"
        self.calls.append((path, body))
        if isinstance(body, dict) and body.get("user") == "nobody":
            return web.json_response({"error": "There is no user nobody."}, status=404)
        if path == "commands":
            return web.json_response(self.answer)
        return web.json_response({"id": "49", "channel": GENERAL, "created": self.began})


class Stage:
    def __init__(self, control: FakeControl, session: aiohttp.ClientSession, url: str) -> None:
        self.control = control
        self.output = io.StringIO()
        transcript = Transcript(self.output)
        client = ControlClient(url, session)
        witness = Witness(client, transcript, text_settled=0.06, speech_settled=0.06)
        self._player = ScriptPlayer(client, witness, transcript)

    async def play(self, *steps: dict[str, Any], folder: Path = Path()) -> str:
        parsed = [parse_step(number, step, folder) for number, step in enumerate(steps, 1)]
        await self._player.play(parsed)
        return self.output.getvalue()


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # recordings are kept there
    control = FakeControl()
    runner = web.AppRunner(control.app(), shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession() as session:
        yield Stage(control, session, url)
    await runner.cleanup()


async def test_a_post_mentions_the_bot(stage: Stage) -> None:
    await stage.play({"post": "@bot hello"})
    body = {"user": "ana", "content": f"<@{BOT}> hello"}
    assert stage.control.calls == [(f"channels/{GENERAL}/messages", body)]


async def test_every_version_of_a_reply_is_shown_with_its_time(stage: Stage) -> None:
    stage.control.reply("Hel", "Hello", "Hello, ana.")
    shown = await stage.play({"post": "@bot hello"}, {"expect": "reply", "contains": "Hello"})
    lines = shown.splitlines()
    assert [line[11:20] for line in lines] == ["ana      ", "bot posts", "bot edits", "bot edits"]
    assert lines[-1].startswith("   2.00 s")
    assert lines[-1].endswith("Hello, ana.")


async def test_a_reply_may_still_grow_while_one_looks(stage: Stage) -> None:
    async def grow() -> None:
        stage.control.reply("First")
        await asyncio.sleep(0.08)
        stage.control.reply("Second")

    expected = {"expect": "reply", "contains": "First"}
    shown, _ = await asyncio.gather(stage.play({"post": "x"}, expected), grow())
    assert "First" in shown


async def test_a_missing_reply_is_told(stage: Stage) -> None:
    with pytest.raises(ScriptError, match=r"Step 2 .*the bot did not answer within 0.01 s\."):
        await stage.play({"post": "@bot hello"}, {"expect": "reply", "within": 0.01})


async def test_a_wrong_reply_is_told(stage: Stage) -> None:
    stage.control.reply("Good day")
    with pytest.raises(ScriptError, match="does not contain “Hello”"):
        await stage.play({"post": "@bot hello"}, {"expect": "reply", "contains": "Hello"})


async def test_a_reply_needs_a_post(stage: Stage) -> None:
    with pytest.raises(ScriptError, match="nothing was posted"):
        await stage.play({"expect": "reply"})


async def test_a_command_s_first_lines_are_shown(stage: Stage) -> None:
    stage.control.answer["embeds"] = [
        {"title": "Stats", "fields": [{"name": "n", "value": str(n)} for n in range(10)]}
    ]
    shown = await stage.play({"command": "stats", "options": {"all": True}})
    assert stage.control.calls[0][1]["options"] == {"all": True}
    assert shown.splitlines()[0].endswith("/stats all: True")
    assert shown.splitlines()[1].endswith("fine")
    assert "and 5 lines more" in shown.splitlines()[-1]


async def test_speech_is_measured_and_kept(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    stage.control.speak(30)
    shown = await stage.play({"expect": "speech", "seconds": 0.5})
    assert "0.6 s of speech, peak -6 dBFS, gaps over 40 ms: 0" in shown
    assert "DAVE (end-to-end encryption): yes" in shown
    path = Path(shown.split("recorded in ")[1].strip())
    assert path.read_bytes() == recording()  # noqa: ASYNC240 - nothing else runs here


@pytest.mark.parametrize(
    ("frames", "fields", "complaint"),
    [
        (10, {}, "only 0.2 s were heard"),
        (30, {"encrypted": False}, "not end-to-end encrypted"),
        (30, {"decoded": False}, "could not be decoded"),
        (30, {"silence": True}, "was not heard"),
    ],
)
async def test_bad_speech_is_told(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    frames: int, fields: dict[str, bool], complaint: str,
) -> None:  # fmt: skip
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    stage.control.speak(frames, **fields)
    with pytest.raises(ScriptError, match=complaint):
        await stage.play({"expect": "speech", "within": 0.05})


BUTTON = {"type": 2, "label": "Stop", "custom_id": "reply:stop"}
BUTTONS = [{"type": 1, "components": [BUTTON]}]


async def test_a_button_under_the_answer_is_pressed(stage: Stage) -> None:
    stage.control.reply("Once upon")
    stage.control.replies[0]["components"] = BUTTONS
    await stage.play({"post": "@bot a story"}, {"press": "Stop", "user": "ben"})
    body = {"user": "ben", "message": "100", "custom_id": "reply:stop"}
    assert ("components", body) in stage.control.calls
    assert "presses [Stop]" in stage.output.getvalue()


async def test_what_was_there_before_a_button_was_pressed_is_shown_before_it_and_once(
    stage: Stage,
) -> None:
    stage.control.reply("Far out")
    stage.control.replies[0]["components"] = BUTTONS
    await stage.play({"post": "@bot a story"}, {"press": "Stop"})
    [answer] = stage.control.replies
    edit = {"t": time.monotonic(), "content": "Far out *(stopped)*"}
    answer |= {"content": edit["content"], "edits": [edit]}
    shown = await stage.play({"expect": "reply"})
    told = [line.split(" s  ")[-1].split()[:2] for line in shown.splitlines()]
    assert told == [["ana", "@bot"], ["bot", "posts"], ["ana", "presses"], ["bot", "edits"]]
    assert shown.count("Far out") == 2
    assert await stage.play({"expect": "reply"}) == shown


async def test_a_button_that_is_not_there_is_told(stage: Stage) -> None:
    with pytest.raises(ScriptError, match=r"nothing was posted yet"):
        await stage.play({"press": "Stop"})
    with pytest.raises(ScriptError, match=r"there was no button Stop within 0.1 s"):
        await stage.play({"post": "hello"}, {"press": "Stop", "within": 0.1})


async def test_a_person_enters_speaks_and_leaves(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "words.wav").write_bytes(recording())
    steps: list[dict[str, Any]] = [
        {"join": "Lounge"},
        {"say": "words.wav"},
        {"wait": 0.01},
        {"leave": "Lounge"},
    ]
    await stage.play(*steps, folder=tmp_path)
    paths = [path for path, _ in stage.control.calls]
    assert paths == [f"voice/{LOUNGE}/{what}" for what in ("join", "say", "leave")]


async def test_violations_break_the_script(stage: Stage) -> None:
    await stage.play({"expect": "no violations"})
    stage.control.violations = [{"t": 1.0, "rule": "edits", "detail": "too many"}]
    with pytest.raises(ScriptError, match="broke Discord's rules 1 times"):
        await stage.play({"expect": "no violations"})
    assert "edits: too many" in stage.output.getvalue()


@pytest.mark.parametrize(
    ("step", "complaint"),
    [
        ({"post": "x", "user": "nobody"}, "There is no user nobody."),
        ({"post": "x", "channel": "attic"}, "there is no channel attic"),
        ({"say": "none.wav"}, "No such file"),
    ],
)
async def test_what_the_sandbox_refuses_is_told(
    stage: Stage, step: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ScriptError, match=complaint):
        await stage.play({"note": "x"}, step)
