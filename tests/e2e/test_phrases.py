"""Words are said as a server wants them, and what was said once is said again at once."""

from pathlib import Path

import pytest

from tests.e2e.processes import bot, commands, online
from tests.e2e.world import World

pytestmark = pytest.mark.e2e


async def spoken(world: World) -> list[str]:
    found = (await world.call("GET", "llm/requests"))["requests"]
    return [each["body"]["input"] for each in found if each["path"] == "/v1/audio/speech"]


async def test_a_servers_words_are_said_its_way_and_made_once(
    empty_world: World, tmp_path: Path
) -> None:
    world = empty_world
    lounge = world.channel("Lounge")
    await world.call("POST", f"voice/{lounge}/join", {"user": "ana"})
    async with bot(world, tmp_path, TTS_BASE_URL=world.state["connect"]["OPENAI_BASE_URL"]):
        await online(world)
        await commands(world)
        added = await world.command("pronounce add", word="nginx", saying="engine x /ˈɛndʒɪnˌɛks/")  # noqa: RUF001
        assert "Only Kokoro takes phonemes" in added["content"]
        assert "`nginx`" in (await world.command("pronounce list"))["content"]
        await world.command("join", user="ana")
        for _ in range(2):
            await world.command("say", user="ana", text="NGINX runs.")
            await world.quiet(lounge)
        assert await spoken(world) == ["engine x runs."]
        stats = (await world.command("stats"))["content"]
        assert "Phrase cache: 1 phrases" in stats
        assert "50% of 2 found" in stats
        with pytest.raises(AssertionError, match="There is no command for this user"):
            await world.command("pronounce list", user="ana")
        assert await world.violations() == []
