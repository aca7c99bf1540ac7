import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing

import pytest
import pytest_asyncio

from services.core.asker import asker_id
from services.core.errors import ProviderError, ProviderRequestError, VoiceError
from services.core.types import FRAME_SECONDS, AudioChunk, VoiceStyle
from services.tts.cache import LONGEST, QUIET, CachedTTS
from services.tts.fallback import FallbackTTS
from services.tts.phrases import PhraseCache
from services.tts.phrases_ahead import PhrasesAhead
from tests.services.speech_fakes import FakeEncoder, FakeTTS, InlineExecutor

pytestmark = pytest.mark.virtual_time
STYLE = VoiceStyle()
PRIVATE = 99
"""Somebody of whom nothing is to be kept."""

OWN = "The rest is in the chat."


class Cached:
    """Hold an engine with its cache; `phrases` may be shared."""

    def __init__(self, phrases: PhraseCache, tts: FakeTTS, *, ahead: bool = False) -> None:
        self.engine = tts
        self.phrases = phrases
        self.encoders: list[FakeEncoder] = []
        self.tts = CachedTTS(
            tts, identity="slow 1", phrases=phrases, encoder=self.encoder, make_ahead=ahead
        )

    def encoder(self) -> FakeEncoder:
        self.encoders.append(FakeEncoder())
        return self.encoders[-1]

    async def say(self, text: str, style: VoiceStyle = STYLE, *, user: int = 1) -> list[AudioChunk]:
        asker_id.set(user)
        async with aclosing(self.tts.synthesize(text, style)) as chunks:
            return [chunk async for chunk in chunks]

    async def kept(self, text: str, style: VoiceStyle = STYLE, *, user: int = 1) -> None:
        """Have a text spoken and kept."""
        await self.say(text, style, user=user)
        await asyncio.sleep(0.01)


def phrase_cache() -> PhraseCache:
    ahead = PhrasesAhead(sentences=lambda _: (OWN,), style=STYLE)
    return PhraseCache(
        max_bytes=2**20, files=None, ahead=ahead, private=lambda user_id: user_id == PRIVATE
    )


Make = Callable[..., Cached]


@pytest_asyncio.fixture
async def make() -> AsyncIterator[Make]:
    asker_id.set(1)
    asyncio.get_running_loop().set_default_executor(InlineExecutor())
    made: list[Cached] = []

    def build(*, ahead: bool = False, **engine: float) -> Cached:
        made.append(Cached(phrase_cache(), FakeTTS(**engine), ahead=ahead))
        return made[-1]

    yield build
    for each in made:
        await each.tts.aclose()


def is_ready_made(chunks: list[AudioChunk]) -> bool:
    return len(chunks) == 1 and bool(chunks[0].packets)


async def test_what_was_said_is_said_again_as_packets_without_the_engine(make: Make) -> None:
    cached = make(rtf=0.5)
    first = await cached.say("Good morning.")
    await asyncio.sleep(0.01)
    before = asyncio.get_running_loop().time()
    again = await cached.say("  Good\n morning. ")
    assert all(chunk.pcm for chunk in first)
    assert is_ready_made(again)
    assert asyncio.get_running_loop().time() == before
    assert cached.engine.texts == ["Good morning."]
    frames = sum(len(chunk.pcm) / 2 / chunk.sample_rate for chunk in first) / FRAME_SECONDS
    assert len(again[0].packets) == pytest.approx(frames, abs=1)
    assert cached.encoders[0].pauses == [0.0]


async def test_new_sound_passes_as_it_comes(make: Make) -> None:
    cached = make(delay=0.05, rtf=0.5, step=0.2)
    now = asyncio.get_running_loop().time
    async with aclosing(cached.tts.synthesize("Good morning to you.", STYLE)) as chunks:
        times = [now() async for _ in chunks]
    assert times[:3] == pytest.approx([0.15, 0.25, 0.35])


@pytest.mark.parametrize(
    "other",
    [
        VoiceStyle(voice="am_adam"),
        VoiceStyle(speed=1.1),
        VoiceStyle(language="de"),
    ],
)
async def test_another_voice_is_another_phrase(make: Make, other: VoiceStyle) -> None:
    cached = make()
    await cached.kept("Hello.")
    assert not is_ready_made(await cached.say("Hello.", other))
    assert is_ready_made(await cached.say("Hello.", VoiceStyle(hurried=True)))


async def test_a_piece_is_kept_by_the_engine_that_spoke_it(make: Make) -> None:
    cached = make()
    cached.engine.failing = {"Hello.": 0.0}
    other = FakeTTS()
    voice = FallbackTTS([("best", cached.tts), ("last", other)])
    async with aclosing(voice.synthesize("Hello.", STYLE)) as chunks:
        assert [chunk async for chunk in chunks]
    assert other.texts == ["Hello."]
    assert cached.phrases.statistics().entries == 0


