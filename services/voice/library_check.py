"""What the mended voice connection builds on in discord.py; most of it is private there."""

import logging

import discord
from discord.gateway import DiscordVoiceWebSocket
from discord.voice_state import SocketReader, VoiceConnectionState

from services.core.errors import VoiceConnectionError

log = logging.getLogger(__name__)

_CLASS_API: dict[type, tuple[str, ...]] = {
    VoiceConnectionState: (
        "_connect",
        "_connect_websocket",
        "_create_socket",
        "_handshake_websocket",
        "_inner_connect",
        "_poll_voice_ws",
        "_potential_reconnect",
        "_update_voice_channel",
        "_voice_connect",
        "_voice_disconnect",
        "_wait_for_state",
        "can_encrypt",
        "voice_state_update",
    ),
    SocketReader: ("_do_run", "register", "resume", "stop"),
    DiscordVoiceWebSocket: ("from_connection_state", "initial_connection", "received_message"),
    discord.VoiceClient: ("checked_add", "cleanup", "create_connection_state"),
}
_STATE_API = (
    *("_disconnected", "_expecting_disconnect", "_runner", "_socket_reader", "_state_event"),
    *("dave_protocol_version", "dave_session", "reconnect", "timeout"),
)
_CLIENT_API = ("_incr_nonce", "sequence", "timestamp")


def check_class_api() -> None:
    """Raise VoiceConnectionError when discord.py no longer has what this file builds on."""
    missing = [
        f"{owner.__name__}.{name}"
        for owner, names in _CLASS_API.items()
        for name in names
        if not hasattr(owner, name)
    ]
    _report(missing)


def check_instance_api(client: discord.VoiceClient, state: VoiceConnectionState) -> None:
    """Raise VoiceConnectionError when an attribute that we read is gone."""
    missing = [f"VoiceConnectionState.{name}" for name in _STATE_API if not hasattr(state, name)]
    missing += [f"VoiceClient.{name}" for name in _CLIENT_API if not hasattr(client, name)]
    _report(missing)


def _report(missing: list[str]) -> None:
    if not missing:
        return
    names = ", ".join(missing)
    log.error("discord.py %s has changed, voice needs %s", discord.__version__, names)
    raise VoiceConnectionError(
        f"discord.py {discord.__version__} lacks {names}",
        user_message="Voice does not work with the installed version of discord.py.",
    )
