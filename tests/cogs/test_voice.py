import asyncio
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, MagicMock

import aiohttp
import pytest

from cogs.voice import SPEAKING, Voice
from services.core.errors import BotError, ProviderError
from services.persona import Persona


def cog(**parts: Any) -> Voice:
    names = ("sessions", "presence", "speaker", "conversations", "voices", "personas")
    made = {name: MagicMock() for name in names}
    return Voice(find_channel=MagicMock(), **(made | parts))


def interaction() -> Any:
    made = MagicMock(id=1, guild_id=5, channel_id=100)
    made.user = SimpleNamespace(id=7, display_name="Ana")
    made.response.defer = AsyncMock()
    made.edit_original_response = AsyncMock()
    return made


@pytest.mark.parametrize("refusal", [None, aiohttp.ServerDisconnectedError()])
async def test_a_text_that_could_not_be_said_is_told_where_that_is_possible(
    refusal: Exception | None, caplog: pytest.LogCaptureFixture
) -> None:
    speaker = MagicMock(say=AsyncMock(side_effect=ProviderError("no", user_message="No voice.")))
    voice, asked = cog(speaker=speaker), interaction()
    asked.edit_original_response.side_effect = [None, refusal]
    await Voice.say.callback(voice, asked, "hello")  # type: ignore[arg-type, call-arg]
    await asyncio.sleep(0.01)
    told = [call.kwargs["content"] for call in asked.edit_original_response.await_args_list]
    assert told == ["I'm saying it.", "No voice."]
    assert [record.levelname for record in caplog.records] == ["WARNING"] * bool(refusal)
    await voice.cog_unload()


async def test_what_is_asked_for_first_is_heard_first_though_discord_takes_its_word_late() -> None:
    acknowledged = asyncio.Event()

    async def late(**_: object) -> None:
        await acknowledged.wait()

    speaker = MagicMock(say=AsyncMock())
    voice, first, second = cog(speaker=speaker), interaction(), interaction()
    first.response.defer.side_effect = late
    asked = [
        asyncio.ensure_future(Voice.say.callback(voice, each, words))  # type: ignore[arg-type, call-arg]
        for each, words in ((first, "one"), (second, "two"))
    ]
    await asyncio.sleep(0.01)
    assert [call.args[1] for call in speaker.say.await_args_list] == ["one", "two"]
    assert not asked[0].done()
    acknowledged.set()
    await asyncio.gather(*asked)
    first.edit_original_response.assert_awaited_once_with(content="I'm saying it.")
    await voice.cog_unload()


async def test_a_failure_is_told_after_discord_s_late_word() -> None:
    acknowledged = asyncio.Event()

    async def late(**_: object) -> None:
        await acknowledged.wait()

    speaker = MagicMock(say=AsyncMock(side_effect=ProviderError("no", user_message="No voice.")))
    voice, asked = cog(speaker=speaker), interaction()
    asked.response.defer.side_effect = late
    saying = asyncio.ensure_future(Voice.say.callback(voice, asked, "hello"))  # type: ignore[arg-type, call-arg]
    await asyncio.sleep(0.01)
    assert not asked.edit_original_response.called
    acknowledged.set()
    await saying
    await asyncio.sleep(0.01)
    told = [call.kwargs["content"] for call in asked.edit_original_response.await_args_list]
    assert told == ["I'm saying it.", "No voice."]
    await voice.cog_unload()


@pytest.mark.parametrize(("before", "greets"), [(None, True), (10, True), (11, False)])
async def test_only_a_bot_that_comes_greets(before: int | None, greets: bool) -> None:
    session = MagicMock(notice="", channel_name="Lounge", channel_id=before)
    sessions = MagicMock(join=AsyncMock(return_value=session))
    sessions.get.return_value = None if before is None else session
    personas = SimpleNamespace(meet=lambda **_: Persona(name="Pirate", greeting="Ahoy!"))
    speaker = MagicMock(say=AsyncMock())
    voice, asked = cog(speaker=speaker, personas=personas, sessions=sessions), interaction()
    channel = MagicMock(id=11)
    channel.guild.id = 5
    await Voice.join.callback(voice, asked, channel)  # type: ignore[arg-type, call-arg]
    await asyncio.sleep(0.01)
    [answer] = asked.edit_original_response.await_args_list
    assert ("Ahoy!" in answer.kwargs["content"]) is greets
    assert speaker.say.await_count == greets
    await voice.cog_unload()


