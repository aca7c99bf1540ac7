"""A person at the sandbox's control API, as an outsider would be."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import aiohttp

Found = TypeVar("Found")

PATIENCE = 20.0
"""Seconds until something that should have happened counts as missing."""


class World:
    """Act in the sandbox and look at what the bot did."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._session = session
        self.state: dict[str, Any] = {}

    async def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Call the control API and return its JSON. Raises AssertionError on a refusal."""
        url = f"{self._url}/sandbox/{path}"
        async with self._session.request(method, url, json=body, params=query) as answer:
            content = await answer.json()
            assert answer.status < 400, f"{method} {path}: {content}"
            return content

    async def start(self) -> None:
        """Return to the start and learn the names of the places."""
        await self._send_the_bot_out()
        await self.call("POST", "reset")
        self.state = await self.call("GET", "state")

    async def _send_the_bot_out(self) -> None:
        """Let the bot leave voice by itself: a reset would be a kick, which it explains."""
        self.state = await self.call("GET", "state")
        for guild in self.state["guilds"]:
            if any("bot" in self.state["voice"].get(c["id"], ()) for c in guild["channels"]):
                await self.command("leave", channel=guild["channels"][0]["id"])

    @property
    def mention(self) -> str:
        """Return the bot's mention."""
        return f"<@{self.state['bot']['id']}>"

    def channel(self, name: str = "general", *, guild: int = 0) -> str:
        """Return a channel's id."""
        channels = self.state["guilds"][guild]["channels"]
        found: str = next(c["id"] for c in channels if c["name"] == name)
        return found

    async def post(self, content: str, *, user: str = "ana", channel: str = "", **more: Any) -> Any:
        """Write a message as a human."""
        place = channel or self.channel()
        body = {"user": user, "content": content, **more}
        return await self.call("POST", f"channels/{place}/messages", body)

    async def ask(self, content: str, **more: Any) -> Any:
        """Write a message that mentions the bot."""
        return await self.post(f"{self.mention} {content}", **more)

    async def command(
        self, name: str, /, *, user: str = "admin", channel: str = "", **options: Any
    ) -> Any:
        """Run a slash command and return what its user sees."""
        place = channel or self.channel()
        body = {"user": user, "channel": place, "name": name, "options": options}
        return await self.call("POST", "commands", body)

    async def press(self, message: Any, button: str, *, user: str = "ana") -> Any:
        """Press a button of a message, named by its label; return what its user sees."""
        [custom_id] = [each["custom_id"] for each in pressable(message) if each["label"] == button]
        body = {"user": user, "message": message["id"], "custom_id": custom_id}
        return await self.call("POST", "components", body)

    async def script(self, *replies: dict[str, Any]) -> None:
        """Queue the language model's next answers."""
        await self.call("POST", "llm", {"replies": list(replies)})

    async def questions(self) -> list[dict[str, Any]]:
        """Return the requests for an answer that the model got; background work asks otherwise."""
        found = (await self.call("GET", "llm/requests"))["requests"]
        return [each for each in found if each["body"].get("stream")]

    async def answers(self, *, after: Any, channel: str = "") -> list[dict[str, Any]]:
        """Return the bot's messages after a human's."""
        place = channel or self.channel()
        found = await self.call("GET", f"channels/{place}/messages", after=after["id"])
        return [message for message in found["messages"] if message["author"]["bot"]]

    async def answer(self, *, after: Any, ends: str, channel: str = "") -> dict[str, Any]:
        """Wait for an answer whose last message ends in certain words, and return that message."""

        async def look() -> dict[str, Any] | None:
            found = await self.answers(after=after, channel=channel)
            return found[-1] if found and found[-1]["content"].endswith(ends) else None

        try:
            return await eventually(look, f"an answer that ends in {ends!r}")
        except AssertionError as error:
            found = await self.answers(after=after, channel=channel)
            raise AssertionError(f"{error}: {[each['content'] for each in found]}") from None

    async def frames(self, channel: str, *, since: float = 0.0) -> list[dict[str, Any]]:
        """Return the sounding frames that a human in a voice channel heard from the bot."""
        heard = await self.call("GET", f"voice/{channel}/frames", since=since)
        return [frame for frame in heard["frames"] if not frame["silence"]]

    async def quiet(self, channel: str, *, for_seconds: float = 0.6) -> list[dict[str, Any]]:
        """Wait until the bot has spoken and fallen silent; return what it spoke."""

        async def look() -> list[dict[str, Any]] | None:
            found = await self.frames(channel)
            return found if found and time.monotonic() - found[-1]["t"] > for_seconds else None

        return await eventually(look, "speech and then silence")

    async def recording(self, channel: str) -> bytes:
        """Return what was heard as a WAV file."""
        url = f"{self._url}/sandbox/voice/{channel}/recording.wav"
        async with self._session.get(url) as answer:
            return await answer.read()

    async def violations(self) -> list[dict[str, Any]]:
        """Return the breaches of Discord's rules."""
        found: list[dict[str, Any]] = (await self.call("GET", "violations"))["violations"]
        return found


def pressable(message: Any) -> list[dict[str, Any]]:
    """Return the buttons under a message."""
    return [each for row in message["components"] for each in row["components"]]


def labels(message: Any) -> list[str]:
    """Return what the buttons under a message say."""
    return [each["label"] for each in pressable(message)]


async def eventually(look: Callable[[], Awaitable[Found | None]], what: str) -> Found:
    """Look again and again until there is something. Raises AssertionError after a while."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if (found := await look()) is not None:
            return found
        await asyncio.sleep(0.03)
    raise AssertionError(f"there was no {what} within {PATIENCE:.0f} s")
