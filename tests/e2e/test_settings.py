"""What the settings change, seen from outside; each in the position that is not its default."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import bot, commands, end_of, online
from tests.e2e.world import World, eventually, labels

pytestmark = pytest.mark.e2e

HOUR = 3600
LONG = "This is a rather long question about nothing in particular. " * 20


def old_files(tmp_path: Path) -> tuple[Path, Path]:
    """Leave a temporary file and a conversation that nobody has touched for a week."""
    files = tmp_path / "temp" / "left.pcm", tmp_path / "history" / "channel-1.jsonl"
    for file in files:
        file.parent.mkdir()
        file.write_text("old\n")
        os.utime(file, times=(time.time() - 168 * HOUR,) * 2)
    return files


async def requests(world: World, path: str) -> list[Any]:
    found = (await world.call("GET", "llm/requests"))["requests"]
    return [request for request in found if request["path"] == path]


async def gone(*files: Path) -> None:
    async def look() -> bool | None:
        return not any(file.exists() for file in files) or None

    await eventually(look, "deletion of old files")


async def test_text_as_the_settings_want_it(empty_world: World, tmp_path: Path) -> None:
    world, (temp, conversation) = empty_world, old_files(tmp_path)
    await world.script({"text": "One. " * 20}, {"text": "Two."})
    async with bot(
        world,
        tmp_path,
        SYSTEM_PROMPT="You are a pirate.",
        LLM_MODEL="parrot",
        LLM_MAX_TOKENS="77",
        RESPONSE_STREAMING_ENABLED="false",
        REPLY_BUTTONS_ENABLED="false",
        MIN_TYPING_DELAY="1.2",
        MAX_TYPING_DELAY="1.2",
        MESSAGE_BATCH_WINDOW_SECONDS="0",
        MAX_HISTORY_MESSAGES="0",
        MAX_TEMP_FILE_AGE_HOURS="100",
        MAX_HISTORY_AGE_DAYS="5",
        MEMORY_CLEANUP_INTERVAL_HOURS="0.0002",
    ) as started:
        await online(world)
        first = await world.ask("first,")
        second = await world.ask("second.")
        await world.answer(after=second, ends="Two.")
        [one, two] = await world.answers(after=first)
        assert one["edits"] == two["edits"] == []
        assert one["components"] == two["components"] == []
        assert one["created"] - first["created"] > 1.1
        body = (await requests(world, "/v1/chat/completions"))[-1]["body"]
        assert (body["model"], body["max_tokens"]) == ("parrot", 77)
        assert [message["content"] for message in body["messages"]] == [
            "You are a pirate.",
            "second.",
        ]
        await gone(temp, conversation)
        assert list((tmp_path / "history" / "archive").iterdir())
        later = tmp_path / "temp" / "later.pcm"
        later.touch()
        os.utime(later, times=(time.time() - 168 * HOUR,) * 2)
        await gone(later)
        started.terminate()
        _, said = await end_of(started)
    assert said.count(" turn: ") == 2


async def test_the_opposite_of_these_settings(empty_world: World, tmp_path: Path) -> None:
    world, (temp, conversation) = empty_world, old_files(tmp_path)
    await world.script({"text": "One."}, {"text": "Two."}, {"text": "Late.", "ttft": 10})
    await world.script({"text": "one two three four", "stall": {"after": 2, "seconds": 10}})
    async with bot(
        world,
        tmp_path,
        RESPONSE_STREAMING_ENABLED="false",
        NATURAL_TYPING_DELAY_ENABLED="false",
        MIN_TYPING_DELAY="600",
        MAX_TYPING_DELAY="600",
        MAX_CONTEXT_TOKENS="100",
        LLM_FIRST_TOKEN_TIMEOUT="0.8",
        LLM_STALL_TIMEOUT="0.4",
        MEMORY_CLEANUP_ENABLED="false",
        LOG_LEVEL="WARNING",
    ) as started:
        await online(world)
        for words in ("One.", "Two."):
            asked = await world.ask(LONG)
            answer = await world.answer(after=asked, ends="I read its end.")
            assert answer["content"].startswith(words)
            assert labels(answer) == ["Again", "Speak"]
        body = (await requests(world, "/v1/chat/completions"))[-1]["body"]
        assert sum(len(message["content"].split()) for message in body["messages"]) < 100
        for words in ("The", "one two"):
            asked = await world.ask("And now?")
            answer = await world.answer(
                after=asked, ends="took too long to answer. Please try again."
            )
            assert answer["content"].startswith(words)
        assert temp.exists()
        assert conversation.exists()
        started.terminate()
        _, said = await end_of(started)
    assert " turn: " not in said


async def test_speech_as_the_settings_want_it(empty_world: World, tmp_path: Path) -> None:
    world = empty_world
    lounge = world.channel("Lounge")
    await world.call("POST", f"voice/{lounge}/join", {"user": "ana"})
    text = " ".join(f"Das hier ist der Satz mit {n} % Inhalt." for n in range(11, 19))
    await world.script({"text": text, "ttft": 0.0, "tokens_per_second": 40}, {"text": "Und nun."})
    async with bot(
        world,
        tmp_path,
        TTS_ENGINE="openai",
        TTS_BASE_URL=world.state["connect"]["OPENAI_BASE_URL"],
        TTS_MODEL="organ",
        TTS_VOICE="deep",
        TTS_LANGUAGE="de",
        STREAMING_TTS_ENABLED="false",
        TTS_SENTENCE_MIN_LENGTH="5",
        TTS_SENTENCE_MAX_LENGTH="60",
    ):
        await online(world)
        await world.call("POST", "speech", {"ttfb": 0.0, "realtime_factor": 0.05})
        await _join(world)
        asked = await world.ask("Erzähl.")
        await world.answer(after=asked, ends="18 % Inhalt.")
        await eventually(lambda: _spoken(world, lounge, since=0.0), "speech")
        [question] = await requests(world, "/v1/chat/completions")
        spoken = await eventually(lambda: _pieces(world), "several pieces of speech")
        assert spoken[-1]["t"] - question["t"] > 1.5, "the text took so long to write"
        bodies = [request["body"] for request in spoken[1:]]
        assert {(body["model"], body["voice"]) for body in bodies} == {("organ", "deep")}
        assert all(len(body["input"]) <= 60 for body in bodies)
        assert "Prozent" in bodies[0]["input"]
        await world.command("stop", user="ana")
        await world.call("POST", "faults", {"target": "speech", "kind": "error", "count": 9})
        since = time.monotonic()
        asked = await world.ask("Und jetzt?")
        await world.answer(after=asked, ends="Und nun.")
        await eventually(
            lambda: _spoken(world, lounge, since=since), "speech of the built-in voice"
        )
        assert await world.violations() == []


async def test_a_chosen_voice_reaches_the_speech_server(empty_world: World, tmp_path: Path) -> None:
    world = empty_world
    lounge = world.channel("Lounge")
    await world.call("POST", f"voice/{lounge}/join", {"user": "ana"})
    german = "Das sind 2 % von dem, was wir hier haben. Das ist doch nicht so viel. "
    await world.script({"text": "First."}, {"text": "Second."}, {"text": (german * 5).strip()})
    server = world.state["connect"]["OPENAI_BASE_URL"]
    async with bot(world, tmp_path, TTS_BASE_URL=server, TTS_MAX_SPOKEN_SECONDS="4"):
        await online(world)
        await _join(world)
        chosen = await world.command("voice set", user="ana", voice="nova", speed=1.5)
        assert "`nova`" in chosen["content"]
        asked = await world.ask("one")
        await world.answer(after=asked, ends="First.")
        await eventually(lambda: _asked_for(world, "nova", 1.5), "speech in the chosen voice")
        await world.command("voice reset", user="ana")
        asked = await world.ask("two")
        await world.answer(after=asked, ends="Second.")
        await eventually(lambda: _asked_for(world, "alloy", None), "speech in the usual voice")
        asked = await world.ask("drei")
        await world.answer(after=asked, ends="nicht so viel.")
        await eventually(lambda: _last_words(world, "Der Rest steht im Chat."), "an early end")
        spoken = [each["body"]["input"] for each in await requests(world, "/v1/audio/speech")]
        assert any("zwei Prozent" in words for words in spoken)
        assert await world.violations() == []


async def _asked_for(world: World, voice: str, speed: float | None) -> bool | None:
    bodies = [each["body"] for each in await requests(world, "/v1/audio/speech")]
    return (voice, speed) in [(body["voice"], body.get("speed")) for body in bodies] or None


async def _pieces(world: World) -> list[Any] | None:
    spoken = await requests(world, "/v1/audio/speech")
    return spoken if len(spoken) > 2 else None


async def _last_words(world: World, words: str) -> bool | None:
    spoken = [each["body"]["input"] for each in await requests(world, "/v1/audio/speech")]
    return words in spoken or None


async def _join(world: World) -> None:
    await commands(world)
    assert "Lounge" in (await world.command("join", user="ana"))["content"]


async def _spoken(world: World, lounge: str, *, since: float) -> bool | None:
    return len(await world.frames(lounge, since=since)) > 10 or None
