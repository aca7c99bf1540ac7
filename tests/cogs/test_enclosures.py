from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, MagicMock

import discord
import pytest

from cogs.enclosures import fetch_quote, files_of, quote_of
from services.core.types import Quote
from services.turn_reader import NOT_TEXT

BOT = 99
REPLY = discord.MessageReferenceType.reply


def replied(author: int = 7, text: str = "Hi <@99>", embeds: list[Any] | None = None) -> Any:
    message = MagicMock(spec=discord.Message, id=5, content=text, mentions=[], embeds=embeds or [])
    message.author = SimpleNamespace(id=author, display_name="Ana")
    return message


def message(resolved: object = None, *, channel: int = 100, **changes: Any) -> Any:
    reference = SimpleNamespace(type=REPLY, resolved=resolved, message_id=5, channel_id=channel)
    fields: dict[str, Any] = {
        "channel": SimpleNamespace(id=100),
        "reference": reference,
        "message_snapshots": [],
        "attachments": [],
    }
    return SimpleNamespace(**fields | changes)


def attachment(name: str, kind: str | None = None) -> Any:
    return SimpleNamespace(filename=name, content_type=kind, url=f"u/{name}", size=3)


@pytest.mark.parametrize(
    ("said", "quote"),
    [
        (message(reference=None), None),
        (message(replied()), Quote("Ana", "Hi", 5, 7)),
        (message(replied(BOT)), Quote("you", "Hi", 5)),
        (
            message(replied(text="", embeds=[discord.Embed(title="News")])),
            Quote("Ana", "News", 5, 7),
        ),
        (message(MagicMock(spec=discord.DeletedReferencedMessage)), None),
        (message(None), Quote("", None, 5)),
        (message(None, channel=200), None),
        (message(message_snapshots=[SimpleNamespace(content="News.")]), Quote("", "News.")),
    ],
    ids=["none", "person", "bot", "embed", "deleted", "not sent", "elsewhere", "forwarded"],
)
def test_what_a_message_refers_to_is_quoted(said: Any, quote: Quote | None) -> None:
    assert quote_of(said, BOT) == quote


async def test_a_message_that_discord_left_out_is_fetched() -> None:
    client: Any = MagicMock(user=SimpleNamespace(id=BOT))
    fetch = client.get_partial_messageable.return_value.fetch_message = AsyncMock()
    fetch.return_value = replied()
    assert await fetch_quote(client, 100, 5) == Quote("Ana", "Hi", 5, 7)
    fetch.side_effect = discord.NotFound(MagicMock(status=404, reason="no"), "no")
    with pytest.raises(OSError, match="404"):
        await fetch_quote(client, 100, 5)


@pytest.mark.parametrize(
    ("name", "kind", "problem"),
    [
        ("a.txt", "text/plain; charset=utf-8", ""),
        ("Makefile", "text/x-makefile", ""),
        ("a.json", "application/json", ""),
        ("A.LOG", None, ""),
        ("a.py", "application/octet-stream", ""),
        ("a.zip", "application/zip", NOT_TEXT),
        ("noname", None, NOT_TEXT),
    ],
)
def test_text_files_are_told_from_others(name: str, kind: str | None, problem: str) -> None:
    [file] = files_of(message(attachments=[attachment(name, kind)]))
    assert (file.name, file.problem) == (name, problem)


def test_images_are_no_files_and_forwarded_ones_are() -> None:
    snapshot = SimpleNamespace(content="", attachments=[attachment("a.md")])
    said = message(attachments=[attachment("a.png", "image/png")], message_snapshots=[snapshot])
    assert [file.name for file in files_of(said)] == ["a.md"]
