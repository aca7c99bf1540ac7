import asyncio
from dataclasses import replace
from typing import Any
from unittest.mock import AsyncMock, MagicMock

import aiohttp
import discord
import pytest

from cogs.own_posts import OwnPosts
from cogs.text_channels import NO_HISTORY, PING_ASKER, ChannelText, InteractionText
from services.core.types import ReplyControls

STOPPABLE = ReplyControls(1, 2, ("stop",))


def refusal(kind: type[discord.HTTPException], status: int, code: int = 0) -> discord.HTTPException:
    return kind(MagicMock(status=status, reason="no"), {"code": code, "message": "no"})


def channel() -> Any:
    made = MagicMock(id=12)
    made.send = AsyncMock(return_value=MagicMock(id=34))
    made.get_partial_message.return_value.edit = AsyncMock()
    return made


def writing(place: Any, *, newest: int = 0) -> ChannelText:
    return ChannelText(place, own_id=lambda: 99, newest=lambda _: newest, posts=OwnPosts())


async def test_a_reply_pings_its_asker_and_nobody_else() -> None:
    place = channel()
    assert await writing(place).send("hello @everyone", reply_to=7, controls=None) == 34
    sent = place.send.await_args.kwargs
    assert sent["reference"].message_id == 7
    assert sent["allowed_mentions"] is PING_ASKER
    assert not (PING_ASKER.everyone or PING_ASKER.users or PING_ASKER.roles)


async def test_a_message_that_is_no_reply_pings_nobody() -> None:
    place = channel()
    await writing(place).send("hello", reply_to=None, controls=None)
    sent = place.send.await_args.kwargs
    assert "reference" not in sent
    assert sent["allowed_mentions"].to_dict() == {"parse": []}


async def test_a_post_after_a_failed_one_takes_its_place() -> None:
    place = channel()
    place.send.side_effect = [
        aiohttp.ServerDisconnectedError(),
        MagicMock(id=34, content="half"),
        MagicMock(id=35, content="more"),
    ]
    text = writing(place)
    with pytest.raises(OSError, match="disconnected"):
        await text.send("half", reply_to=7, controls=None)
    assert await text.send("half and whole", reply_to=7, controls=None) == 34
    assert await text.send("more", reply_to=None, controls=None) == 35
    nonces = [each.kwargs["nonce"] for each in place.send.await_args_list]
    assert nonces[0] == nonces[1] != nonces[2]
    [edited] = place.get_partial_message.return_value.edit.await_args_list
    assert edited.kwargs["content"] == "half and whole"


async def test_what_a_message_shows_can_be_read() -> None:
    place = channel()
    place.fetch_message = AsyncMock(return_value=MagicMock(content="shown"))
    assert await writing(place).read(34) == "shown"
    place.fetch_message.side_effect = refusal(discord.NotFound, 404, 10008)
    with pytest.raises(LookupError):
        await writing(place).read(34)
    interaction = MagicMock(id=5)
    interaction.followup.fetch_message = AsyncMock(return_value=MagicMock(content="shown"))
    assert await InteractionText(interaction).read(34) == "shown"


@pytest.mark.parametrize(
    ("failure", "raised"),
    [
        (refusal(discord.NotFound, 404, 10003), PermissionError),
        (refusal(discord.Forbidden, 403), PermissionError),
        (refusal(discord.HTTPException, 400), OSError),
        (aiohttp.ServerDisconnectedError(), OSError),
    ],
)
async def test_what_discord_refuses_becomes_what_a_text_channel_raises(
    failure: Exception, raised: type[Exception]
) -> None:
    place = channel()
    place.send.side_effect = failure
    place.get_partial_message.return_value.edit.side_effect = failure
    with pytest.raises(raised):
        await writing(place).send("x", reply_to=None, controls=None)
    with pytest.raises(raised):
        await writing(place).edit(34, "x", controls=None)


async def test_an_edit_of_a_deleted_message_is_told_from_one_in_a_deleted_channel() -> None:
    place = channel()
    place.get_partial_message.return_value.edit.side_effect = refusal(discord.NotFound, 404, 10008)
    with pytest.raises(LookupError):
        await writing(place).edit(34, "x", controls=None)