async def test_a_ready_made_piece_does_not_clear_an_engine_of_being_slow(make: Make) -> None:
    cached = make(rtf=2.0)
    voice = FallbackTTS([("best", cached.tts), ("last", FakeTTS())])
    for _ in range(2):
        async with aclosing(voice.synthesize("Hello there.", STYLE)) as chunks:
            ready = is_ready_made([chunk async for chunk in chunks])
        await asyncio.sleep(0.01)
    assert ready
    hurried = VoiceStyle(hurried=True)
    async with aclosing(voice.synthesize("Something new.", hurried)) as chunks:
        assert [chunk async for chunk in chunks]
    assert "Something new." not in cached.engine.texts


async def test_two_who_want_one_phrase_have_it_made_once_as_it_comes(make: Make) -> None:
    cached = make(delay=0.5, rtf=0.5)
    now = asyncio.get_running_loop().time

    async def first_sound() -> float:
        async with aclosing(cached.tts.synthesize("Good morning to you.", STYLE)) as chunks:
            await anext(chunks)
            at = now()
            async for _ in chunks:
                pass
        return at

    one = asyncio.create_task(first_sound())
    await asyncio.sleep(0.2)
    two = asyncio.create_task(first_sound())
    assert await one == await two == pytest.approx(0.6)
    assert len(cached.engine.texts) == cached.engine.closed == 1


async def test_who_comes_late_gets_all_of_it(make: Make) -> None:
    cached = make(rtf=0.5)
    one = asyncio.create_task(cached.say("Good morning to you."))
    await asyncio.sleep(0.3)
    assert await cached.say("Good morning to you.") == await one


async def test_what_nobody_listens_to_any_more_is_stopped_and_not_kept(make: Make) -> None:
    cached = make(rtf=0.5)
    async with aclosing(cached.tts.synthesize("Good morning to you.", STYLE)) as chunks:
        await anext(chunks)
    assert cached.engine.closed == 1
    await asyncio.sleep(5)
    assert cached.phrases.statistics().entries == 0


async def test_one_who_leaves_takes_nothing_from_the_other(make: Make) -> None:
    cached = make(rtf=0.5)
    one = asyncio.create_task(cached.say("Good morning to you."))
    two = asyncio.create_task(cached.say("Good morning to you."))
    await asyncio.sleep(0.3)
    one.cancel()
    assert len(await two) == 8
    await asyncio.sleep(0.01)
    assert cached.phrases.statistics().entries == 1


@pytest.mark.parametrize("sound", [0.0, 0.4])
async def test_a_failure_reaches_all_and_is_not_kept(make: Make, sound: float) -> None:
    cached = make(rtf=0.5)
    cached.engine.failing = {"Hello there.": sound}
    told = await asyncio.gather(
        *(cached.say("Hello there.") for _ in range(2)), return_exceptions=True
    )
    assert [type(each) for each in told] == [ProviderError] * 2
    cached.engine.failing = {}
    assert not is_ready_made(await cached.say("Hello there."))


async def test_an_unforeseen_failure_reaches_its_listener(make: Make) -> None:
    cached = make()

    async def broken(text: str, voice: VoiceStyle) -> AsyncGenerator[AudioChunk, None]:
        raise ZeroDivisionError(text, voice)
        yield AudioChunk()

    cached.engine.synthesize = broken  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError):
        await cached.say("Hello.")


