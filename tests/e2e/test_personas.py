"""Who the bot is, where it was chosen and nowhere else."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import bot, commands, online
from tests.e2e.world import World, eventually

pytestmark = pytest.mark.e2e

FORM = {
    "prompt": "You are the {channel} parrot of {guild}. {odd}",
    "voice": "onyx",
    "language": "",
    "temperature": "1,3",
    "greeting": "Squawk, {user}!",
}


async def test_a_persona_is_made_and_chosen_for_one_channel_and_outlives_the_bot(
    empty_world: World, tmp_path: Path
) -> None:
    world = empty_world
    lounge = quiet = world.channel("Lounge")
    await world.call("POST", f"voice/{lounge}/join", {"user": "admin"})
    settings = {
        "TTS_BASE_URL": world.state["connect"]["OPENAI_BASE_URL"],
        "SYSTEM_PROMPT": "Be kind to {user}.",
        "LLM_TEMPERATURE": "0.1",
    }
    async with bot(world, tmp_path, **settings):
        await online(world)
        await commands(world)
        assert "permission Manage Server" in (await create(world, user="ana"))["content"]
        kept = await submit(world, await create(world, user="admin"))
        assert "Kept." in kept["content"]
        chosen = await world.command("persona set", name="polly", **{"for": "channel"})
        assert chosen["content"].endswith("**Polly** now.\n> Squawk, admin!")
        assert "Squawk, admin!" in (await world.command("join"))["content"]
        await eventually(lambda: spoken(world, "onyx", "Squawk, admin!"), "a spoken greeting")
        prompt = f"You are the general parrot of {guild(world)}. {{odd}}"
        assert await asked(world, user="admin") == (prompt, 1.3)
        await eventually(lambda: spoken(world, "onyx", "Well."), "an answer in that voice")
        assert (await asked(world, channel=quiet)) == ("Be kind to ana.", 0.1)
    async with bot(world, tmp_path, **settings):
        await online(world)
        assert (await asked(world))[1] == 1.3
        await world.command("persona set", name="Expert", user="ana")
        assert (await asked(world, channel=quiet))[1] == 0.2
        assert await world.violations() == []


def guild(world: World) -> str:
    name: str = world.state["guilds"][0]["name"]
    return name


async def create(world: World, *, user: str) -> Any:
    return await world.command("persona create", user=user, name="Polly")


async def submit(world: World, shown: Any) -> Any:
    sent = {"user": "admin", "custom_id": shown["modal"]["custom_id"], "values": FORM}
    return await world.call("POST", "modals", sent)


async def asked(world: World, *, user: str = "ana", channel: str = "") -> tuple[str, float | None]:
    """Ask something; return the system message and the temperature of the request."""
    await world.script({"text": "Well."})
    message = await world.ask("Who are you?", user=user, channel=channel)
    await world.answer(after=message, ends="Well.", channel=channel)
    found = (await world.call("GET", "llm/requests"))["requests"]
    bodies = [each["body"] for each in found if each["path"] == "/v1/chat/completions"]
    return bodies[-1]["messages"][0]["content"], bodies[-1].get("temperature")


async def spoken(world: World, voice: str, words: str) -> bool | None:
    found = (await world.call("GET", "llm/requests"))["requests"]
    bodies = [each["body"] for each in found if each["path"] == "/v1/audio/speech"]
    said = [(body["voice"], body["input"]) for body in bodies]
    return any(each == (voice, words) for each in said) or None
