import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import aiohttp

from sandbox.control_client import ControlClient, ControlError
from sandbox.expectations import Request, Witness
from sandbox.script import ScriptError, Step
from sandbox.transcript import Transcript

LINES_SHOWN = 8
"""Lines of a command's answer that are printed."""


class ScriptPlayer:
    """Play a script against a sandbox, print what happens, and stop at what breaks."""

    def __init__(self, control: ControlClient, witness: Witness, transcript: Transcript) -> None:
        self._control = control
        self._witness = witness
        self._transcript = transcript
        self._request = Request()
        self._bot = ""
        self._channels: dict[str, str] = {}

    async def play(self, steps: Iterable[Step]) -> None:
        """Take the steps in order. Raises ScriptError with the sentence to print."""
        state = await self._control.get("state")
        self._bot = state["bot"]["id"]
        channels = state["guilds"][0]["channels"]
        self._channels = {channel["name"]: channel["id"] for channel in channels}
        for number, step in enumerate(steps, 1):
            try:
                await self._verb(step.verb)(step)
            except (ScriptError, ControlError, aiohttp.ClientError, TimeoutError) as error:
                raise ScriptError(f"Step {number} ({step.verb} {step.what}): {error}") from error

    def _verb(self, verb: str) -> Callable[[Step], Awaitable[None]]:
        verbs: dict[str, Callable[[Step], Awaitable[None]]] = {
            "note": self._note,
            "post": self._post,
            "command": self._command,
            "press": self._press,
            "join": self._join,
            "leave": self._leave,
            "say": self._say,
            "wait": self._wait,
            "expect": self._expect,
        }
        return verbs[verb]

    def _channel(self, name: str) -> str:
        if name not in self._channels:
            raise ScriptError(f"there is no channel {name}.")
        return self._channels[name]

    async def _note(self, step: Step) -> None:
        self._transcript.heading(step.what)

    async def _post(self, step: Step) -> None:
        content = step.what.replace("@bot", f"<@{self._bot}>")
        channel = self._channel(step.options["channel"])
        body = {"user": step.options["user"], "content": content}
        message = await self._control.post(f"channels/{channel}/messages", body)
        self._request = Request(at=message["created"], message=message)
        self._transcript.beginning(step.options["user"], step.what, at=0.0)

    async def _command(self, step: Step) -> None:
        user, options = step.options["user"], step.options["options"]
        words = [f"/{step.what}", *(f"{name}: {value}" for name, value in options.items())]
        self._request = Request()
        self._transcript.line(user, " ".join(words), at=0.0)
        answer = await self._control.post(
            "commands",
            {
                "user": user,
                "channel": self._channel(step.options["channel"]),
                "name": step.what,
                "options": options,
            },
        )
        lines = answer_lines(answer)
        if not lines:
            raise ScriptError("the answer is empty.")
        self._transcript.line("bot answers", lines[0])
        for line in lines[1:LINES_SHOWN]:
            self._transcript.line("", line)
        if len(lines) > LINES_SHOWN:
            self._transcript.line("", f"… and {len(lines) - LINES_SHOWN} lines more")

    async def _press(self, step: Step) -> None:
        user = step.options["user"]
        message, custom_id = await self._witness.button(
            self._request, label=step.what, within=step.options["within"]
        )
        at = time.monotonic() - self._request.at
        self._transcript.line(user, f"presses [{step.what}]", at=at)
        body = {"user": user, "message": message, "custom_id": custom_id}
        answer = await self._control.post("components", body)
        for line in answer_lines(answer) if answer.get("ephemeral") else []:
            self._transcript.line("bot answers", line)

    async def _join(self, step: Step) -> None:
        path = f"voice/{self._channel(step.what)}/join"
        await self._control.post(path, {"user": step.options["user"]})
        self._transcript.line(step.options["user"], f"joins {step.what}")

    async def _leave(self, step: Step) -> None:
        path = f"voice/{self._channel(step.what)}/leave"
        await self._control.post(path, {"user": step.options["user"]})
        self._transcript.line(step.options["user"], f"leaves {step.what}")

    async def _say(self, step: Step) -> None:
        try:
            wav = await asyncio.to_thread(step.what.read_bytes)
        except OSError as error:
            raise ScriptError(f"{error.strerror}.") from error
        channel = self._channel(step.options["channel"])
        self._request = Request()
        self._transcript.line(step.options["user"], f"speaks {step.what.name}", at=0.0)
        await self._control.post(f"voice/{channel}/say", wav, user=step.options["user"])

    async def _wait(self, step: Step) -> None:
        await asyncio.sleep(step.what)

    async def _expect(self, step: Step) -> None:
        within = step.options["within"]
        if step.what == "reply":
            contains = step.options["contains"]
            await self._witness.reply(self._request, contains=contains, within=within)
        elif step.what == "speech":
            name = step.options["channel"]
            await self._witness.speech(
                self._request,
                channel=self._channel(name),
                name=name,
                seconds=step.options["seconds"],
                within=within,
            )
        else:
            await self._witness.no_violations()


def answer_lines(answer: dict[str, Any]) -> list[str]:
    """Return what a command's answer shows, as lines of text."""
    texts = [answer.get("content") or ""]
    for embed in answer.get("embeds") or []:
        texts += [embed.get("title") or "", embed.get("description") or ""]
        texts += [f"{field['name']}: {field['value']}" for field in embed.get("fields") or []]
    return [line for text in texts for line in text.splitlines() if line.strip()]
