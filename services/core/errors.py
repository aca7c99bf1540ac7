"""Everything that can go wrong and has a name.

BotError                        user_message: safe to show; str(error): for the log
├── ConfigurationError          start-up only; one line, exit status 78
├── ProviderError               provider, status, retryable
│   ├── ProviderConnectionError     retryable
│   │   └── ProviderTimeoutError
│   ├── ProviderRateLimitError      retryable, retry_after
│   ├── ProviderAuthError
│   ├── ProviderRequestError
│   └── EmptyResponseError
├── VoiceError
│   ├── NotInVoiceError
│   ├── VoiceConnectionError    with Discord's close code in words
│   └── AudioDecodeError
├── BusyError                   a bound was reached: too fast, or too many waiting
└── StorageError
    └── CorruptHistoryError     the file is kept aside, never deleted
"""


class BotError(Exception):
    """Say what went wrong: `user_message` to the person, `str(error)` to the log."""

    user_message = "Something went wrong on my side. Please try again."

    def __init__(self, detail: str = "", *, user_message: str | None = None) -> None:
        super().__init__(detail or user_message or self.user_message)
        if user_message is not None:
            self.user_message = user_message

    @property
    def brief(self) -> str:
        """Say it without the words of others, which may repeat what people wrote."""
        return str(self)


class ConfigurationError(BotError):
    """Refuse to start; the detail is one sentence that says what to do."""


class ProviderError(BotError):
    """Report the failure of a model or speech server; `said` are the server's own words."""

    user_message = "The language model could not answer. Please try again."
    retryable = False

    def __init__(
        self,
        detail: str = "",
        *,
        provider: str = "",
        status: int | None = None,
        user_message: str | None = None,
        said: str = "",
    ) -> None:
        super().__init__(f"{detail}: {said}" if said else detail, user_message=user_message)
        self.provider = provider
        self.status = status
        self._said = said

    @property
    def brief(self) -> str:
        """Say it without the words of the server, which may repeat what people wrote."""
        return str(self).removesuffix(f": {self._said}") if self._said else str(self)


class ProviderConnectionError(ProviderError):
    """Report a server that cannot be reached, broke off, or answered 5xx."""

    user_message = "I can't reach the language model right now. Please try again in a moment."
    retryable = True


class ProviderTimeoutError(ProviderConnectionError):
    """Report a server that went silent."""

    user_message = "The language model took too long to answer. Please try again."


class ProviderRateLimitError(ProviderError):
    """Report a server that asks for a pause of `retry_after` seconds (None: it did not say)."""

    user_message = "The language model is busy right now. Please try again in a moment."
    retryable = True

    def __init__(
        self,
        detail: str = "",
        *,
        provider: str = "",
        status: int | None = 429,
        retry_after: float | None = None,
        said: str = "",
    ) -> None:
        super().__init__(detail, provider=provider, status=status, said=said)
        self.retry_after = retry_after


class ProviderAuthError(ProviderError):
    """Report a key that the server refuses."""

    user_message = "The language model refused the bot's key. The bot's owner has to set it right."


class ProviderRequestError(ProviderError):
    """Report a request that the server will never accept."""

    user_message = "The language model did not accept the request. Please try other words."


class EmptyResponseError(ProviderError):
    """Report an answer without any text."""

    user_message = "The language model gave an empty answer. Please try again."


class VoiceError(BotError):
    """Report a failure on the way to or from a voice channel."""

    user_message = "Something went wrong with the voice channel. Please try again."


class NotInVoiceError(VoiceError):
    """Report that a voice channel is needed and there is none."""

    user_message = "I'm not in a voice channel here. Use /join first."


class VoiceConnectionError(VoiceError):
    """Report a voice connection not made or lost; `code` is Discord's close code."""

    user_message = "I could not connect to the voice channel. Please try again."

    def __init__(
        self, detail: str = "", *, code: int | None = None, user_message: str | None = None
    ) -> None:
        super().__init__(detail, user_message=user_message)
        self.code = code


class AudioDecodeError(VoiceError):
    """Report sound that cannot be decoded."""


class BusyError(BotError):
    """Refuse politely because a bound was reached; `retry_after` is seconds, where known."""

    user_message = "I'm busy right now. Please try again in a moment."

    def __init__(
        self,
        detail: str = "",
        *,
        retry_after: float | None = None,
        user_message: str | None = None,
    ) -> None:
        super().__init__(detail, user_message=user_message)
        self.retry_after = retry_after


class StorageError(BotError):
    """Report that something kept on disk could not be read or written."""

    user_message = "I could not read or write my history. Please tell the bot's owner."


class CorruptHistoryError(StorageError):
    """Report a history file that was set aside because it cannot be read."""
