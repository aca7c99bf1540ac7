"""What is left of a person who is forgotten, and of messages that were deleted: no byte."""

import gzip
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import bot, commands, end_of, online
from tests.e2e.world import World, eventually

pytestmark = pytest.mark.e2e

CANARY = "Zanzibarquell"
OTHER = "Kolibrisuppe"
OLD = 40 * 24 * 3600
NOTES = f'[{{"subject": "instrument", "fact": "Plays the {CANARY}."}}]'
"""What the model makes of messages in the background: a summary, and a fact about their author."""


def every_byte(*folders: Path) -> dict[str, bytes]:
    """Return all files under some folders by their paths, archives unpacked."""
    contents = {}
    for path in (path for folder in folders for path in folder.rglob("*") if path.is_file()):
        with suppress(FileNotFoundError):  # a file being written takes its last name meanwhile
            contents[str(path)] = path.read_bytes()
    return {
        name: gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        for name, data in contents.items()
    }


def holding(word: str, *folders: Path) -> list[str]:
    """Return the files in which a word, or its look as JSON or as a name, is found."""
    return [name for name, data in every_byte(*folders).items() if word.encode() in data]


class Town:
    """A world whose bot keeps its things where a test can look."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.folders = (folder / "history", folder / "temp")
        self.history = folder / "history"

    async def talk(self, content: str, answer: str, **more: Any) -> dict[str, Any]:
        """Ask, be answered, and wait until both are kept."""
        await self.world.script({"text": answer, "ttft": 0.0})
        asked: dict[str, Any] = await self.world.ask(content, **more)
        place = more.get("channel", "")
        await self.world.answer(after=asked, ends=answer, channel=place)
        await self.kept(asked["id"])
        return asked

    async def kept(self, word: str, folder: str = "") -> list[str]:
        async def look() -> list[str] | None:
            return holding(word, self.history / folder, self.folders[1]) or None

        return await eventually(look, f"trace of {word}")

    async def gone(self, word: str) -> None:
        async def look() -> bool | None:
            return not holding(word, *self.folders) or None

        await eventually(look, f"end of {word}")

    async def direct(self, user: str) -> str:
        found: str = (await self.world.call("POST", f"users/{user}/dm"))["id"]
        return found

    async def forget(self, user: str) -> str:
        """Let a person be forgotten and return the receipt."""
        asked = await self.world.command("privacy forget", user=user)
        receipt: str = (await self.world.press(asked, "Forget me", user=user))["content"]
        return receipt

    async def asked_about(self, message: Any, *, user: str) -> None:
        """Ask about a message from its menu."""
        body = {"user": user, "message": message["id"], "name": "Ask about this"}
        form = (await self.world.call("POST", "commands", body))["modal"]
        values = {"question": "what?"}
        sent = {"user": user, "custom_id": form["custom_id"], "values": values}
        await self.world.call("POST", "modals", sent)

    async def packed(self) -> bool | None:
        return any(self.history.glob("archive/*.gz")) or None

    def id_of(self, name: str) -> str:
        users: list[dict[str, str]] = self.world.state["users"]
        return next(each["id"] for each in users if each["name"] == name)

    def of_ben(self) -> list[bytes]:
        """Return all lines and files of the other person."""
        ben = self.id_of("ben")
        mark, files = f'"author_id":{ben},'.encode(), every_byte(*self.folders)
        lines = [line for data in files.values() for line in data.split(b"\n") if mark in line]
        chosen = [data for name, data in files.items() if name.endswith(f"{ben}.json")]
        return sorted(line for line in lines if CANARY.encode() not in line) + chosen

    def age(self, name: str) -> None:
        """Make a conversation so old that it is packed away."""
        path = self.history / f"channel-{name}.jsonl"
        at = path.stat().st_mtime - OLD
        os.utime(path, (at, at))


async def test_nothing_is_left_of_a_forgotten_person_and_all_of_the_others(
    empty_world: World, tmp_path: Path
) -> None:
    world, town = empty_world, Town(empty_world, tmp_path)
    settings = {
        "MEMORY_CLEANUP_INTERVAL_HOURS": "0.0002",
        "TTS_ENGINE": "openai",
        "TTS_BASE_URL": world.state["connect"]["OPENAI_BASE_URL"],
        "TTS_CACHE_DISK": "true",
        "MAX_HISTORY_MESSAGES": "1",
    }
    await world.call("POST", "llm", {"completions": [{"text": NOTES}] * 12})
    lounge = world.channel("Lounge")
    async with bot(world, tmp_path, **settings) as started:
        await online(world)
        await commands(world)
        await town.talk(f"I am {CANARY} old.", f"So {CANARY} you are.")
        town.age(world.channel())
        await eventually(lambda: town.packed(), "archive")
        await town.talk(f"{OTHER}, please.", f"A {OTHER}.", user="ben")
        await town.talk(
            f"In private: {OTHER}", "Yes.", user="ben", channel=await town.direct("ben")
        )
        await town.talk(f"In private: {CANARY}", "Yes.", channel=await town.direct("ana"))
        files = [{"filename": "a.txt", "content": f"{CANARY} in a file"}]
        await town.talk("what is this?", f"About {CANARY}.", attachments=files)
        await world.script({"text": f"Asked {CANARY}.", "ttft": 0.0}, {"text": f"Ben: {CANARY}"})
        await world.command("ask", user="ana", text=f"{CANARY}?")
        await town.asked_about(await world.post(f"Look: {CANARY}"), user="ben")
        await town.talk(f"I play the {CANARY}.", "Do you?")
        assert await town.kept("Plays the", "summaries")
        assert await town.kept("Plays the", "profiles")
        await world.command("voice set", user="ana", voice="nova")
        await world.command("voice set", user="ben", voice="nova")
        await world.call("POST", f"voice/{lounge}/join", {"user": "ana"})
        await world.command("say", user="ana", text=f"{CANARY} speaks.")
        await world.quiet(lounge)
        before = town.of_ben()
        shown = await world.command("privacy show", user="ana")
        assert "messages: what you said" in shown["content"]
        assert len(holding(CANARY, *town.folders)) >= 3
        long = " ".join(f"This is sentence number {number}, she says." for number in range(12))
        await world.command("say", user="ana", text=long)
        receipt = await town.forget("ana")
        await world.quiet(lounge)
        for what in ("messages: what", "summaries of", "facts: what", "choices:"):
            assert what in receipt
        assert holding(CANARY, *town.folders) == []
        assert town.of_ben() == before
        left = {Path(name).name for name in holding(town.id_of("ana"), *town.folders)}
        assert left <= {"budget.json"}, "what was used today stays until midnight"
        shown = await world.command("privacy show", user="ana")
        assert "messages: what you said" not in shown["content"]
        started.terminate()
        _, said = await end_of(started)
    assert CANARY not in said
    assert holding(CANARY, *town.folders) == []
    assert await world.violations() == []


async def test_what_is_deleted_or_changed_in_discord_is_so_in_the_history(
    empty_world: World, tmp_path: Path
) -> None:
    world, town = empty_world, Town(empty_world, tmp_path)
    general = world.channel()
    await world.call("POST", "llm", {"completions": [{"text": NOTES}] * 2})
    async with bot(world, tmp_path, MAX_HISTORY_MESSAGES="1"):
        await online(world)
        first = await town.talk(f"{CANARY} one?", f"{CANARY} it is.")
        second = await town.talk(f"{CANARY} two?", "Hm.")
        third = await town.talk(f"{CANARY} three?", "Hm.")
        await world.post(f"Unheard {CANARY}")
        quoted = await world.post(f"{OTHER} quoted", user="ben")
        await town.asked_about(quoted, user="ana")
        await town.kept(f"> {OTHER}")
        told = await town.talk(f"I play the {CANARY}.", "Do you?")
        await town.kept("Plays the", "summaries")
        await town.kept("Plays the", "profiles")
        await world.call("DELETE", f"channels/{general}/messages/{first['id']}")
        await town.gone(f"{CANARY} one")
        assert holding(f"{CANARY} it is", *town.folders) == []
        changed = {"content": f"{world.mention} something else"}
        await world.call("PATCH", f"channels/{general}/messages/{second['id']}", changed)
        await town.gone(f"{CANARY} two")
        await town.kept("something else")
        both = {"messages": [third["id"], quoted["id"], told["id"]]}
        await world.call("DELETE", f"channels/{general}/messages", both)
        await town.gone(CANARY)
        await town.gone(OTHER)
        thread = (await world.call("POST", "channels", {"parent": general, "name": "t"}))["id"]
        await town.talk(f"{CANARY} in a thread", "Hm.", channel=thread)
        await world.call("DELETE", f"channels/{thread}")
        await town.gone(CANARY)
        there = world.channel(guild=1)
        await town.talk(f"{CANARY} elsewhere", "Hm.", channel=there)
        await world.call("DELETE", f"guilds/{world.state['guilds'][1]['id']}")
        await town.gone(CANARY)
        assert await town.kept("something else")
        assert await world.violations() == []


async def test_an_answer_in_flight_an_export_and_an_opt_out(
    empty_world: World, tmp_path: Path
) -> None:
    world, town = empty_world, Town(empty_world, tmp_path)
    async with bot(world, tmp_path):
        await online(world)
        await commands(world)
        await town.talk(f"{OTHER}!", "Fine.", user="ben")
        await town.talk(f"{CANARY}!", "Fine.")
        exported = await world.command("privacy export", user="ana")
        assert "direct message" in exported["content"]
        direct = await world.call("GET", f"channels/{await town.direct('ana')}/messages")
        [file] = direct["messages"][-1]["attachments"]
        assert file["filename"] == "about-you.json"
        await world.call("POST", "users/ana/dm", {"closed": True})
        shown = await world.command("privacy export", user="ana")
        assert shown["ephemeral"]
        assert len(shown["attachments"]) == 1
        slow = {"text": f"{CANARY} " * 200, "ttft": 0.0, "tokens_per_second": 30}
        await world.script(slow)
        asked = await world.ask(f"a long {CANARY}")

        async def begun() -> bool | None:
            return bool(await world.answers(after=asked)) or None

        await eventually(begun, "the beginning of an answer")
        assert "still running" in await town.forget("ana")
        await world.answer(after=asked, ends="*(stopped)*")
        await world.command("privacy optout", user="ana")
        await world.script({"text": f"{CANARY} again.", "ttft": 0.0})
        asked = await world.ask(f"{CANARY}?")
        await world.answer(after=asked, ends="again.")
        await town.talk("And you?", "Me too.", user="ben")
        told = (await world.questions())[-1]["body"]["messages"]
        assert not any(CANARY in message["content"] for message in told)
        assert holding(CANARY, *town.folders) == []
        await world.command("privacy optin", user="ana")
        await town.talk(f"{CANARY}!", "Fine.")
        assert await world.violations() == []
