from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import discord
import pytest

from cogs.addressing import addressed_text, clean, edited_text, overheard_text

BOT = 99


def message(content: str, **changes: Any) -> Any:
    fields: dict[str, Any] = {
        "content": content,
        "author": SimpleNamespace(id=1, bot=False),
        "webhook_id": None,
        "type": discord.MessageType.default,
        "mentions": [],
        "guild": SimpleNamespace(id=5),
        "reference": None,
    }
    return SimpleNamespace(**fields | changes)


def person(user_id: int, name: str) -> Any:
    return SimpleNamespace(id=user_id, display_name=name)


def reply_to(author_id: int) -> Any:
    replied = MagicMock(spec=discord.Message)
    replied.author = SimpleNamespace(id=author_id)
    return SimpleNamespace(resolved=replied)


def test_a_mention_is_for_the_bot_and_is_removed() -> None:
    said = message("<@99> hello", mentions=[person(BOT, "Bot")])
    assert addressed_text(said, BOT) == "hello"


def test_an_old_style_mention_in_the_middle_is_removed() -> None:
    said = message("hey <@!99> you", mentions=[person(BOT, "Bot")])
    assert addressed_text(said, BOT) == "hey   you"


def test_a_direct_message_is_for_the_bot() -> None:
    assert addressed_text(message("hello", guild=None), BOT) == "hello"


def test_a_reply_to_the_bot_is_for_it() -> None:
    assert addressed_text(message("and then?", reference=reply_to(BOT)), BOT) == "and then?"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"reference": reply_to(7)},
        {"mentions": [person(7, "Ana")]},
        {"guild": None, "author": SimpleNamespace(id=2, bot=True)},
        {"guild": None, "webhook_id": 3},
        {"guild": None, "type": discord.MessageType.pins_add},
    ],
    ids=["chatter", "reply to another", "mention of another", "bot", "webhook", "system message"],
)
def test_what_is_not_for_the_bot_is_left_alone(changes: dict[str, Any]) -> None:
    assert addressed_text(message("hello", **changes), BOT) is None


def test_other_mentions_become_names() -> None:
    people = [person(BOT, "Bot"), person(7, "Ana")]
    said = message("<@99> greet <@7> and <@8>", mentions=people)
    assert addressed_text(said, BOT) == "greet @Ana and @someone"


def test_only_a_mention_leaves_an_empty_text() -> None:
    assert addressed_text(message("<@99>", mentions=[person(BOT, "Bot")]), BOT) == ""


def test_control_characters_vanish_and_lines_stay() -> None:
    assert clean("\x00a\x1b[31m\r\nb\tc\u200b\x7f ") == "a[31m\nb\tc"


def test_joined_emoji_stay_whole() -> None:
    assert clean("👩\u200d👩\u200d👧") == "👩\u200d👩\u200d👧"


ANA: dict[str, Any] = {"id": "7", "username": "ana"}


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"content": "<@99> new", "edited_timestamp": "2026"}, "new"),
        ({"content": "greet <@7>", "mentions": [ANA | {"global_name": "Ana"}]}, "greet @Ana"),
        ({"content": "greet <@7>", "mentions": [ANA | {"member": {"nick": "A."}}]}, "greet @A."),
        ({"content": "greet <@7>"}, "greet @someone"),
        ({"content": "<@99> old", "edited_timestamp": None, "embeds": [{}]}, None),
        ({"pinned": True}, None),
        ({"content": "<@99>"}, None),
        ({"content": ""}, None),
    ],
)
def test_an_edit_is_read_from_what_discord_sends_of_it(
    data: dict[str, Any], text: str | None
) -> None:
    assert edited_text(data, BOT) == text


def overheard(content: str, **changes: Any) -> str | None:
    nobody: dict[str, Any] = {"role_mentions": [], "mention_everyone": False}
    return overheard_text(message(content, **nobody | changes), BOT)


@pytest.mark.parametrize("content", ["hello", "...well", "2 + 2?", "1️⃣ is one", "!!! no", ".5", "é"])
def test_free_chat_hears_what_people_say(content: str) -> None:
    assert overheard(content) == content


@pytest.mark.parametrize(
    "content",
    [
        "!play x",
        "!!play",
        "/ask x",
        "?help",
        ".skip",
        "👍",
        "<:smile:12>",
        "<a:x:1> 🎉",
        "5️⃣",
        "",
        "?",
    ],
)
def test_free_chat_ignores_commands_of_others_and_what_holds_no_word(content: str) -> None:
    assert overheard(content) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"mentions": [person(7, "Ana")]},
        {"role_mentions": [SimpleNamespace(id=3)]},
        {"mention_everyone": True},
        {"type": discord.MessageType.reply, "reference": reply_to(7)},
        {"author": SimpleNamespace(id=2, bot=True)},
        {"webhook_id": 3},
        {"type": discord.MessageType.pins_add},
    ],
    ids=["mention", "role", "everyone", "reply", "bot", "webhook", "system message"],
)
def test_free_chat_leaves_alone_what_is_said_to_others(changes: dict[str, Any]) -> None:
    assert overheard("hello", **changes) is None
