from collections.abc import Callable, Mapping

from services.core.errors import NotInVoiceError
from services.core.metrics import TurnMetrics
from services.core.protocols import TTS, AudioEncoder, AudioOutput, Speech
from services.core.types import PlaybackResult, VoiceStyle
from services.speaking_pace import SpeakingPace
from services.spoken_reply import SpokenReply

OpenOutput = Callable[[int, Callable[[float], None]], AudioOutput | None]
"""Open an utterance in a guild, None where the bot is in no voice channel; the function given is
called in the event loop with the time at which the first frame was sent."""


class Speaker:
    """Speak in guilds: one engine, one measure of its pace, an encoder for each utterance.

    `encoder` makes an encoder (in a worker thread); `min_length` and `max_length` bound the
    pieces that the engine gets, characters; without `streaming` a reply is spoken when it is whole.
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
    ) -> None:
        self._tts = tts
        self._encoder = encoder
        self._open_output = open_output
        self._min_length = min_length
        self._max_length = max_length
        self._streaming = streaming
        self._pace = SpeakingPace()

    def open(
        self, guild_id: int, *, style: VoiceStyle, metrics: TurnMetrics, names: Mapping[int, str]
    ) -> Speech | None:
        """Return the speech of a reply, None where the bot is in no voice channel.

        `names` are the display names of those who may be mentioned. Raises BusyError.
        """
        output = self._open_output(guild_id, lambda _: metrics.mark("ttfa"))
        if output is None:
            return None
        return SpokenReply(
            tts=self._tts,
            encoder=self._encoder,
            output=output,
            style=style,
            metrics=metrics,
            names=names,
            pace=self._pace,
            min_length=self._min_length,
            max_length=self._max_length,
            streaming=self._streaming,
        )

    async def say(self, guild_id: int, text: str, *, style: VoiceStyle) -> PlaybackResult:
        """Speak a whole text. Raises NotInVoiceError, BusyError, ProviderError, VoiceError."""
        speech = self.open(guild_id, style=style, metrics=TurnMetrics("say", 0.0), names={})
        if speech is None:
            raise NotInVoiceError(f"no voice output in guild {guild_id}")
        speech.push(text)
        speech.end()
        return await speech.run()
