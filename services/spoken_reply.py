import asyncio
import logging
import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Final

from services.core.errors import BotError, ProviderError
from services.core.metrics import TurnMetrics
from services.core.protocols import TTS, AudioEncoder, AudioOutput
from services.core.types import FRAME_SECONDS, AudioChunk, PlaybackResult, VoiceStyle
from services.language_detection import ReplyLanguage
from services.speaking_pace import SpeakingPace
from services.speech_alignment import SpeechAlignment
from services.speech_ladder import Rung, SpeechLadder
from services.speech_phrases import phrases_for
from services.speech_pieces import Ending, Piece, PieceCutter
from services.speech_said import prepare, said
from services.speech_text import SpeechText

log = logging.getLogger(__name__)

MAX_CHARACTERS: Final = 20_000
"""Shown text beyond this (some 20 minutes of speech) is not spoken."""

PAUSES: Final[Mapping[Ending, float]] = {"word": 0.0, "clause": 0.1, "sentence": 0.25}
"""Silence after a piece, seconds."""

FIRST_BATCH: Final = 0.04
BATCH: Final = 0.48
"""Least and most sound encoded in one go, seconds; between them as much as is still queued."""

SILENCE: Final = b"\xf8\xff\xfe"
"""An Opus frame of silence, as Discord's documentation gives it."""

REST_NOT_SPOKEN: Final = "I could not speak all of my answer."

_WORDS: Final = re.compile(r"\s*\S+|\s+")


