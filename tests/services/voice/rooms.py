"""Voice channels, and clients that connect to them at once."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import discord

ME = 1


class FakeClient:
    """A voice client that connects at once and moves where it is told."""

    def __init__(self, channel: "FakeChannel") -> None:
        self.channel = channel
        self.guild = channel.guild
        self.guild.voice_client = self
        self.connected = True
        self.speaking = False
        self.on_gone: Callable[[], None] | None = None
        self.latency = 0.02
        self.dave_active = True
        self.moves = True
        self.end_code: int | None = None
        self.suppressed: float | None = None
        self._gone = False

    @property
    def forgotten(self) -> bool:
        return self.guild.voice_client is not self

    def send_frame(self, packet: bytes) -> bool:
        return self.connected

    async def announce_speaking(self) -> None:
        self.speaking = True

    async def move_to(self, channel: "FakeChannel", *, timeout: float) -> None:
        if self.moves:
            self.channel = channel
            self.guild.on_move()
            await asyncio.sleep(0.1)  # the new voice server's handshake

    async def disconnect(self, *, force: bool) -> None:
        self.cleanup()

    def cleanup(self) -> None:
        self.connected = False
        if self._gone:
            return
        self._gone = True
        if self.guild.voice_client is self:
            self.guild.voice_client = None
        if self.on_gone is not None:
            self.on_gone()


class FakeChannel:
    """A voice channel whose next attempts to connect fail as scripted."""

    def __init__(self, guild: Any, channel_id: int = 10, **allowed: bool) -> None:
        self.guild = guild
        self.id = channel_id
        guild.channels[channel_id] = self
        self.name = f"Room {channel_id}"
        self.failures: list[BaseException] = []
        self.connects = 0
        self.takes = 0.0
        self.user_limit = 0
        self.voice_states: dict[int, None] = {}
        rights = {"view_channel": True, "connect": True, "speak": True, "move_members": False}
        self.allowed = SimpleNamespace(**(rights | allowed))

    def permissions_for(self, member: object) -> Any:
        return self.allowed

    async def connect(self, *, cls: object, timeout: float, reconnect: bool) -> FakeClient:
        self.connects += 1
        await asyncio.sleep(self.takes)
        if self.failures:
            raise self.failures.pop(0)
        return FakeClient(self)

    @property
    def real(self) -> discord.VoiceChannel:
        return cast("discord.VoiceChannel", self)


def guild() -> Any:
    """Return a server in which nobody is known but the bot."""
    members = {ME: SimpleNamespace(id=ME, bot=True, voice=None)}
    made = SimpleNamespace(id=5, me=members[ME], voice_client=None, afk_channel=None)
    made.on_move = lambda: None  # stands for Discord's voice state of the bot
    made.members, made.channels = members, {}
    made.get_member, made.get_channel = members.get, made.channels.get
    return made