async def test_long_texts_pass_by(make: Make) -> None:
    cached = make()
    text = "word " * (LONGEST // 5 + 1)
    await cached.kept(text)
    assert not is_ready_made(await cached.say(text))
    assert not cached.encoders
    assert cached.phrases.statistics().misses == 0


async def test_an_encoder_that_cannot_work_costs_the_cache_alone(make: Make) -> None:
    cached = make()

    def broken() -> FakeEncoder:
        raise VoiceError("no libopus")

    cached.tts._encoder = broken
    await cached.kept("Hello.")
    assert not is_ready_made(await cached.say("Hello."))


async def test_closing_ends_what_is_being_made(make: Make) -> None:
    cached = make(rtf=0.5)
    saying = asyncio.create_task(cached.say("Good morning to you."))
    await asyncio.sleep(0.3)
    await cached.tts.aclose()
    with pytest.raises(ProviderError):
        await saying
    assert cached.engine.closed == 1


async def test_forgetting_a_person_drops_what_they_alone_brought_in(make: Make) -> None:
    cached = make()
    await cached.kept("Ana's own.", user=1)
    await cached.kept("Everybody says it.", user=1)
    await cached.kept("Everybody says it.", user=2)
    assert await cached.phrases.forget(1) == 1
    assert not is_ready_made(await cached.say("Ana's own.", user=3))
    assert is_ready_made(await cached.say("Everybody says it.", user=2))
    assert await cached.phrases.forget(2) == 1


async def test_what_is_being_said_for_a_forgotten_person_is_not_kept(make: Make) -> None:
    cached = make(rtf=0.5)
    saying = asyncio.create_task(cached.kept("Good morning.", user=7))
    await asyncio.sleep(0.01)
    assert await cached.phrases.forget(7) == 0
    await saying
    await asyncio.sleep(30)
    assert cached.phrases.statistics().entries == 0


async def test_nothing_is_kept_of_who_wants_that(make: Make) -> None:
    cached = make(ahead=True)
    await cached.kept("Good night.", user=PRIVATE)
    assert not is_ready_made(await cached.say("Good night.", user=PRIVATE))
    assert not cached.phrases.ahead._said
    await cached.kept("Good night.", user=1)
    assert is_ready_made(await cached.say("Good night.", user=PRIVATE))
    assert await cached.phrases.forget(PRIVATE) == 0
    assert await cached.phrases.forget(1) == 1


async def test_what_many_say_is_nobodys(make: Make) -> None:
    cached = make()
    for user in range(1, 8):
        await cached.kept("Hello.", user=user)
    for user in range(1, 8):
        assert await cached.phrases.forget(user) == 0


async def test_the_bots_own_sentences_are_made_once_it_is_quiet(make: Make) -> None:
    cached = make(ahead=True, rtf=0.5)
    await cached.tts.prewarm()
    await asyncio.sleep(QUIET + 5)
    assert cached.engine.texts == [OWN]
    assert is_ready_made(await cached.say(OWN))
    await asyncio.sleep(2 * QUIET)
    assert cached.engine.texts == [OWN]


async def test_what_several_people_had_is_made_in_other_voices_too(make: Make) -> None:
    cached = make(ahead=True, rtf=0.5)
    other = VoiceStyle(voice="am_adam")
    for user in (1, 2):
        await cached.kept("Good night.", user=user)
    await cached.kept("Only mine.")
    await cached.say("x", other)
    await asyncio.sleep(QUIET + 10)
    made = list(zip(cached.engine.texts, cached.engine.styles, strict=True))
    assert ("Good night.", other) in made
    assert ("Only mine.", other) not in made
    for user in (1, 2):
        await cached.phrases.forget(user)
    assert not is_ready_made(await cached.say("Good night.", other))


async def test_a_language_that_the_engine_refuses_keeps_no_other_from_being_made_ahead(
    make: Make,
) -> None:
    cached = make(ahead=True, rtf=0.5)
    speak = cached.engine.synthesize

    def refusing(text: str, voice: VoiceStyle) -> AsyncGenerator[AudioChunk, None]:
        if voice.language == "de":
            raise ProviderRequestError("it does not speak 'de'")
        return speak(text, voice)

    cached.engine.synthesize = refusing  # type: ignore[method-assign]
    with pytest.raises(ProviderRequestError):
        await cached.say("Guten Tag.", VoiceStyle(language="de"))
    await asyncio.sleep(QUIET + 5)
    assert cached.engine.texts == [OWN]


async def test_what_is_forgotten_while_phrases_are_made_ahead_is_not_made_any_more(
    make: Make,
) -> None:
    cached = make(ahead=True, rtf=0.5)
    for user in (1, 2):
        await cached.kept("Good night.", user=user)
        await cached.kept("Sleep well.", user=user)
    await cached.say("x", VoiceStyle(voice="am_adam"), user=3)
    await asyncio.sleep(QUIET + 0.3)
    assert cached.engine.texts[-1] == OWN
    for user in (1, 2):
        await cached.phrases.forget(user)
    made = len(cached.engine.texts)
    await asyncio.sleep(2 * QUIET)
    assert set(cached.engine.texts[made:]) <= {OWN}
    assert cached.phrases.statistics().entries == 2


async def test_making_ahead_stops_at_once_when_somebody_wants_speech(make: Make) -> None:
    cached = make(ahead=True, rtf=0.5)
    await cached.tts.prewarm()
    await asyncio.sleep(QUIET + 0.3)
    assert cached.engine.texts == [OWN]
    saying = asyncio.create_task(cached.say("Something else."))
    await asyncio.sleep(0.01)
    assert cached.engine.closed == 1
    assert await saying


async def test_who_wants_what_is_being_made_ahead_gets_it(make: Make) -> None:
    cached = make(ahead=True, rtf=0.5)
    await cached.tts.prewarm()
    await asyncio.sleep(QUIET + 0.3)
    await cached.say(OWN)
    assert cached.engine.texts == [OWN]


@pytest.mark.parametrize("failing", [{}, {OWN: 0.0}])
async def test_a_fast_or_failing_engine_makes_nothing_ahead(
    make: Make, failing: dict[str, float]
) -> None:
    cached = make(ahead=True, rtf=1.0 if failing else 0.001, delay=0.0)
    cached.engine.failing = failing
    for user in (1, 2):
        await cached.kept("Good night.", user=user)
    await cached.say("x", VoiceStyle(voice="am_adam"))
    texts = len(cached.engine.texts)
    await asyncio.sleep(3 * QUIET)
    assert len(cached.engine.texts) == texts + len(failing)
