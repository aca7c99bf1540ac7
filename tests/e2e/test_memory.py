"""What people told about themselves: where the model hears of it again, and that it goes."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import bot, commands, online
from tests.e2e.world import World, eventually

pytestmark = pytest.mark.e2e

PRIVATE = [
    {"id": "@everyone", "deny": ["VIEW_CHANNEL"]},
    {"id": "bot", "allow": ["VIEW_CHANNEL"]},
    {"id": "ana", "type": "user", "allow": ["VIEW_CHANNEL"]},
]


class Town:
    """A world with channels for all and for few, whose bot keeps profiles in a folder."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.profiles = folder / "history" / "profiles"
        self.places: dict[str, str] = {}

    async def build(self) -> None:
        world = self.world
        self.places = {"general": world.channel(), "abroad": world.channel(guild=1)}
        for name, overwrites in (("boats", []), ("staff", PRIVATE), ("board", PRIVATE)):
            body = {"name": name, "permission_overwrites": overwrites}
            self.places[name] = (await world.call("POST", "channels", body))["id"]
        self.places["dm"] = (await world.call("POST", "users/ana/dm"))["id"]

    async def tell(self, place: str, text: str, **facts: str) -> Any:
        """Say something of which the model notes some facts; wait until they are kept."""
        noted = [{"subject": name, "fact": fact} for name, fact in facts.items()]
        body = {"completions": [{"text": json.dumps(noted), "ttft": 0.0}]}
        await self.world.call("POST", "llm", body)
        asked = await self._talk(place, text)
        for fact in facts.values():
            await eventually(lambda fact=fact: self._kept(fact), f"trace of {fact}")  # type: ignore[misc]
        return asked

    async def heard(self, place: str, *, user: str = "ana") -> str:
        """Ask something personal and return all that the model was sent with it."""
        await self._talk(place, "Which boat should I buy for what I love?", user=user)
        found = (await self.world.call("GET", "llm/requests"))["requests"]
        last = [each["body"] for each in found if each["body"].get("stream")][-1]
        return json.dumps(last["messages"])

    async def permit(self, place: str, overwrites: list[dict[str, Any]]) -> None:
        body = {"permission_overwrites": overwrites}
        await self.world.call("PATCH", f"channels/{self.places[place]}", body)

    async def gone(self, fact: str) -> None:
        async def look() -> bool | None:
            return not self.holding(fact) or None

        await eventually(look, f"end of {fact}")

    def holding(self, fact: str) -> list[str]:
        files = [path for path in self.profiles.parent.rglob("*.json*") if path.is_file()]
        inside = [path for path in files if path.parent == self.profiles]
        return [path.name for path in inside if fact.encode() in path.read_bytes()]

    async def _talk(self, place: str, text: str, *, user: str = "ana") -> Any:
        channel = self.places[place]
        await self.world.script({"text": "I see.", "ttft": 0.0})
        asked = await self.world.ask(text, channel=channel, user=user)
        await self.world.answer(after=asked, ends="I see.", channel=channel)
        return asked

    async def _kept(self, fact: str) -> bool | None:
        return bool(self.holding(fact)) or None


async def test_facts_are_recalled_where_everyone_could_have_read_them(
    empty_world: World, tmp_path: Path
) -> None:
    town = Town(empty_world, tmp_path)
    async with bot(town.world, tmp_path, USER_RATE_BURST="1000"):
        await online(town.world)
        await town.build()
        said = await town.tell(
            "general",
            "I'm called Anabel and I love rowing.",
            name="Is called Anabel.",
            sport="Loves rowing.",
        )
        await town.tell("staff", "I love spying, I'm a spy.", work="Is a spy.")
        await town.tell("dm", "I love birds and I have a canary.", pet="Has a canary.")
        heard = {place: await town.heard(place) for place in town.places}
        known = {
            place: {word for word in ("rowing", "spy", "canary") if word in sent}
            for place, sent in heard.items()
        }
        assert known == {
            "general": {"rowing"},
            "boats": {"rowing"},
            "staff": {"rowing", "spy"},
            "board": {"rowing"},
            "abroad": set(),
            "dm": {"canary"},
        }
        assert "rowing" not in await town.heard("boats", user="ben")
        assert "Is called Anabel." in heard["boats"]
        await town.permit("general", PRIVATE)
        assert "rowing" not in await town.heard("boats")
        await town.permit("general", [])
        assert "rowing" in await town.heard("boats")
        await town.world.call("DELETE", f"channels/{said['channel']}/messages/{said['id']}")
        await town.gone("rowing")
        assert "rowing" not in await town.heard("boats")
        assert await town.world.violations() == []


async def test_people_see_change_and_forget_what_is_kept_of_them(
    empty_world: World, tmp_path: Path
) -> None:
    town, world = Town(empty_world, tmp_path), empty_world
    async with bot(world, tmp_path):
        await online(world)
        await commands(world)
        await town.build()
        await town.tell("general", "I'm called Anabel.", name="Is called Anabel.")
        await town.tell("dm", "I have a canary.", pet="Has a canary.")
        shown = await eventually(lambda: _shown(world, "Has a canary."), "what is kept")
        assert shown["ephemeral"]
        assert "Has a canary. (said in a direct message" in shown["content"]
        assert "I keep nothing" in (await world.command("memory show", user="ben"))["content"]
        edited = await world.command("memory edit", user="ana", fact="Is called Anabel.")
        form = edited["modal"]
        sent = {"user": "ana", "custom_id": form["custom_id"], "values": {"fact": "Is called Eva."}}
        assert "Eva" in (await world.call("POST", "modals", sent))["content"]
        assert "Is called Eva." in await town.heard("boats")
        choices = await _choices(world, user="ana")
        assert set(choices) == {"everything", "Is called Eva.", "Has a canary."}
        gone = await world.command("memory forget", user="ana", fact=choices["Has a canary."])
        assert "I forgot “Has a canary.”" in gone["content"]
        assert "canary" not in await town.heard("boats")
        await world.command("memory forget", user="ana", fact="everything")
        assert list(town.profiles.iterdir()) == []
        assert await world.violations() == []


async def _shown(world: World, fact: str) -> Any:
    shown = await world.command("memory show", user="ana")
    return shown if fact in shown["content"] else None


async def _choices(world: World, *, user: str) -> dict[str, str]:
    body = {"user": user, "channel": world.channel(), "name": "memory forget"}
    found = await world.call("POST", "autocomplete", body | {"options": {"fact": ""}})
    return {each["name"]: each["value"] for each in found["choices"]}
