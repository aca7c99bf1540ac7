"""What a message brings beside its text: what it replies to or forwards, and files."""

from itertools import chain

import discord

from cogs.addressing import readable
from cogs.text_channels import UNREACHABLE
from services.core.types import Quote, TextFile
from services.turn_reader import NOT_TEXT

TEXT_TYPES = frozenset({"application/json", "application/xml", "application/x-yaml"})
IMAGE, TEXT = "image/", "text/"

SUFFIXES = (
    *(".txt", ".md", ".rst", ".log", ".csv", ".tsv", ".json", ".yaml", ".yml", ".toml", ".ini"),
    *(".cfg", ".conf", ".xml", ".html", ".css", ".tex", ".srt", ".diff", ".patch", ".sql", ".sh"),
    *(".py", ".js", ".ts", ".c", ".h", ".cpp", ".cs", ".java", ".kt", ".go", ".rs", ".rb", ".php"),
)
"""How the names of files end that are text, whatever type they are given."""

MYSELF = "you"


def quote_of(message: discord.Message, bot_id: int) -> Quote | None:
    """Return what a message forwards or replies to; its text is None where it must be fetched."""
    if message.message_snapshots:
        forwarded = "\n\n".join(snapshot.content for snapshot in message.message_snapshots)
        return Quote("", forwarded)
    reference = message.reference
    if reference is None or reference.type is not discord.MessageReferenceType.reply:
        return None
    if isinstance(reference.resolved, discord.Message):
        return quotation(reference.resolved, bot_id)
    if reference.resolved is not None or reference.message_id is None:
        return None
    here = reference.channel_id == message.channel.id
    return Quote("", None, reference.message_id) if here else None


def quotation(message: discord.Message, bot_id: int) -> Quote:
    """Return a message as another one quotes it."""
    mine = message.author.id == bot_id
    author = MYSELF if mine else message.author.display_name
    text = readable(message, bot_id)
    texts = [text] if text else [each.description or each.title or "" for each in message.embeds]
    author_id = 0 if mine else message.author.id
    return Quote(author, "\n\n".join(texts), message.id, author_id)


async def fetch_quote(client: discord.Client, channel_id: int, message_id: int) -> Quote:
    """Ask Discord for a message that is quoted. Raises OSError."""
    channel = client.get_partial_messageable(channel_id)
    try:
        message = await channel.fetch_message(message_id)
    except UNREACHABLE as error:
        raise OSError(str(error)) from error
    return quotation(message, client.user.id if client.user else 0)


def files_of(message: discord.Message) -> tuple[TextFile, ...]:
    """Return the files of a message, those it forwards too, but for images."""
    forwarded = (snapshot.attachments for snapshot in message.message_snapshots)
    attachments = chain(message.attachments, *forwarded)
    return tuple(_file(each) for each in attachments if not _type(each).startswith(IMAGE))


def _file(attachment: discord.Attachment) -> TextFile:
    kind = _type(attachment)
    is_text = kind.startswith(TEXT) or kind in TEXT_TYPES
    is_text = is_text or attachment.filename.lower().endswith(SUFFIXES)
    problem = "" if is_text else NOT_TEXT
    return TextFile(attachment.filename, attachment.url, attachment.size, problem=problem)


def _type(attachment: discord.Attachment) -> str:
    return (attachment.content_type or "").partition(";")[0].strip().lower()
