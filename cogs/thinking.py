import logging
from collections.abc import Iterator
from contextlib import contextmanager

import discord

log = logging.getLogger(__name__)

ACKNOWLEDGED = 40060
"""Discord's code for an interaction that has its first answer already."""

ANSWERED = "answered"
"""Under this an interaction's `extras` tell of an answer that the library does not know of."""


async def think(interaction: discord.Interaction, *, ephemeral: bool = False) -> None:
    """Acknowledge a command at once; its answer follows."""
    with answered_once(interaction):
        await interaction.response.defer(ephemeral=ephemeral, thinking=True)


def is_answered(interaction: discord.Interaction) -> bool:
    """Tell whether an interaction has its first answer."""
    return interaction.response.is_done() or interaction.extras.get(ANSWERED) is True


@contextmanager
def answered_once(interaction: discord.Interaction) -> Iterator[None]:
    """Take a first answer that is there already for the one that is being given.

    Discord's word may be lost on its way. The library then asks again and is refused, though the
    user sees the answer, and waits for what follows.
    """
    try:
        yield
    except discord.HTTPException as error:
        if error.code != ACKNOWLEDGED:
            raise
        interaction.extras[ANSWERED] = True
        log.info("Interaction %s was acknowledged before", interaction.id)
