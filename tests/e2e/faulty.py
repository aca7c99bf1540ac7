"""A world in which things break, shared by the tests of faults, and what must hold after each."""

import asyncio
from typing import Any

import aiohttp

from tests.e2e.running_bot import RunningBot
from tests.e2e.world import World, eventually

STORY = " ".join(
    f"This is sentence number {n} of the story, and it says something." for n in range(1, 6)
)

SETTLED = 0.25
"""Seconds in which a second answer, were there one, would have come."""


class Faulty(World):
    """Break things in a world and look at what became of a turn.

    `forced` are the rules that a fault makes any client break.
    """

    def __init__(self, bot: RunningBot, session: aiohttp.ClientSession) -> None:
        super().__init__(bot.url, session)
        self.bot = bot
        self.forced: set[str] = set()
        self._asked = len(bot.turns())

    async def start(self) -> None:
        """Return to the start, with a bot that is online and has its commands."""
        await super().start()
        await self.online()
        await eventually(self._has_commands, "commands")

    async def online(self) -> None:
        """Wait until the bot is connected."""
        await eventually(self._online, "bot that is online")

    async def break_(self, target: str, kind: str, **more: Any) -> None:
        """Order a fault."""
        await self.call("POST", "faults", {"target": target, "kind": kind, **more})

    async def ask(self, content: str, **more: Any) -> Any:
        """Write a message that mentions the bot, which makes one turn."""
        self._asked += 1
        return await super().ask(content, **more)

    async def ask_by_command(self, text: str) -> Any:
        """Ask with /ask, and return its answer once the turn is over."""
        self._asked += 1
        answer = await self.command("ask", text=text)
        await self.turns_over()
        return answer

    async def turns_over(self) -> None:
        """Wait until every turn asked for has its record in the log, and see that none has two."""

        async def look() -> bool | None:
            return len(self.bot.turns()) >= self._asked or None

        await eventually(look, f"record of turn {self._asked}")
        await asyncio.sleep(SETTLED)
        assert len(self.bot.turns()) == self._asked

    async def whole(self, asked: Any, text: str, *, channel: str = "") -> None:
        """Wait until a question is answered with all of a text; see that it stays once only."""

        async def look() -> bool | None:
            return shown(await self.answers(after=asked, channel=channel)) == text or None

        try:
            await eventually(look, "whole answer")
        except AssertionError:
            seen = await self.answers(after=asked, channel=channel)
            raise AssertionError([message["content"] for message in seen]) from None
        await self.turns_over()
        found = shown(await self.answers(after=asked, channel=channel))
        assert found == text, found

    async def next_turn_works(self) -> None:
        """Ask once more, with nothing broken."""
        await self.call("DELETE", "faults")
        await self.online()
        await self.script()
        await self.script({"text": "Fine again.", "ttft": 0.0, "tokens_per_second": 500})
        asked = await self.ask("and now?", user="ben")
        await self.whole(asked, "Fine again.")

    async def spoken(self) -> list[str]:
        """Return the texts that the speech server was asked for, in order."""
        found = (await self.call("GET", "llm/requests"))["requests"]
        return [each["body"]["input"] for each in found if each["path"].endswith("/audio/speech")]

    async def _online(self) -> bool | None:
        return (await self.call("GET", "state"))["bot"]["online"] or None

    async def _has_commands(self) -> bool | None:
        return bool((await self.call("GET", "commands"))["commands"]) or None


def shown(messages: list[dict[str, Any]]) -> str:
    """Return the text of an answer, which may be in several messages."""
    return " ".join(message["content"].strip() for message in messages)
