import asyncio
import json
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import numpy as np
import pytest

from sandbox import events
from sandbox.page import FILES
from sandbox.page_voice import Decoders
from sandbox.server import Sandbox
from sandbox.voice.opus import encode
from tests.sandbox.probe import Control


class Feed:
    """What one open page hears."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def next(self, kind: str) -> dict[str, Any]:
        async with asyncio.timeout(5):
            while True:
                event: dict[str, Any] = json.loads(await self._socket.receive_str())
                if event["kind"] == kind:
                    return event


@asynccontextmanager
async def live(sandbox: Sandbox, control: Control) -> AsyncIterator[Feed]:
    url = f"{sandbox.url}/page/live"
    async with control.session.ws_connect(url, headers={"Origin": sandbox.url}) as socket:
        yield Feed(socket)


async def fetch(control: Control, url: str, **headers: str) -> tuple[int, Any, str]:
    async with control.session.get(url, headers=headers) as answer:
        return answer.status, answer.headers, await answer.text()


async def test_the_page_may_run_its_own_scripts_only(sandbox: Sandbox, control: Control) -> None:
    status, headers, text = await fetch(control, sandbox.url)
    assert (status, headers["Content-Type"]) == (200, "text/html")
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "require-trusted-types-for 'script'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "<script type=" in text


async def test_every_file_of_the_page_is_served(sandbox: Sandbox, control: Control) -> None:
    for path in FILES.iterdir():
        status, headers, _ = await fetch(control, f"{sandbox.url}/page/{path.name}")
        assert status == 200, path.name
        kinds = {".js": "javascript", ".css": "css", ".html": "html", ".svg": "svg"}
        assert kinds[path.suffix] in headers["Content-Type"]


@pytest.mark.parametrize("name", ["..%2fserver.py", "none.js", "%2e%2e/server.py"])
async def test_other_files_are_not_served(sandbox: Sandbox, control: Control, name: str) -> None:
    async with control.session.get(f"{sandbox.url}/page/{name}") as answer:
        assert answer.status == 404


@pytest.mark.parametrize("path", ["/", "/page/main.js", "/page/live", "/page/voice/1?user=ana"])
@pytest.mark.parametrize("headers", [{"Origin": "http://example.org"}, {"Host": "example.org"}])
async def test_strangers_are_turned_away(
    sandbox: Sandbox, control: Control, path: str, headers: dict[str, str]
) -> None:
    status, _, _ = await fetch(control, sandbox.url + path, **headers)
    assert status == 403


def test_the_page_asks_nobody_else_and_makes_no_markup_of_text() -> None:
    for path in FILES.iterdir():
        source = path.read_text()
        for word in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval("):
            assert word not in source, path.name
        assert "http://" not in source.replace("http://www.w3.org/2000/svg", ""), path.name
        assert "https://" not in source, path.name
        if path.suffix == ".js":
            assert source.count("\n") <= 260, path.name


async def test_nothing_in_an_upload_can_run(sandbox: Sandbox, control: Control) -> None:
    files = [
        {"filename": "a.html", "content": "<script>1</script>", "content_type": "text/html"},
        {"filename": "b.svg", "content": "<svg/>", "content_type": "image/svg+xml"},
        {"filename": "c.png", "content": "png", "content_type": "image/png"},
    ]
    message = await control.say("look", attachments=files)
    kinds = []
    for file in message["attachments"]:
        url = f"{sandbox.url}/page/uploads/{message['channel']}/{file['id']}"
        status, headers, _ = await fetch(control, url)
        assert (status, headers["X-Content-Type-Options"]) == (200, "nosniff")
        assert "sandbox" in headers["Content-Security-Policy"]
        kinds.append((headers["Content-Type"], headers.get("Content-Disposition")))
    assert kinds == [("application/octet-stream", "attachment")] * 2 + [("image/png", None)]
    status, _, _ = await fetch(control, f"{sandbox.url}/page/uploads/{message['channel']}/1")
    assert status == 404


async def test_a_page_hears_of_messages_after_hello(sandbox: Sandbox, control: Control) -> None:
    before = await control.say("before")
    async with live(sandbox, control) as feed:
        hello = await feed.next("hello")
        assert hello["latest"][before["channel"]] == before["id"]
        after = await control.say("after")
        assert (await feed.next("message_create"))["message"]["id"] == after["id"]


async def test_ids_are_strings_that_javascript_can_hold(sandbox: Sandbox, control: Control) -> None:
    lounge = await control.channel("Lounge")
    async with live(sandbox, control) as feed:
        await control.post(f"/voice/{lounge}/join", {"user": "ana"})
        assert (await feed.next("voice_join"))["channel_id"] == lounge


async def test_a_page_hears_of_turns(sandbox: Sandbox, control: Control, api: Control) -> None:
    async with live(sandbox, control) as feed:
        asked = await control.say("hello")
        body = {"content": "Hi", "message_reference": {"message_id": asked["id"]}}
        answer = await api.post(f"/channels/{asked['channel']}/messages", body)
        [turn] = (await feed.next("turns"))["turns"]
        assert turn["replies"] == [answer["id"]]
    async with live(sandbox, control) as feed:
        assert (await feed.next("hello"))["turns"] == [turn]


async def test_a_page_hears_of_a_reset_when_it_is_over(sandbox: Sandbox, control: Control) -> None:
    await control.say("before")
    async with live(sandbox, control) as feed:
        await feed.next("hello")
        await control.post("/reset")
        await feed.next("reset")
        assert await control.messages() == []


async def test_a_page_that_is_too_slow_is_told_so(sandbox: Sandbox, control: Control) -> None:
    async with live(sandbox, control) as feed:
        await feed.next("hello")
        for number in range(events.MAX_WAITING + 10):
            sandbox.bus.publish("event", number=number)
        assert await feed.next("lost")
        assert (await feed.next("event"))["number"] > 0


async def test_only_those_in_a_voice_channel_hear_it(sandbox: Sandbox, control: Control) -> None:
    lounge = await control.channel("Lounge")
    for path in (f"{lounge}?user=ana", f"{lounge}", "1?user=ana", f"{lounge}?user=nobody"):
        status, _, _ = await fetch(control, f"{sandbox.url}/page/voice/{path}")
        assert status == 404


def test_frames_become_samples_with_their_speaker_and_noise_nothing() -> None:
    tone = (np.sin(np.arange(4800) / 10) * 8000).astype(np.int16)
    decoders = Decoders()
    for ssrc in range(20):
        decoded = [decoders.decode(ssrc, packet) for packet in encode(np.stack([tone, tone], 1))]
        assert {struct.unpack("<I", each[:4])[0] for each in decoded} == {ssrc}
        samples = np.frombuffer(b"".join(each[4:] for each in decoded), "<i2")
        assert len(samples) % 960 == 0
        assert np.abs(samples).max() > 6000
    assert decoders.decode(1, b"\xff") == b""
