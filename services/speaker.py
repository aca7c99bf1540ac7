from collections.abc import Callable, Mapping
from typing import Protocol

from services.core.asker import asker_id
from services.core.errors import NotInVoiceError
from services.core.metrics import TurnMetrics
from services.core.protocols import TTS, AudioEncoder, AudioOutput, Speech
from services.core.types import Author, PlaybackResult, VoiceStyle
from services.speaking_pace import SpeakingPace
from services.spoken_reply import SpokenReply


class OpenOutput(Protocol):
    """Open an utterance in a guild, None where the bot is in no voice channel.

    `on_first_frame` is called in the event loop with the time at which the first frame was sent;
    `in_line` lets nobody who asks later be heard sooner; `asker` is who is answered. Raises
    BusyError.
    """

    def __call__(
        self,
        guild_id: int,
        on_first_frame: Callable[[float], None],
        *,
        in_line: bool,
        asker: Author,
    ) -> AudioOutput | None:
        """Open it."""
        ...


class Speaker:
    """Speak in guilds: one engine, one measure of its pace, an encoder for each utterance.

    `encoder` makes an encoder (in a worker thread); `min_length` and `max_length` bound the
    pieces that the engine gets, characters; without `streaming` a reply is spoken when it is whole.
    Replies end after `max_seconds`, 0 for no limit; with `detect_language` they are said in the
    language in which they are written (see SpokenReply). `pronounced` makes the engine one that
    says a guild's words as it wants.
    """

    def __init__(
        self,
        *,
        tts: TTS,
        encoder: Callable[[], AudioEncoder],
        open_output: OpenOutput,
        min_length: int,
        max_length: int,
        streaming: bool,
        max_seconds: float,
        detect_language: bool,
        pronounced: Callable[[TTS, int], TTS],
    ) -> None:
        self._tts = tts
        self._pronounced = pronounced
        self._encoder = encoder
        self._open_output = open_output
        self._min_length = min_length
        self._max_length = max_length
        self._streaming = streaming
        self._max_seconds = max_seconds
        self._detect_language = detect_language
        self._pace = SpeakingPace()

    def open(
        self,
        guild_id: int,
        *,
        asker: Author,
        style: VoiceStyle,
        metrics: TurnMetrics,
        names: Mapping[int, str],
        in_line: bool = False,
    ) -> Speech | None:
        """Return the speech of a reply, None where the bot is in no voice channel.

        It is heard as soon as it has sound and nobody else is heard; `in_line` makes it wait its
        turn, and others wait for it, and speaks the whole text. `names` are the display names of
        those who may be mentioned. Raises BusyError.
        """
        output = self._open_output(
            guild_id, lambda _: metrics.mark("ttfa"), in_line=in_line, asker=asker
        )
        if output is None:
            return None
        return SpokenReply(
            tts=self._pronounced(self._tts, guild_id),
            encoder=self._encoder,
            output=output,
            style=style,
            metrics=metrics,
            names=names,
            pace=self._pace,
            min_length=self._min_length,
            max_length=self._max_length,
            streaming=self._streaming,
            max_seconds=0.0 if in_line else self._max_seconds,
            detect_language=self._detect_language,
        )

    async def say(
        self, guild_id: int, text: str, *, asker: Author, style: VoiceStyle
    ) -> PlaybackResult:
        """Speak a whole text, in the order of the calls.

        Raises NotInVoiceError, BusyError, ProviderError, VoiceError.
        """
        metrics = TurnMetrics("say", 0.0)
        speech = self.open(
            guild_id, asker=asker, style=style, metrics=metrics, names={}, in_line=True
        )
        if speech is None:
            raise NotInVoiceError(f"no voice output in guild {guild_id}")
        speech.push(text)
        speech.end()
        before = asker_id.set(asker.id)
        try:
            return await speech.run()
        finally:
            asker_id.reset(before)