async def test_who_brings_the_bot_or_sends_it_away_is_noted_though_nobody_can_be_told() -> None:
    session = MagicMock(notice="", channel_name="Lounge")
    sessions = MagicMock(join=AsyncMock(return_value=session), leave=AsyncMock(return_value=True))
    presence, asked = MagicMock(), interaction()
    voice = cog(sessions=sessions, presence=presence)
    asked.edit_original_response.side_effect = aiohttp.ServerDisconnectedError()
    channel = MagicMock()
    channel.guild.id = 5
    for command, arguments in ((Voice.join, (channel,)), (Voice.leave, ())):
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await command.callback(voice, asked, *arguments)  # type: ignore[arg-type, call-arg]
    presence.summoned.assert_called_once_with(5, 7, 100)
    presence.sent_away.assert_called_once_with(5)


@pytest.mark.parametrize("there", [True, False])
async def test_only_who_fetches_the_bot_to_speak_has_brought_it(
    there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cogs.voice._channel_of", lambda user: MagicMock())
    sessions = MagicMock(join=AsyncMock(), get=lambda _: MagicMock() if there else None)
    presence = MagicMock()
    await cog(sessions=sessions, presence=presence).enter(interaction())
    assert presence.summoned.called is not there


@pytest.mark.parametrize(("guild_id", "stops"), [(5, True), (6, False)])
async def test_what_waits_for_the_bot_to_come_is_stopped_in_its_guild(
    guild_id: int, stops: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cogs.voice._channel_of", lambda user: MagicMock())
    there = asyncio.Event()

    async def join(_: object) -> None:
        await there.wait()

    sessions = MagicMock(join=join, get=lambda _: None)
    sessions.stop.return_value = 0
    conversations, speaker = MagicMock(), MagicMock(say=AsyncMock())
    conversations.stop_guild.return_value = 0
    voice = cog(sessions=sessions, conversations=conversations, speaker=speaker)
    asked, stop = interaction(), interaction()
    stop.guild_id, stop.response.send_message = guild_id, AsyncMock()
    saying = asyncio.ensure_future(Voice.say.callback(voice, asked, "hello"))  # type: ignore[arg-type, call-arg]
    await asyncio.sleep(0.01)
    await Voice.stop.callback(voice, stop)  # type: ignore[arg-type, call-arg]
    there.set()
    [error] = await asyncio.gather(saying, return_exceptions=True)
    await asyncio.sleep(0.01)
    [answer] = stop.response.send_message.await_args.args
    assert answer == ("Stopped." if stops else "There was nothing to stop.")
    assert isinstance(error, BotError) is stops
    assert speaker.say.called is not stops
    await voice.cog_unload()


async def test_a_new_session_of_the_gateway_restores_the_channels() -> None:
    sessions = MagicMock(restore=AsyncMock())
    voice = cog(sessions=sessions)
    await voice.on_ready()
    sessions.restore.assert_awaited_once_with(voice._find_channel)


@pytest.mark.parametrize(
    ("notice", "greeting", "said"),
    [
        ("", "Ahoy, Ana!", "Ahoy, Ana!"),
        ("", "", SPEAKING),
        ("I asked to speak.", "Ahoy, Ana!", "I asked to speak."),
    ],
)
async def test_a_persona_greets_in_the_channel_that_it_joins(
    notice: str, greeting: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    session = SimpleNamespace(channel_name="Lounge", notice=notice)
    speaker = MagicMock(say=AsyncMock(side_effect=ProviderError("no")))
    personas = SimpleNamespace(meet=lambda **_: Persona(name="Pirate", greeting=greeting))
    sessions = MagicMock(join=AsyncMock(return_value=session))
    voice, asked = cog(speaker=speaker, personas=personas, sessions=sessions), interaction()
    await Voice.join.callback(voice, asked, MagicMock())  # type: ignore[arg-type, call-arg]
    await asyncio.sleep(0.01)
    answers = [call.kwargs["content"] for call in asked.edit_original_response.await_args_list]
    assert answers == [f"I'm in **Lounge**. {said}"]
    assert [call.args[1] for call in speaker.say.await_args_list] == [said] * ("Ahoy" in said)
    assert "WARNING" not in {record.levelname for record in caplog.records}
    await voice.cog_unload()
