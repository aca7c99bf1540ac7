"""What a script waits for: the bot's answer, its voice, and that it kept to the rules."""

import asyncio
import math
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.control_client import ControlClient
from sandbox.heard import Heard, sum_up
from sandbox.script import ScriptError
from sandbox.transcript import Transcript

LOOK_EVERY = 0.05
"""How often one looks for news, seconds; the times printed are the server's own."""

TEXT_SETTLED = 2.0
"""How long a reply must stay unchanged to count as finished, seconds: above the pace of edits."""

SPEECH_SETTLED = 1.0
"""How long the bot must be silent to have finished speaking, seconds."""

QUIETEST_DBFS = -50.0
"""Speech that stays below is not heard."""


@dataclass(frozen=True, slots=True)
class Request:
    """Hold what a person did last and when, on the monotonic clock; a post's message too.

    `shown` counts the versions of each answer that were printed.
    """

    at: float = field(default_factory=time.monotonic)
    message: dict[str, Any] = field(default_factory=dict)
    shown: dict[str, int] = field(default_factory=dict)


class Witness:
    """Watch what the bot does after a request, and print it. Raises ScriptError if it does not."""

    def __init__(
        self,
        control: ControlClient,
        transcript: Transcript,
        *,
        text_settled: float = TEXT_SETTLED,
        speech_settled: float = SPEECH_SETTLED,
    ) -> None:
        self._control = control
        self._transcript = transcript
        self._text_settled = text_settled
        self._speech_settled = speech_settled

    async def reply(self, request: Request, *, contains: str, within: float) -> None:
        """Wait for the bot's answer to a post, show each of its versions, and check its text."""
        if not request.message:
            raise ScriptError("nothing was posted yet.")
        watch = _Watch(within, self._text_settled)
        seen = 0
        while not watch.settled:
            await watch.wait("the bot did not answer")
            replies = await self._answers(request)
            news = [self._show_versions(request, message) for message in replies]
            if any(news) or len(replies) > seen:
                watch.news()
            seen = len(replies)
        if contains not in "\n".join(message["content"] for message in replies):
            raise ScriptError(f"the answer does not contain “{contains}”.")

    async def button(self, request: Request, *, label: str, within: float) -> tuple[str, str]:
        """Wait for a button under the bot's answer; return the ids of its message and its own."""
        if not request.message:
            raise ScriptError("nothing was posted yet.")
        watch = _Watch(within, 0.0)
        while True:
            answers = await self._answers(request)
            for message in answers:
                self._show_versions(request, message)
            for message in reversed(answers):
                for each in _buttons(message):
                    if each.get("label") == label:
                        return message["id"], each["custom_id"]
            await watch.wait(f"there was no button {label}")

    async def _answers(self, request: Request) -> list[dict[str, Any]]:
        path = f"channels/{request.message['channel']}/messages"
        found = await self._control.get(path, after=request.message["id"])
        return [message for message in found["messages"] if message["author"]["bot"]]

    def _show_versions(self, request: Request, message: dict[str, Any]) -> bool:
        """Print the versions that were not shown yet, and tell whether there were any."""
        before = request.shown.get(message["id"], 0)
        first = {
            "t": message["created"],
            "content": "…" if message["edits"] else message["content"],
        }
        versions = [first, *message["edits"]]
        for number, version in enumerate(versions[before:], before):
            who = "bot edits" if number else "bot posts"
            self._transcript.growth(who, version["content"], at=version["t"] - request.at)
        request.shown[message["id"]] = len(versions)
        return len(versions) > before

    async def speech(
        self, request: Request, *, channel: str, name: str, seconds: float, within: float
    ) -> None:
        """Wait until the bot has spoken in a channel; measure what was heard, and keep it."""
        heard, wav = await self._listen(request, channel, within)
        path = await asyncio.to_thread(_keep, wav, name)
        at = heard.first - request.at
        self._transcript.line("bot speaks", "the first sound arrives", at=at)
        level = f"peak {heard.peak_dbfs:.0f} dBFS, gaps over 40 ms: {heard.gaps}"
        self._transcript.line("", f"{heard.seconds:.1f} s of speech, {level}")
        encrypted = "yes" if heard.encrypted else "no"
        self._transcript.line("", f"DAVE (end-to-end encryption): {encrypted}")
        self._transcript.line("", f"recorded in {path}")
        if fault := _fault(heard, seconds):
            raise ScriptError(fault)

    async def _listen(self, request: Request, channel: str, within: float) -> tuple[Heard, bytes]:
        watch = _Watch(within, self._speech_settled)
        count = 0
        while not watch.settled:
            await watch.wait("the bot was not heard")
            found = await self._control.get(f"voice/{channel}/frames", since=request.at)
            frames = [frame for frame in found["frames"] if not frame["silence"]]
            if len(frames) > count:
                watch.news()
            count = len(frames)
        wav = await self._control.download(f"voice/{channel}/recording.wav")
        return await asyncio.to_thread(sum_up, frames, found["gaps_over_40ms"], wav), wav

    async def no_violations(self) -> None:
        """Check that the bot broke none of Discord's rules."""
        found = (await self._control.get("violations"))["violations"]
        for violation in found:
            self._transcript.line("violation", f"{violation['rule']}: {violation['detail']}")
        if found:
            raise ScriptError(f"the bot broke Discord's rules {len(found)} times.")
        self._transcript.line("", "No violation was seen.")


class _Watch:
    """Wait for news to begin within a time, and then to settle."""

    def __init__(self, within: float, settle: float) -> None:
        self._deadline = time.monotonic() + within
        self._within = within
        self._settle = settle
        self._last = math.inf

    @property
    def settled(self) -> bool:
        return time.monotonic() - self._last > self._settle

    def news(self) -> None:
        self._last = time.monotonic()

    async def wait(self, complaint: str) -> None:
        if self._last == math.inf and time.monotonic() > self._deadline:
            raise ScriptError(f"{complaint} within {self._within:g} s.")
        await asyncio.sleep(LOOK_EVERY)


def _buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    rows = message.get("components") or []
    return [each for row in rows for each in row.get("components") or []]


def _fault(heard: Heard, seconds: float) -> str:
    if heard.seconds < seconds:
        return f"only {heard.seconds:.1f} s were heard, not {seconds:g}."
    if heard.peak_dbfs < QUIETEST_DBFS:
        return "what was heard is silent."
    if heard.undecoded:
        return f"{heard.undecoded} frames could not be decoded."
    return "" if heard.encrypted else "the speech was not end-to-end encrypted."


def _keep(wav: bytes, channel: str) -> Path:
    path = Path(tempfile.mkdtemp(prefix="sandbox-heard-")) / f"{channel}.wav"
    path.write_bytes(wav)
    return path
