import logging

import discord

log = logging.getLogger(__name__)

ACKNOWLEDGED = 40060
"""Discord's code for an interaction that has its first answer already."""


async def think(interaction: discord.Interaction, *, ephemeral: bool = False) -> None:
    """Acknowledge a command at once; its answer follows.

    Discord's word may be lost on its way. The library then asks again and is refused, though the
    user sees the bot think and waits.
    """
    try:
        await interaction.response.defer(ephemeral=ephemeral, thinking=True)
    except discord.HTTPException as error:
        if error.code != ACKNOWLEDGED:
            raise
        log.info("Interaction %s was acknowledged before", interaction.id)
