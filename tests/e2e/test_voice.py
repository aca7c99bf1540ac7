import asyncio
import io
import time
import wave

import numpy as np
import pytest

from tests.e2e.world import World, eventually

pytestmark = pytest.mark.e2e

STORY = " ".join(f"This is sentence number {n} of a long story." for n in range(1, 40))


def loudness(wav: bytes) -> float:
    """Return the RMS of a recording, dBFS."""
    with wave.open(io.BytesIO(wav)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16) / 32768
    return float(20 * np.log10(np.sqrt(np.mean(samples**2)) + 1e-9))


async def enter(world: World, *, guild: int = 0, user: str = "ana") -> str:
    lounge = world.channel("Lounge", guild=guild)
    await world.call("POST", f"voice/{lounge}/join", {"user": user})
    general = world.channel(guild=guild)
    answer = await world.command("join", user=user, channel=general)
    assert "Lounge" in answer["content"]
    return lounge


async def test_an_answer_is_heard_under_end_to_end_encryption(world: World) -> None:
    lounge = await enter(world)
    await world.script({"text": "Hello Ana. It is good to hear from you."})
    asked = await world.ask("say hello")
    await world.answer(after=asked, ends="from you.")
    frames = await world.quiet(lounge)
    assert all(frame["encrypted"] and frame["decoded"] for frame in frames)
    assert 1.0 < len(frames) * 0.02 < 6.0
    assert loudness(await world.recording(lounge)) > -40


async def test_speech_starts_while_the_text_is_still_being_written(world: World) -> None:
    lounge = await enter(world)
    await world.script({"text": STORY, "ttft": 0.1, "tokens_per_second": 60})
    asked = await world.ask("tell me a story")
    await world.answer(after=asked, ends="sentence number 39 of a long story.")
    [answer, *_] = await world.answers(after=asked)
    frames = await world.frames(lounge)
    last_edit = max(edit["t"] for edit in answer["edits"])
    assert frames[0]["t"] < last_edit
    await world.command("stop", user="ana")


async def test_stop_silences_speech_and_text(world: World) -> None:
    lounge = await enter(world)
    await world.script({"text": STORY, "ttft": 0.0, "tokens_per_second": 20})
    asked = await world.ask("tell me a story")
    await eventually(lambda: _speaking(world, lounge), "half a second of speech")
    stopped = await world.command("stop", user="ana")
    assert stopped["content"] == "Stopped."
    await asyncio.sleep(0.3)
    heard = len(await world.frames(lounge))
    shown = [message["content"] for message in await world.answers(after=asked)]
    await asyncio.sleep(0.7)
    assert len(await world.frames(lounge)) == heard
    assert [message["content"] for message in await world.answers(after=asked)] == shown
    nothing = await world.command("stop", user="ana")
    assert "nothing" in nothing["content"]


async def _speaking(world: World, lounge: str) -> bool | None:
    return len(await world.frames(lounge)) >= 25 or None


async def test_skip_ends_what_is_said_and_what_waits_goes_on(world: World) -> None:
    lounge = await enter(world)
    await world.call("POST", f"voice/{lounge}/join", {"user": "ben"})
    await world.script(
        {"text": STORY, "ttft": 0.0, "tokens_per_second": 2000},
        {"text": "Second, for Ben.", "ttft": 0.0},
        {"text": "Third, for Ana.", "ttft": 0.0},
        {"text": "Not all."},
    )
    asked = await world.ask("tell me a story")
    await eventually(lambda: _speaking(world, lounge), "half a second of speech")
    second = await world.ask("and me?", user="ben")
    await world.answer(after=second, ends="for Ben.")
    third = await world.ask("and again")
    await world.answer(after=third, ends="for Ana.")
    shown = await eventually(lambda: _three_to_be_said(world), "three utterances")
    assert [line.split("“")[1][:9] for line in shown] == ["This is s", "Second, f", "Third, fo"]
    refused = await world.command("skip", user="ben")
    assert "for ana" in refused["content"]
    skipped = await world.command("skip", user="ana")
    assert skipped["content"] == "Skipped. 2 more to be said."
    since = time.monotonic()
    await world.quiet(lounge)
    assert 1.0 < 0.02 * len(await world.frames(lounge, since=since)) < 6.0
    shown_text = "".join(message["content"] for message in await world.answers(after=asked))
    assert "sentence number 39 of a long story." in shown_text
    assert "(stopped)" not in shown_text
    kept = await world.ask("what did you say?")
    await world.answer(after=kept, ends="Not all.")
    body = (await world.questions())[-1]["body"]
    context = " ".join(message["content"] for message in body["messages"])
    assert "This" in context
    assert "number 39" not in context


async def _three_to_be_said(world: World) -> list[str] | None:
    lines: list[str] = (await world.command("queue", user="ana"))["content"].split("\n")
    return lines if len(lines) == 3 and all("“" in line for line in lines) else None


async def test_two_guilds_are_spoken_to_at_once(world: World) -> None:
    first, second = await enter(world), await enter(world, guild=1, user="ben")
    await world.script({"text": STORY[:90], "ttft": 0.0}, {"text": STORY[:90], "ttft": 0.0})
    await world.ask("a story", channel=world.channel())
    await world.ask("a story", user="ben", channel=world.channel(guild=1))
    here, there = await asyncio.gather(world.quiet(first), world.quiet(second))
    overlap = min(here[-1]["t"], there[-1]["t"]) - max(here[0]["t"], there[0]["t"])
    assert overlap > 1.0
    assert all(frame["decoded"] for frame in [*here, *there])


async def test_say_joins_and_speaks_and_leave_ends_it(world: World) -> None:
    lounge = world.channel("Lounge")
    await world.call("POST", f"voice/{lounge}/join", {"user": "ana"})
    said = await world.command("say", user="ana", text="Good evening, everybody.")
    assert said["ephemeral"]
    assert await world.quiet(lounge)
    left = await world.command("leave", user="ana")
    assert "left" in left["content"]
    state = await world.call("GET", "state")
    assert state["voice"].get(lounge) == ["ana"]
    again = await world.command("leave", user="ana")
    assert "not in a voice channel" in again["content"]


async def test_join_without_a_channel_says_what_to_do(world: World) -> None:
    answer = await world.command("join", user="ana")
    assert answer["ephemeral"]
    assert "no voice channel" in answer["content"]


async def test_code_is_shown_and_not_read_aloud(world: World) -> None:
    lounge = await enter(world)
    code = "```python\n" + "print('a very long programme')\n" * 30 + "```"
    await world.script({"text": f"Look.\n{code}\nDone.", "tokens_per_second": 500})
    asked = await world.ask("write code")
    await world.answer(after=asked, ends="Done.")
    frames = await world.quiet(lounge)
    assert len(frames) * 0.02 < 6.0


async def test_an_answer_in_another_place_is_not_spoken(world: World) -> None:
    lounge = await enter(world)
    await world.script({"text": "Only written."})
    asked = await world.ask("hello", user="ben")
    await world.answer(after=asked, ends="Only written.")
    await asyncio.sleep(0.5)
    assert await world.frames(lounge) == []


async def test_the_voice_channel_s_own_chat_is_spoken(world: World) -> None:
    lounge = await enter(world)
    await world.script({"text": "Spoken for all."})
    asked = await world.ask("hello", user="ben", channel=lounge)
    await world.answer(after=asked, ends="for all.", channel=lounge)
    assert await world.quiet(lounge)
