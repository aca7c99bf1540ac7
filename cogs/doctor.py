import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from importlib.metadata import version

import davey
import discord

from cogs.settings_report import SWITCH_ON_CONTENT, needs_content
from services.core.errors import BotError, ProviderError, VoiceError
from services.core.protocols import LLM, TTS
from services.core.types import ChatContext, ChatMessage, VoiceStyle
from services.preferences import GuildPreferences

GREETING = ChatContext((ChatMessage("user", "Say: ready."),), tokens=12)

LONGEST_WORDS = 200
"""Characters shown of what an engine or its server says; all findings are one message."""

MODEL_PATIENCE = 30.0
"""Seconds until a model that says nothing counts as silent."""

FIRST_FAILS = "the first one fails; the log says why"


@dataclass(frozen=True, slots=True)
class Finding:
    """Hold one thing that was looked at; `advice` says what to do where it is not well.

    `healthy` is None for a hint, where nothing is wrong but something could be better.
    """

    name: str
    healthy: bool | None
    words: str
    advice: str = ""

    def __str__(self) -> str:
        sign = {True: "✅", False: "❌", None: "💡"}[self.healthy]
        return f"{sign} **{self.name}**: {self.words}" + (f" — {self.advice}" * bool(self.advice))


class Doctor:
    """Examine what the bot needs to read, write and speak.

    `needed` are permissions by Discord's names, with words for each; `reads_everything` tells
    whether the content of all messages comes, `choices` are a guild's. `llm` is asked a word.
    `engines` are the voices by name; `load_opus` loads libopus and tells its version, and `better`
    says how to come to a better voice, or nothing: both in a thread.
    """

    def __init__(
        self,
        *,
        needed: Mapping[str, str],
        reads_everything: Callable[[], bool],
        choices: Callable[[int], GuildPreferences],
        llm: LLM,
        engines: Sequence[tuple[str, TTS]],
        style: VoiceStyle,
        load_opus: Callable[[], str],
        better: Callable[[], str],
    ) -> None:
        self._needed = needed
        self._reads_everything = reads_everything
        self._choices = choices
        self._llm = llm
        self._engines = engines
        self._style = style
        self._load_opus = load_opus
        self._better = better

    async def examine(self, interaction: discord.Interaction) -> list[Finding]:
        """Return every finding for the place where the command was used."""
        return [
            await asyncio.to_thread(self._encryption),
            self._reads_messages(interaction.guild_id or 0),
            self._permissions(interaction),
            await self._model(),
            await self._sound(),
            *[await self._voice(name, engine) for name, engine in self._engines],
            *await self._better_voice(),
        ]

    def _encryption(self) -> Finding:
        protocol = davey.DAVE_PROTOCOL_VERSION
        words = f"DAVE protocol {protocol}, davey {version('davey')}"
        return Finding("Voice encryption", protocol > 0, words)

    def _reads_messages(self, guild_id: int) -> Finding:
        if self._reads_everything():
            return Finding("Messages", True, "I can read all of them")
        needed = needs_content(self._choices(guild_id))
        words = "I can read mentions, replies and direct messages"
        return Finding("Messages", not needed, words, SWITCH_ON_CONTENT * needed)

    def _permissions(self, interaction: discord.Interaction) -> Finding:
        mine = interaction.app_permissions
        missing = [words for name, words in self._needed.items() if not getattr(mine, name)]
        if not missing:
            return Finding("Permissions here", True, "all that are needed")
        advice = "grant them to my role or in this channel's settings"
        return Finding("Permissions here", False, "I may not " + ", ".join(missing), advice)

    async def _model(self) -> Finding:
        """Have the model say a word, and look who said it: a second one may stand in for it."""
        began = time.perf_counter()
        words = note = ""
        try:
            with suppress(TimeoutError):
                async with (
                    asyncio.timeout(MODEL_PATIENCE),
                    aclosing(self._llm.stream(GREETING)) as deltas,
                ):
                    async for delta in deltas:
                        words = words or f"answers within {time.perf_counter() - began:.1f} s"
                        note = note or delta.note
        except BotError as error:
            why = " ".join(error.brief.split())[:LONGEST_WORDS]
            return Finding("Model", False, error.user_message, why)
        if not words:
            return Finding("Model", False, f"it said nothing within {MODEL_PATIENCE:.0f} s")
        if note:
            return Finding("Model", False, f"{words}, {note}", FIRST_FAILS)
        return Finding("Model", True, words)

    async def _sound(self) -> Finding:
        try:
            return Finding("Sound", True, f"libopus {await asyncio.to_thread(self._load_opus)}")
        except VoiceError as error:
            return Finding("Sound", False, str(error))

    async def _better_voice(self) -> list[Finding]:
        words = await asyncio.to_thread(self._better)
        return [Finding("Better voice", None, words)] if words else []

    async def _voice(self, name: str, engine: TTS) -> Finding:
        """Have the engine load and say a word, and listen to nothing but its beginning."""
        await engine.prewarm()
        began = time.perf_counter()
        try:
            async with aclosing(engine.synthesize("Ready.", self._style)) as chunks:
                await anext(chunks)
        except (ProviderError, StopAsyncIteration) as error:
            words = " ".join(str(error).split())[:LONGEST_WORDS] or "it made no sound"
            return Finding(f"Voice: {name}", False, words)
        took = time.perf_counter() - began
        return Finding(f"Voice: {name}", True, f"speaks within {took * 1000:.0f} ms")
