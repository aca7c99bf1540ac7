from typing import Any
from unittest.mock import AsyncMock, MagicMock

import discord
import pytest

from cogs.speech_queue import SHOWN, WORDS, SpeechQueue, queue_in_words
from services.core.errors import BotError, NotInVoiceError
from services.core.types import Author

ANA, BEN, MOD = Author(1, "Ana"), Author(2, "Ben"), Author(3, "Mod")


def utterance(asker: Author | None, text: str = "Hello.") -> Any:
    return MagicMock(asker=asker, text=text)


def session(*utterances: Any, listeners: tuple[Author, ...] = (ANA, BEN)) -> Any:
    made = MagicMock(listeners=frozenset(each.id for each in listeners), channel_name="Lounge")
    made.output.current.return_value = utterances[0] if utterances else None
    made.output.in_order.return_value = list(utterances)
    return made


async def run(command: Any, asker: Author, where: Any, *, moderator: bool = False) -> str:
    interaction = MagicMock(guild_id=5, permissions=discord.Permissions(mute_members=moderator))
    interaction.user.id = asker.id
    interaction.response.send_message = AsyncMock()
    sessions = MagicMock()
    sessions.get.return_value = where
    await command.callback(SpeechQueue(sessions=sessions), interaction)
    [call] = interaction.response.send_message.await_args_list
    assert call.kwargs["ephemeral"]
    said: str = call.args[0]
    return said


@pytest.mark.parametrize(
    ("who", "moderator", "listeners"),
    [(ANA, False, (ANA, BEN)), (MOD, True, (ANA,)), (BEN, False, (BEN,))],
    ids=["its asker", "a moderator", "a listener, its asker having left"],
)
async def test_skip_ends_what_is_said(
    who: Author, moderator: bool, listeners: tuple[Author, ...]
) -> None:
    said = utterance(ANA)
    answer = await run(
        SpeechQueue.skip, who, session(said, listeners=listeners), moderator=moderator
    )
    assert answer.startswith("Skipped.")
    said.clear.assert_called_once_with()


@pytest.mark.parametrize(
    ("who", "listeners", "words"),
    [(BEN, (ANA, BEN), "That is for Ana"), (BEN, (), "Only those in Lounge")],
)
async def test_others_are_refused_in_words(
    who: Author, listeners: tuple[Author, ...], words: str
) -> None:
    said = utterance(ANA)
    with pytest.raises(BotError) as caught:
        await run(SpeechQueue.skip, who, session(said, listeners=listeners))
    assert caught.value.user_message.startswith(words)
    said.clear.assert_not_called()


async def test_there_may_be_nothing_to_skip_or_to_show() -> None:
    assert "nothing to skip" in await run(SpeechQueue.skip, ANA, session())
    assert "nothing waits" in await run(SpeechQueue.queue, ANA, session())
    with pytest.raises(NotInVoiceError):
        await run(SpeechQueue.queue, ANA, None)


async def test_the_queue_names_who_is_answered_and_the_first_words() -> None:
    waiting = (utterance(ANA, "One *two*\n three"), utterance(BEN, ""), utterance(None, "x" * 99))
    answer = await run(SpeechQueue.queue, ANA, session(*waiting))
    assert answer.split("\n") == [
        "**Now**: for Ana: “One \\*two\\* three”",
        "1. for Ben, still being made",
        f"2. for everybody: “{'x' * WORDS}…”",
    ]


async def test_the_words_stay_with_those_who_hear_them() -> None:
    answer = await run(SpeechQueue.queue, MOD, session(utterance(ANA, "a secret")))
    assert answer == "**Now**: for Ana"


def test_the_longest_queue_fits_a_message() -> None:
    full = [utterance(Author(1, "*" * 32), "*" * 200) for _ in range(SHOWN + 5)]
    shown = queue_in_words(full, show_words=True)
    assert shown.endswith("and 5 more")
    assert len(shown) <= 2000
