"""What people write in the voice channel's chat is read to those who listen."""

from pathlib import Path

import pytest

from tests.e2e.processes import bot, commands, online
from tests.e2e.world import World, eventually

pytestmark = pytest.mark.e2e


async def spoken(world: World) -> dict[str, str]:
    """Return what each voice said; into how many pieces it is cut is up to the engine's pace."""
    found = (await world.call("GET", "llm/requests"))["requests"]
    said: dict[str, list[str]] = {}
    for body in (each["body"] for each in found if each["path"] == "/v1/audio/speech"):
        said.setdefault(body["voice"], []).append(body["input"])
    return {voice: " ".join(pieces) for voice, pieces in said.items()}


async def read(world: World, words: str) -> str:
    """Wait until words were spoken and return the voice."""

    async def look() -> str | None:
        voices = [voice for voice, said in (await spoken(world)).items() if words in said]
        return voices[0] if voices else None

    return await eventually(look, f"speech of {words!r}")


async def test_the_chat_of_the_voice_channel_is_read_aloud(
    empty_world: World, tmp_path: Path
) -> None:
    world = empty_world
    lounge = world.channel("Lounge")
    await world.call("POST", f"voice/{lounge}/join", {"user": "ana"})
    await world.script({"text": "An answer."})
    async with bot(world, tmp_path, TTS_BASE_URL=world.state["connect"]["OPENAI_BASE_URL"]):
        await online(world)
        await commands(world)
        assert "Lounge" in (await world.command("join", user="ana"))["content"]
        await world.post("Nobody reads this.", channel=lounge)
        switched = await world.command("settings read-aloud", mode="on")
        assert "Done" in switched["content"]
        await world.command("voice set", user="ben", voice="nova")
        await world.post("Good morning **everybody**!", channel=lounge)
        assert await read(world, "ana says") == "alloy"
        assert await read(world, "Good morning everybody!") == "alloy"
        await world.post("!play a song", channel=lounge)
        asked = await world.ask("what do you think?", channel=lounge)
        await world.answer(after=asked, ends="An answer.", channel=lounge)
        await world.post("Hello from me.", user="ben", channel=lounge)
        assert await read(world, "Hello from me.") == "nova"
        said = " ".join((await spoken(world)).values())
        assert "An answer." in said
        assert not any(words in said for words in ("Nobody", "song", "what do you"))
        assert await world.violations() == []
