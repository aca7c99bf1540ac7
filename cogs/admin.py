import time
from collections.abc import Awaitable, Callable, Mapping

import discord
from discord import app_commands
from discord.ext import commands

from cogs.doctor import Doctor
from cogs.thinking import think
from services.core.metrics import STAGES, TurnStatistics

LABELS = {
    "batched": "turn complete",
    "context": "context ready",
    "ttft": "first token",
    "shown": "first text shown",
    "ttfs": "first sentence",
    "ttfa": "first sound",
    "text_done": "text complete",
    "audio_done": "speech complete",
}


class Admin(commands.Cog):
    """Show those who run the server how the bot does."""

    def __init__(
        self,
        *,
        statistics: TurnStatistics,
        doctor: Doctor,
        memory: Callable[[], Awaitable[Mapping[str, float]]],
    ) -> None:
        self._statistics = statistics
        self._doctor = doctor
        self._memory = memory
        self._started = time.monotonic()

    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.checks.has_permissions(manage_guild=True)
    async def stats(self, interaction: discord.Interaction) -> None:
        """Show uptime, turns, how long each stage of an answer takes, and what is cached."""
        await think(interaction, ephemeral=True)
        lines = [*self._report(), cache_in_words(await self._memory())]
        await interaction.edit_original_response(content="\n".join(filter(None, lines)))

    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.checks.has_permissions(manage_guild=True)
    async def doctor(self, interaction: discord.Interaction) -> None:
        """Check encryption, sound, intents, permissions here, voice and model."""
        await think(interaction, ephemeral=True)
        findings = await self._doctor.examine(interaction)
        await interaction.edit_original_response(content="\n".join(map(str, findings)))

    def _report(self) -> list[str]:
        statistics = self._statistics
        lines = [
            f"Up for {_duration(time.monotonic() - self._started)} · "
            f"{statistics.turns} {'turn' if statistics.turns == 1 else 'turns'} · "
            f"{statistics.errors} failed"
        ]
        percentiles = statistics.percentiles()
        if percentiles:
            rows = [
                f"{LABELS[stage]:<20}{percentiles[stage][0]:>8.2f}{percentiles[stage][1]:>8.2f}"
                for stage in STAGES
                if stage in percentiles
            ]
            head = f"{'seconds after asking':<20}{'median':>8}{'95 %':>8}"
            lines += ["```", head, *rows, "```"]
        return lines


def cache_in_words(stats: Mapping[str, float]) -> str:
    """Return a line on the phrases that are kept, "" before the first one was looked for."""
    asked = stats["cache_hits"] + stats["cache_misses"]
    if not asked:
        return ""
    share = stats["cache_hits"] / asked
    return (
        f"Phrase cache: {stats['cache_entries']:.0f} phrases · {stats['cache_mb']:.1f} MB · "
        f"{share:.0%} of {asked:.0f} found"
    )


def _duration(seconds: float) -> str:
    minutes, _ = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [f"{days} d"] * (days > 0) + [f"{hours} h"] * (hours > 0) + [f"{minutes} min"]
    return " ".join(parts)
