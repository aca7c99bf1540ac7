"""Voice connections, their packets, their keys and the speech server break while the bot speaks."""

from typing import Any

import pytest

from tests.e2e.faulty import Faulty
from tests.e2e.world import eventually

pytestmark = pytest.mark.e2e

TEXT = "Here is a first sentence. And a last."


async def enter(faulty: Faulty) -> str:
    """Bring ana and the bot into the first voice channel."""
    lounge = faulty.channel("Lounge")
    await faulty.call("POST", f"voice/{lounge}/join", {"user": "ana"})
    assert "Lounge" in (await faulty.command("join", user="ana"))["content"]
    return lounge


async def speaking(faulty: Faulty, lounge: str, *, more_than: int = 15) -> Any:
    """Ask, and wait until the beginning of the answer is heard; return the question."""
    await faulty.script({"text": TEXT, "ttft": 0.0, "tokens_per_second": 400})
    asked = await faulty.ask("say something")

    async def look() -> bool | None:
        return len(await faulty.frames(lounge)) > more_than or None

    await eventually(look, "speech")
    return asked


async def said_once(faulty: Faulty, asked: Any, lounge: str, *, lost: int = 0) -> None:
    """See that the answer is written and was spoken, once each, but for so many lost frames."""
    await faulty.whole(asked, TEXT)
    assert " ".join(await faulty.spoken()) == TEXT
    frames = await faulty.frames(lounge)
    assert all(frame["decoded"] for frame in frames)
    length = len(TEXT) / 13.0 / 0.02
    assert 0.93 * length - lost <= len(frames) <= length + 25


async def says(faulty: Faulty, lounge: str, heard: int) -> None:
    """Have something said, and wait until more is heard than was before."""
    await faulty.command("say", user="ana", text="Here I am.")

    async def look() -> bool | None:
        return len(await faulty.frames(lounge)) > heard + 10 or None

    await eventually(look, "speech that can be heard again")


@pytest.mark.parametrize("code", ["4006", "4009", "4015"])
async def test_speech_goes_on_after_a_lost_voice_connection(faulty: Faulty, code: str) -> None:
    lounge = await enter(faulty)
    asked = await speaking(faulty, lounge)
    await faulty.break_("voice", code)
    await said_once(faulty, asked, lounge, lost=5)


@pytest.mark.parametrize("code", ["4014", "4017"])
async def test_a_voice_connection_ended_for_good_costs_no_written_word(
    faulty: Faulty, code: str
) -> None:
    lounge = await enter(faulty)
    asked = await speaking(faulty, lounge)
    await faulty.break_("voice", code)
    await faulty.whole(asked, TEXT)
    heard = len(await faulty.frames(lounge))
    assert "Lounge" in (await faulty.command("join", user="ana"))["content"]
    await says(faulty, lounge, heard)


async def test_speech_goes_on_while_the_gateway_is_lost(faulty: Faulty) -> None:
    lounge = await enter(faulty)
    asked = await speaking(faulty, lounge)
    await faulty.break_("gateway", "drop")
    await said_once(faulty, asked, lounge)


async def test_speech_goes_on_after_a_gateway_that_forgot_us(faulty: Faulty) -> None:
    lounge = await enter(faulty)
    asked = await speaking(faulty, lounge)
    await faulty.break_("gateway", "invalid-session")
    await said_once(faulty, asked, lounge, lost=15)
    await says(faulty, lounge, len(await faulty.frames(lounge)))


async def test_spoilt_packets_cost_no_more_than_themselves(faulty: Faulty) -> None:
    lounge = await enter(faulty)
    asked = await speaking(faulty, lounge)
    await faulty.break_("udp", "reorder", count=10)
    await faulty.break_("udp", "loss", count=10)
    await said_once(faulty, asked, lounge, lost=10)


async def test_a_corrupt_welcome_is_asked_for_again(faulty: Faulty) -> None:
    await faulty.break_("dave", "corrupt-welcome")
    lounge = await enter(faulty)
    asked = await speaking(faulty, lounge)
    await said_once(faulty, asked, lounge)
    assert all(frame["encrypted"] for frame in await faulty.frames(lounge))


async def test_a_slow_speech_server_is_waited_for(faulty: Faulty) -> None:
    lounge = await enter(faulty)
    await faulty.break_("speech", "slow", seconds=1.0)
    asked = await speaking(faulty, lounge)
    await said_once(faulty, asked, lounge)


async def test_a_failing_speech_server_is_stood_in_for(faulty: Faulty) -> None:
    lounge = await enter(faulty)
    await faulty.break_("speech", "error")
    asked = await speaking(faulty, lounge)
    await faulty.whole(asked, TEXT)
    requests = await faulty.spoken()
    assert len(requests) == len(set(requests)) == 1
    frames = await faulty.quiet(lounge)
    assert all(frame["decoded"] and frame["encrypted"] for frame in frames)
