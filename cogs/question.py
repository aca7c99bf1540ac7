import discord

from services.core.errors import BotError
from services.core.types import HistoryEntry

GONE = "The question is gone, so I can't answer it again."
FORGOTTEN = "I no longer know that question. Please ask it again."


async def read_again(
    channel: discord.PartialMessageable, question_id: int, kept: HistoryEntry | None
) -> list[discord.Message]:
    """Return the messages of a question as they are now, its own one last.

    `kept` is what the history knows of it: which messages it had. Those deleted are left out.
    Raises BotError when its own message was deleted or can't be read.
    """
    ids = kept.message_ids if kept is not None else (question_id,)
    found = [await _fetch(channel, each) for each in ids]
    if found[-1] is None:
        raise BotError(user_message=GONE)
    return [message for message in found if message is not None]


def said_before(kept: HistoryEntry | None) -> HistoryEntry:
    """Return a question as it is kept. Raises BotError when it was forgotten."""
    if kept is None or kept.role != "user":
        raise BotError(user_message=FORGOTTEN)
    return kept


async def _fetch(channel: discord.PartialMessageable, message_id: int) -> discord.Message | None:
    try:
        return await channel.fetch_message(message_id)
    except (discord.NotFound, discord.Forbidden):
        return None
