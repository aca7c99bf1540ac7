"""What the bot's log tells: one record for every turn, and nothing of what people wrote."""

import re
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.faulty import Faulty
from tests.e2e.running_bot import running_bot
from tests.e2e.world import eventually

pytestmark = pytest.mark.e2e

CANARY = "Zanzibarquell"
KEYS = re.compile(r"secret_key|(?:\d{1,3}, ){15}\d{1,3}|[0-9a-f]{64}")
"""Names and looks of voice keys: 32 bytes as numbers or in hexadecimal digits."""


async def converse(world: Faulty) -> None:
    """Be answered, stopped and let down by the model; speak, and be spoken to."""
    lounge = world.channel("Lounge")
    await world.call("POST", f"voice/{lounge}/join", {"user": "ana"})
    await world.command("join", user="ana")
    await world.script({"text": f"{CANARY} yourself.", "ttft": 0.0})
    await world.whole(await world.ask(f"{CANARY}?", user="ana"), f"{CANARY} yourself.")
    await world.script({"text": f"{CANARY} " * 40, "ttft": 0.0, "tokens_per_second": 20})
    asked = await world.ask(f"and {CANARY}?", user="ben")

    async def begun() -> bool | None:
        return bool(await world.answers(after=asked)) or None

    await eventually(begun, "the beginning of an answer")
    await world.command("stop", user="ana")
    await world.turns_over()
    await world.break_("llm", "error", count=4)
    await world.ask(f"once more {CANARY}?", user="ben")
    await world.turns_over()
    await world.call("DELETE", "faults")
    await world.break_("speech", "error")
    await world.command("say", user="ana", text=f"{CANARY}!")
    await world.quiet(lounge)
    await world.command("leave", user="ana")


async def test_the_log_keeps_what_people_say_to_itself_and_counts_every_turn(
    faulty: Faulty,
) -> None:
    before = len(faulty.bot.turns())
    await converse(faulty)
    assert CANARY not in faulty.bot.log()
    records = faulty.bot.turns()[before:]
    assert ["interrupted=true" in record for record in records] == [False, True, False]
    assert ["error=" in record for record in records] == [False, False, True]


async def test_the_log_has_no_secret_at_any_level(tmp_path: Path) -> None:
    key = "sk-thekeythatnobodyshallsee"
    with running_bot(tmp_path, LOG_LEVEL="DEBUG", OPENAI_API_KEY=key, TTS_API_KEY=key) as bot:
        async with aiohttp.ClientSession() as session:
            world = Faulty(bot, session)
            await world.start()
            await converse(world)
            token = world.state["connect"]["DISCORD_TOKEN"]
    said = bot.log()
    assert "DEBUG" in said
    for secret in (token, token.split(".")[-1], key):
        assert secret not in said
    assert KEYS.search(said) is None
