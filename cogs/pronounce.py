# ruff: noqa: RUF001 - phonemes look like letters
import logging
from collections.abc import Mapping
from typing import Final

import discord
from discord import app_commands
from discord.ext import commands

from cogs.addressing import guild_of
from cogs.settings_report import pages
from cogs.thinking import think
from services.core.errors import StorageError
from services.preferences import PreferenceStore
from services.pronunciation import (
    LONGEST_SAYING,
    LONGEST_WORD,
    PronunciationBook,
    Saying,
    parse_saying,
)

log = logging.getLogger(__name__)

Interaction = discord.Interaction[commands.Bot]

CHOICES: Final = 25
"""Suggestions that Discord shows at most."""

EMPTY: Final = "The book is empty: I say words as I find them."

_NOT_SHOWN: Final = str.maketrans("", "", "`")


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class Pronounce(commands.GroupCog, group_name="pronounce"):
    """Keep the book of how words are said in this server."""

    def __init__(self, books: PreferenceStore[PronunciationBook]) -> None:
        self._books = books

    async def interaction_check(self, interaction: Interaction) -> bool:  # type: ignore[override]
        """Let nobody in but members who may manage the server, whatever Discord's list says."""
        if not interaction.permissions.manage_guild:
            raise app_commands.MissingPermissions(["manage_guild"])
        return True

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Forget the book of a guild that the bot is no longer in; an outage is none."""
        try:
            await self._books.forget(guild.id)
        except StorageError as error:
            log.error("The book of a server that I left is still there: %s", error)

    @app_commands.command()
    @app_commands.describe(
        word="The word or words; with capitals only as written, else in any case",
        saying="As it sounds, or in IPA between slashes, or both: day-ta /ˈdeɪtə/",
    )
    async def add(
        self,
        interaction: Interaction,
        word: app_commands.Range[str, 1, LONGEST_WORD],
        saying: app_commands.Range[str, 1, LONGEST_SAYING],
    ) -> None:
        """Write down how a word is said here; an earlier saying of it is replaced."""
        await think(interaction, ephemeral=True)
        guild = guild_of(interaction)
        book = await self._books.change(guild, lambda now: now.with_entry(word, saying))
        kept = book.find(word) or word
        await interaction.edit_original_response(content=told(kept, book.entries[kept]))

    @app_commands.command(name="list")
    async def show(self, interaction: Interaction) -> None:
        """Show how words are said here."""
        await think(interaction, ephemeral=True)
        first, *others = pages(listing(self._books.get(guild_of(interaction)).entries))
        await interaction.edit_original_response(content=first)
        for page in others:
            await interaction.followup.send(page, ephemeral=True)

    @app_commands.command()
    @app_commands.describe(word="The word to say as usual again")
    async def remove(self, interaction: Interaction, word: str) -> None:
        """Take a word out of the book."""
        await think(interaction, ephemeral=True)
        await self._books.change(guild_of(interaction), lambda now: now.without(word))
        await interaction.edit_original_response(content=f"I say {_shown(word)} as usual again.")

    @remove.autocomplete("word")
    async def _suggest(
        self, interaction: Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        words = self._books.get(guild_of(interaction)).entries if interaction.guild_id else {}
        found = sorted(word for word in words if typed.casefold() in word.casefold())
        return [app_commands.Choice(name=word, value=word) for word in found[:CHOICES]]


def told(word: str, saying: str) -> str:
    """Return what was written down, and who can't say it so."""
    words, phonemes = parse_saying(saying)
    lines = [f"Done: {_entry(word, Saying(words, phonemes))}."]
    if phonemes:
        others = f"say {_shown(words)}" if words else "read the word as it is written"
        lines += [f"Only Kokoro takes phonemes, in English; other voices {others}."]
    return "\n".join(lines)


def listing(entries: Mapping[str, str]) -> list[str]:
    """Return the book, a line for each word."""
    words = sorted(entries, key=str.casefold)
    return [_entry(word, parse_saying(entries[word])) for word in words] or [EMPTY]


def _entry(word: str, saying: Saying) -> str:
    phonemes = f"/{saying.phonemes}/" if saying.phonemes else ""
    said = " ".join(part for part in (saying.words, phonemes) if part)
    return f"{_shown(word)} → {_shown(said)}"


def _shown(words: str) -> str:
    return f"`{words.translate(_NOT_SHOWN)}`"
