import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import pytest

from services.core.errors import NotInVoiceError
from services.core.metrics import TurnMetrics
from services.core.protocols import TTS
from services.core.types import AudioChunk, Author, VoiceStyle
from services.speaker import Speaker
from tests.services.speech_fakes import FakeEncoder, FakeOutput, FakeTTS, InlineExecutor

pytestmark = pytest.mark.virtual_time
HERE = 7
ANA = Author(1, "Ana")


class Guild:
    """Give an output in one guild only, and keep what was opened."""

    def __init__(self) -> None:
        self.outputs: list[FakeOutput] = []
        self.in_line: list[bool] = []
        self.askers: list[Author] = []
        self.first_frame: Callable[[float], None] | None = None

    def open(
        self,
        guild_id: int,
        on_first_frame: Callable[[float], None],
        *,
        in_line: bool,
        asker: Author,
    ) -> FakeOutput | None:
        if guild_id != HERE:
            return None
        self.askers.append(asker)
        self.first_frame = on_first_frame
        self.in_line.append(in_line)
        self.outputs.append(FakeOutput())
        return self.outputs[-1]


def speaker(guild: Guild, tts: FakeTTS) -> Speaker:
    asyncio.get_running_loop().set_default_executor(InlineExecutor())
    return Speaker(
        tts=tts,
        encoder=FakeEncoder,
        open_output=guild.open,
        min_length=20,
        max_length=200,
        streaming=True,
        max_seconds=2.0,
        detect_language=True,
        pronounced=lambda engine, _: engine,
    )


async def test_a_reply_is_spoken_where_the_bot_is_in_a_channel() -> None:
    guild, tts = Guild(), FakeTTS()
    metrics = TurnMetrics("t", 0.0, clock=asyncio.get_running_loop().time)
    speech = speaker(guild, tts).open(
        HERE, asker=ANA, style=VoiceStyle(), metrics=metrics, names={}
    )
    assert speech
    speech.push("Good morning.")
    speech.end()
    result = await speech.run()

    assert result.heard == "Good morning."
    assert guild.first_frame
    guild.first_frame(1.0)
    assert "ttfa" in metrics.marks


async def test_where_the_bot_is_in_no_channel_nothing_is_spoken() -> None:
    talker = speaker(Guild(), FakeTTS())

    assert (
        talker.open(8, asker=ANA, style=VoiceStyle(), metrics=TurnMetrics("t", 0.0), names={})
        is None
    )
    with pytest.raises(NotInVoiceError):
        await talker.say(8, "Hello.", asker=ANA, style=VoiceStyle())


async def test_a_whole_text_can_be_said() -> None:
    guild, tts = Guild(), FakeTTS()
    result = await speaker(guild, tts).say(
        HERE, "Good morning. All is well.", asker=ANA, style=VoiceStyle()
    )

    assert result.heard == "Good morning. All is well."
    assert not result.interrupted


async def test_what_is_said_waits_in_line_and_a_reply_does_not() -> None:
    guild, tts = Guild(), FakeTTS()
    talker = speaker(guild, tts)
    talker.open(HERE, asker=ANA, style=VoiceStyle(), metrics=TurnMetrics("t", 0.0), names={})
    await talker.say(HERE, "Good morning.", asker=ANA, style=VoiceStyle())

    assert guild.in_line == [False, True]
    assert guild.askers == [ANA, ANA]


async def test_replies_share_one_measure_of_the_engines_pace() -> None:
    guild, tts = Guild(), FakeTTS(delay=0.0, rtf=0.01)
    talker = speaker(guild, tts)
    await talker.say(
        HERE, "This sentence shows that the engine is fast.", asker=ANA, style=VoiceStyle()
    )
    tts.texts.clear()
    text = "So this one, which is a good deal longer, needs no cut. It is one piece."
    await talker.say(HERE, text, asker=ANA, style=VoiceStyle())

    assert tts.texts == [text]


async def test_a_reply_is_spoken_for_a_while_only_and_what_is_said_is_said_whole() -> None:
    guild, tts = Guild(), FakeTTS()
    talker = speaker(guild, tts)
    sentences = [
        f"This is the sentence with the letter {letter}, and it is long." for letter in "abcdef"
    ]
    await talker.say(HERE, " ".join(sentences), asker=ANA, style=VoiceStyle())
    assert "The rest is in the chat." not in tts.texts
    tts.texts.clear()
    metrics = TurnMetrics("t", 0.0, clock=asyncio.get_running_loop().time)
    reply = talker.open(HERE, asker=ANA, style=VoiceStyle(), metrics=metrics, names={})
    assert reply
    reply.push(" ".join(sentences))
    reply.end()
    await reply.run()
    assert tts.texts[-1] == "The rest is in the chat."
    assert sentences[-1] not in " ".join(tts.texts)


async def test_a_guilds_own_sayings_are_spoken_and_the_shown_words_count_as_heard() -> None:
    guild, tts = Guild(), FakeTTS()
    asked: list[int] = []

    class Changed:
        def __init__(self, engine: TTS) -> None:
            self.prewarm, self.aclose = engine.prewarm, engine.aclose

        async def synthesize(
            self, text: str, voice: VoiceStyle
        ) -> AsyncGenerator[AudioChunk, None]:
            async with aclosing(tts.synthesize(text.replace("data", "dah-ta"), voice)) as chunks:
                async for chunk in chunks:
                    yield chunk

    def pronounced(engine: TTS, guild_id: int) -> TTS:
        asked.append(guild_id)
        return Changed(engine)

    made = speaker(guild, tts)
    made._pronounced = pronounced
    heard = await made.say(HERE, "All the data.", asker=ANA, style=VoiceStyle())
    assert tts.texts == ["All the dah-ta."]
    assert heard.heard == "All the data."
    assert asked == [HERE]
