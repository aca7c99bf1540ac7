"""What a storm's Discord and model know themselves: who was told, and why rules were broken."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import aiohttp

from tests.e2e.storm_turns import WORD, Turn

ANSWER_WITHIN = 3.0
"""Seconds in which Discord wants the first answer to a command."""

AFTERMATH = 15.0
"""Seconds for which a lost answer, or a late one, leaves discord.py with a wrong count."""

STALL = 0.5
"""Seconds that this process was kept waiting by its machine, which others may have been as well."""

Event = dict[str, Any]


class Trace:
    """Follow the sandbox's events; times are seconds on the monotonic clock of both processes."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = f"{url}/sandbox/events"
        self._session = session
        self._faults: list[Event] = []
        self._violations: list[Event] = []
        self._posted: dict[str, float] = {}
        self._no_session: list[tuple[float, float]] = []
        self._away: list[tuple[float, float]] = []
        self._stalls: list[tuple[float, float]] = []
        self._asked: set[str] = set()
        self.longest_stall = 0.0

    async def follow(self) -> None:
        """Take every event until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_the_machine())
            async with self._session.ws_connect(self._url, max_msg_size=0) as socket:
                async for message in socket:
                    self._take(json.loads(message.data))

    def reached_the_model(self, turn: Turn) -> bool:
        """Tell whether the bot asked its model a question: then it was told of it."""
        return turn.tag in self._asked

    def untold(self, turn: Turn) -> bool:
        """Tell whether a message came while Discord had no session in which to tell the bot."""
        at = self._posted.get(turn.message)
        return at is not None and _within(self._no_session, at)

    def unexplained(self) -> list[Event]:
        """Return the breaches of rules that no fault explains."""
        explain: dict[str, Callable[[Event], bool]] = {
            "second_response": self._answer_was_lost,
            "interaction_timeout": self._could_not_answer,
            "rate_limit": self._was_counted_wrongly,
        }
        found = [(explain.get(each["rule"]), each) for each in self._violations]
        return [each for known, each in found if known is None or not known(each)]

    def _answer_was_lost(self, breach: Event) -> bool:
        """Discord.py asks again: the lost answer had a 502, and it can't know that it was done."""
        lost = self._hit(breach["t"] - AFTERMATH, breach["t"], "callback")
        return any(each["fault"] == "lost" for each in lost)

    def _could_not_answer(self, breach: Event) -> bool:
        """The bot heard of it too late, or its answer was refused: discord.py waits 1 s, then 3."""
        begun, now = breach["t"] - ANSWER_WITHIN, breach["t"]
        cut_off = any(start < now and end > begun for start, end in (*self._away, *self._stalls))
        return cut_off or bool(self._hit(begun, now, "callback"))

    def _was_counted_wrongly(self, breach: Event) -> bool:
        """Discord.py counts a call once however often it repeats it, and by the answers' times."""
        place = breach["detail"].split("/")[4]
        return bool(self._hit(breach["t"] - AFTERMATH, breach["t"], place))

    def _hit(self, start: float, end: float, call: str) -> list[Event]:
        faults = [each for each in self._faults if each["target"] == "rest"]
        return [each for each in faults if start <= each["t"] <= end and call in each["call"]]

    def _take(self, event: Event) -> None:
        match event["kind"]:
            case "message_create":
                self._posted[event["message"]["id"]] = event["t"]
            case "llm_request":
                self._asked |= {tag for tag, _ in WORD.findall(event["asked"])}
            case "session_ended":
                self._no_session.append((event["t"], float("inf")))
            case "session_began":
                _close(self._no_session, event["t"])
            case "bot_online":
                _close(self._away, event["t"])
            case "violation":
                self._violations.append(event)
            case "fault":
                self._faults.append(event)
        if event["kind"] == "bot_offline" or event.get("target") == "gateway":
            self._away.append((event["t"], float("inf")))

    async def _watch_the_machine(self) -> None:
        while True:
            asleep = time.monotonic()
            await asyncio.sleep(0.1)
            late = time.monotonic() - asleep - 0.1
            self.longest_stall = max(self.longest_stall, late)
            if late > STALL:
                self._stalls.append((asleep, time.monotonic()))


def _within(spans: list[tuple[float, float]], at: float) -> bool:
    return any(start <= at <= end for start, end in spans)


def _close(spans: list[tuple[float, float]], at: float) -> None:
    """End what is still open."""
    spans[:] = [(start, min(end, at)) for start, end in spans]
