"""The one place where an error becomes words."""

import logging

import discord
from discord import app_commands

from cogs.access import AccessRefusedError
from cogs.text_channels import UNREACHABLE
from cogs.thinking import ACKNOWLEDGED, is_answered
from services.core.errors import BotError

log = logging.getLogger(__name__)

EXPIRED = frozenset({10015, 10062, 50027, ACKNOWLEDGED})
"""Discord's codes for an interaction that nobody can answer any more, or that has its answer."""

NOT_ALLOWED = "I'm not allowed to do that here. Please check my permissions (/doctor shows them)."
OUTDATED = "That command has changed. Please try again in a minute, or restart Discord."
UNEXPECTED = "Something went wrong on my side. It is in the log; please try again."


def explain(error: BaseException) -> str:
    """Return one polite sentence for any error."""
    error = _unwrapped(error)
    match error:
        case BotError():
            return error.user_message
        case app_commands.MissingPermissions():
            names = ", ".join(map(_as_discord_shows, error.missing_permissions))
            return f"Only members with the permission {names} may use this command."
        case app_commands.NoPrivateMessage():
            return "This command works in a server, not in direct messages."
        case app_commands.CommandOnCooldown():
            return f"Please wait {error.retry_after:.0f} s before using this command again."
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return OUTDATED
        case app_commands.TransformerError():
            return f"I can't use “{error.value}” there. Please choose another value."
        case AccessRefusedError():
            return str(error)
        case app_commands.CheckFailure():
            return "You may not use this command here."
        case discord.Forbidden():
            return NOT_ALLOWED
        case discord.DiscordServerError():
            return "Discord has a problem right now. Please try again in a moment."
    return UNEXPECTED


async def on_command_error(
    interaction: discord.Interaction, error: app_commands.AppCommandError
) -> None:
    """Answer a failed slash command with one ephemeral sentence; log what nobody expected."""
    name = interaction.command.qualified_name if interaction.command else "?"
    await tell_failure(interaction, error, of=f"Command /{name}")


async def tell_failure(interaction: discord.Interaction, error: Exception, *, of: str) -> None:
    """Answer what a person did, named by `of`, with one ephemeral sentence on why it failed."""
    failure = _unwrapped(error)
    if isinstance(failure, discord.HTTPException) and failure.code in EXPIRED:
        log.warning("%s was answered too late or twice: %s", of, failure)
        return
    sentence = explain(error)
    if sentence is UNEXPECTED:
        log.error("%s failed", of, exc_info=failure)
    try:
        if is_answered(interaction):
            await interaction.followup.send(sentence, ephemeral=True)
        else:
            await interaction.response.send_message(sentence, ephemeral=True)
    except UNREACHABLE as refusal:
        log.warning("An error could not be shown to its user: %s", refusal)


def _as_discord_shows(permission: str) -> str:
    """Return a permission's name as people find it in Discord ("manage_guild": Manage Server)."""
    return permission.replace("guild", "server").replace("_", " ").title()


def _unwrapped(error: BaseException) -> BaseException:
    while isinstance(error, app_commands.CommandInvokeError):
        error = error.original
    return error