async def test_who_may_not_read_the_history_answers_without_replying() -> None:
    place = channel()
    place.send.side_effect = [
        refusal(discord.HTTPException, 400, NO_HISTORY),
        MagicMock(id=34),
    ]
    assert await writing(place).send("hello", reply_to=7, controls=None) == 34
    assert "reference" not in place.send.await_args.kwargs


async def test_a_message_is_deleted_and_a_sign_is_put_and_taken_away() -> None:
    place = channel()
    message = place.get_partial_message.return_value
    message.delete, message.add_reaction, message.remove_reaction = (AsyncMock() for _ in range(3))
    text = writing(place)
    await text.delete(34)
    await text.mark(7, "x")
    await text.unmark(7, "x")
    message.add_reaction.assert_awaited_once_with("x")
    assert message.remove_reaction.await_args.args[1].id == 99
    message.add_reaction.side_effect = refusal(discord.Forbidden, 403)
    with pytest.raises(PermissionError):
        await text.mark(7, "x")


@pytest.mark.virtual_time
async def test_typing_is_renewed_while_it_is_shown_and_ends_at_once() -> None:
    calls: list[float] = []
    loop = asyncio.get_running_loop()

    async def typing() -> None:
        calls.append(loop.time())

    place = channel()
    place.typing = typing
    async with writing(place).typing():
        await asyncio.sleep(20)
    await asyncio.sleep(20)
    assert calls == [0, 8, 16]


@pytest.mark.virtual_time
@pytest.mark.parametrize(
    "failure", [refusal(discord.Forbidden, 403), aiohttp.ServerDisconnectedError(), OSError("no")]
)
async def test_a_channel_without_typing_is_no_error(failure: Exception) -> None:
    place = channel()
    place.typing = AsyncMock(side_effect=failure)
    async with writing(place).typing():
        await asyncio.sleep(20)
    place.typing.assert_awaited_once()


async def test_an_interaction_is_answered_by_its_response_and_then_by_follow_ups() -> None:
    interaction = MagicMock(id=5)
    interaction.edit_original_response = AsyncMock(return_value=MagicMock(id=50))
    interaction.followup.send = AsyncMock(return_value=MagicMock(id=51))
    interaction.followup.edit_message = AsyncMock()
    place = InteractionText(interaction)
    assert [
        await place.send("one", reply_to=9, controls=None),
        await place.send("two", reply_to=9, controls=None),
    ] == [50, 51]
    await place.edit(51, "two and a half", controls=None)
    assert interaction.followup.edit_message.await_args.args == (51,)
    assert place.rate_key == "webhook-5"


@pytest.mark.parametrize("reply_to", [7, None])
async def test_buttons_go_with_a_post(reply_to: int | None) -> None:
    place = channel()
    await writing(place).send("x", reply_to=reply_to, controls=STOPPABLE)
    [row] = place.send.await_args.kwargs["view"].to_components()
    assert [each["custom_id"] for each in row["components"]] == ["reply:stop:1:2"]


async def test_an_edit_changes_buttons_removes_them_or_leaves_them_alone() -> None:
    place = channel()
    edit = place.get_partial_message.return_value.edit
    await writing(place).edit(34, "x", controls=STOPPABLE)
    assert edit.await_args.kwargs["view"] is not None
    await writing(place).edit(34, "x", controls=replace(STOPPABLE, buttons=()))
    assert edit.await_args.kwargs["view"] is None
    await writing(place).edit(34, "x", controls=None)
    assert "view" not in edit.await_args.kwargs


async def test_an_interaction_already_answered_gets_follow_ups_alone() -> None:
    interaction = MagicMock(id=5)
    interaction.followup.send = AsyncMock(return_value=MagicMock(id=51))
    place = InteractionText(interaction, answered=True)
    assert await place.send("one", reply_to=9, controls=STOPPABLE) == 51
    assert interaction.followup.send.await_args.kwargs["view"] is not None


@pytest.mark.parametrize(("newest", "last"), [(0, True), (34, True), (35, False)])
async def test_what_others_wrote_below_is_known(newest: int, last: bool) -> None:
    assert writing(channel(), newest=newest).is_last(34) is last
    assert InteractionText(MagicMock(id=5)).is_last(34)
