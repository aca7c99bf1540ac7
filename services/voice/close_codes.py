from services.core.errors import VoiceConnectionError

FINAL_CODES = frozenset({4004, 4016, 4017, 4021})
"""Close codes after which another attempt is hopeless, or unwelcome."""

MOVED_CODES = frozenset({4014, 4022})
"""Close codes of a client that was moved, or put out for good."""

PUT_OUT = 4014
"""The close code that stands for having been disconnected by somebody, or with the channel."""

CRASHED_CODE = 4015
"""The close code of a session that can be resumed."""

CLOSE_REASONS = {
    1000: "Discord ended the voice session",
    4001: "Discord did not understand a voice message",
    4002: "Discord could not read a voice message",
    4003: "the voice connection was used before it was identified",
    4004: "Discord refused the voice token",
    4005: "the voice connection was identified twice",
    4006: "the voice session is no longer valid",
    4009: "the voice session timed out",
    4011: "the voice server was not found",
    4012: "Discord does not know the voice protocol",
    4014: "I was disconnected from the voice channel",
    4015: "Discord's voice server crashed",
    4016: "Discord and I share no voice encryption",
    4017: "the channel demands end-to-end encryption (DAVE), which failed",
    4020: "Discord refused a voice message",
    4021: "Discord asks me to connect less often",
    4022: "the call was ended",
}
"""Discord's voice close codes in words; from its documentation of opcodes and status codes."""


def closed(code: int | None) -> VoiceConnectionError:
    """Return the error for a voice websocket that Discord closed."""
    reason = CLOSE_REASONS.get(code or 0, f"Discord closed the connection (code {code})")
    return VoiceConnectionError(
        f"voice websocket closed with {code}: {reason}",
        code=code,
        user_message=f"I could not connect to the voice channel: {reason}.",
    )