class SpokenReply:
    """Speak one reply while it is being written (a Speech).

    `run` filters, cuts, synthesises and encodes, one piece at a time and at most the output's
    buffer ahead of what is heard; `push` only leaves text for it. A piece whose synthesis fails
    is left out from there on; after two in a row the rest is given up. `run` then still plays
    what there is and raises: the engine's own error when nothing was said, else a ProviderError
    whose `user_message` tells that a part is missing. A reply that was stopped raises nothing.
    With `streaming` False nothing is spoken before `end`. When the engine is slower than speech
    the SpeechLadder decides what follows; that a part is left out is said once, at the end. So it
    is after `max_seconds` of speech (0: no limit), at a sentence end. With `detect_language`
    pieces that are clearly in another language than the style's are said in it.
    """

    def __init__(
        self,
        *,
        tts: TTS,
        encoder: Callable[[], AudioEncoder],
        output: AudioOutput,
        style: VoiceStyle,
        metrics: TurnMetrics,
        names: Mapping[int, str],
        pace: SpeakingPace,
        min_length: int,
        max_length: int,
        streaming: bool,
        max_seconds: float,
        detect_language: bool,
    ) -> None:
        self._tts, self._new_encoder, self._output = tts, encoder, output
        self._style, self._metrics, self._pace = style, metrics, pace
        self._filter = SpeechText(language=style.language, names=names)
        self._ladder = SpeechLadder(pace)
        self._cutter = PieceCutter(min_length=min_length, max_length=max_length)
        self._alignment = SpeechAlignment()
        self._pushed: deque[str] = deque()  # bounded by MAX_CHARACTERS
        self._length = 0
        self._streaming = streaming
        self._max_seconds = max_seconds
        self._language = ReplyLanguage(style.language) if detect_language else None
        self._spoken = 0.0  # seconds of sound
        self._ended = self._complete = False
        self._news = asyncio.Event()
        self._dry_at = 0.0  # when all that was written will have been played, on the loop's clock
        self._unclaimed = ""  # shown text that the next sound begins to say
        self._spoke = False
        self._failure: BotError | None = None

    def push(self, text: str) -> None:
        """Take more of the shown text; what exceeds MAX_CHARACTERS is not spoken."""
        room = MAX_CHARACTERS - self._length
        if room <= 0 or self._ended:
            return
        self._length += len(text)
        self._pushed.append(text[:room])
        self._news.set()
        if self._length >= MAX_CHARACTERS:
            log.warning("A reply is too long to be spoken whole")

    def end(self) -> None:
        """Declare the text complete."""
        self._ended = True
        self._news.set()

    def stop(self) -> None:
        """Fall silent at once; `run` then returns what was heard."""
        self._output.clear()

    async def run(self) -> PlaybackResult:
        """Speak until all was heard or the output was cleared. Raises ProviderError, VoiceError."""
        try:
            async with asyncio.TaskGroup() as group:
                speaking = group.create_task(self._speak(), name="speak")
                result = await self._output.wait_for_playout()
                speaking.cancel()
        finally:
            self._output.clear()
        self._metrics.mark("audio_done")
        if self._failure is not None and not result.interrupted:
            raise _partly_spoken(self._failure) if self._spoke else self._failure
        return result

    async def _speak(self) -> None:
        try:
            encoder = await asyncio.to_thread(self._prepare)
            failures, ending = 0, "sentence"
            while failures < 2 and (piece := await self._next_piece()) is not None:
                if ending == "sentence" and 0 < self._max_seconds <= self._spoken:
                    self._ladder.left_out = True
                    break
                failures = 0 if await self._say(piece, encoder) else failures + 1
                ending = piece.ending
            if self._ladder.left_out:
                self._unclaimed = " "  # a piece of its own, for which nothing was shown
                rest = phrases_for(self._style.language).rest
                await self._say(Piece(rest, "sentence"), encoder)
        except BotError as error:
            self._failure = error
        self._output.end()

    def _prepare(self) -> AudioEncoder:
        prepare(self._style.language)
        return self._new_encoder()

    async def _next_piece(self) -> Piece | None:
        """Return the next piece as it is said, None at the end."""
        while self._ladder.rung is not Rung.TEXT:
            self._news.clear()
            self._feed()
            piece = self._cutter.next(queued=self._queued(), pace=self._pace)
            if piece is not None:
                self._unclaimed += self._alignment.take(piece.text)
                if self._cutter.finished:
                    self._unclaimed += self._alignment.rest()
                if not self._ladder.wants(piece):
                    self._unclaimed = ""
                    continue
                if self._language is not None:
                    await self._follow(self._language.hear(piece.text))
                words = said(piece.text, language=self._style.language)
                if any(character.isalnum() for character in words):
                    return replace(piece, text=words)
            elif self._cutter.finished:
                return None
            else:
                await self._text_or_urgency()
        self._ladder.left_out = not self._cutter.finished
        return None

    async def _follow(self, language: str) -> None:
        """Go on in another language; its tables are loaded at its first use (0.05 s)."""
        if language != self._style.language:
            await asyncio.to_thread(prepare, language)
            self._style = replace(self._style, language=language)
            self._filter.speak(language)

    def _feed(self) -> None:
        if not (self._streaming or self._ended):
            return
        while self._pushed:
            for word in _WORDS.findall(self._pushed.popleft()):
                self._hear(word, self._filter.push(word))
        if self._ended and not self._complete:
            self._complete = True
            self._hear("", self._filter.flush())
            self._cutter.end()

    def _hear(self, shown: str, spoken: str) -> None:
        self._alignment.add(shown, spoken)
        if spoken:
            self._cutter.push(spoken)

    async def _text_or_urgency(self) -> None:
        """Wait for more text, at most until so little sound is queued that any will do."""
        spare = self._queued() - self._cutter.reserve(self._pace)
        with suppress(TimeoutError):
            async with asyncio.timeout(spare if spare > 0 else None):
                await self._news.wait()

    async def _say(self, piece: Piece, encoder: AudioEncoder) -> bool:
        """Speak a piece and the pause behind it; return whether the engine said all of it."""
        self._metrics.mark("ttfs")
        spoken, ready_made = True, False
        try:
            ready_made = await self._synthesize(piece, encoder)
        except ProviderError as error:
            log.warning("A piece of a reply could not be spoken: %s", error.brief)
            self._failure = self._failure or error
            self._unclaimed = ""
            spoken = False
        pause = 0.0 if self._cutter.finished else PAUSES[piece.ending]
        if ready_made:
            await self._write([SILENCE] * round(pause / FRAME_SECONDS))
        else:
            await self._write(await asyncio.to_thread(encoder.finish, pause=pause))
        return spoken

    async def _synthesize(self, piece: Piece, encoder: AudioEncoder) -> bool:
        """Play a piece's sound; return whether it came as packets, encoded before."""
        ready_made = False
        now = asyncio.get_running_loop().time
        sound = waited = 0.0
        async with aclosing(self._tts.synthesize(piece.text, self._style)) as chunks:
            asked = now()
            async for chunk in chunks:
                waited += now() - asked
                sound += _pcm_seconds(chunk)
                ready_made = bool(chunk.packets)
                await self._play(chunk, encoder)
                asked = now()
            waited += now() - asked
        if not ready_made:  # what was made before says nothing of the engine
            self._pace.observe(characters=len(piece.text), sound=sound, waited=waited)
            if self._ladder.observe(sound=sound, waited=waited):
                self._step_down()
        return ready_made

    def _step_down(self) -> None:
        """Ask for a faster engine from now on; it has a pace of its own."""
        log.info("Speech is made too slowly: %s", self._ladder.rung.name)
        if not self._style.hurried:
            self._style = replace(self._style, hurried=True)
            self._pace = SpeakingPace()

    async def _play(self, chunk: AudioChunk, encoder: AudioEncoder) -> None:
        await self._write(chunk.packets)
        start = 0
        while start < len(chunk.pcm):
            seconds = max(FIRST_BATCH, min(BATCH, self._queued()))
            end = start + 2 * round(seconds * chunk.sample_rate)
            part = AudioChunk(pcm=chunk.pcm[start:end], sample_rate=chunk.sample_rate)
            await self._write(await asyncio.to_thread(encoder.encode, part))
            start = end

    async def _write(self, packets: Sequence[bytes]) -> None:
        if not packets:
            return
        now = asyncio.get_running_loop().time()
        self._spoken += len(packets) * FRAME_SECONDS
        self._dry_at = max(self._dry_at, now) + len(packets) * FRAME_SECONDS
        self._spoke = True
        text, self._unclaimed = self._unclaimed, ""
        await self._output.write(AudioChunk(packets=tuple(packets), text=text))

    def _queued(self) -> float:
        return max(0.0, self._dry_at - asyncio.get_running_loop().time())


def _pcm_seconds(chunk: AudioChunk) -> float:
    return len(chunk.pcm) / 2 / chunk.sample_rate


def _partly_spoken(cause: BotError) -> ProviderError:
    error = ProviderError(str(cause), user_message=REST_NOT_SPOKEN)
    error.__cause__ = cause
    return error
