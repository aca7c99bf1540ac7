import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from services.channel_pacer import ChannelPacer
from services.core.types import ReplyControls
from services.live_message import END_PATIENCE, END_PAUSES, LiveMessage
from tests.services.chat_fakes import FakeChannel, now

pytestmark = pytest.mark.virtual_time

STOPPABLE = ReplyControls(asker_id=7, question_id=1, buttons=("stop",))


class Stage:
    def __init__(
        self,
        *,
        streaming: bool = True,
        pacer: ChannelPacer | None = None,
        controls: ReplyControls | None = STOPPABLE,
    ) -> None:
        self.channel = FakeChannel()
        self.shown: list[float] = []
        self.pacer = pacer or ChannelPacer()
        self.message = LiveMessage(
            channel=self.channel,
            reply_to=1,
            controls=controls,
            pacer=self.pacer,
            interval=1.0,
            streaming=streaming,
            on_shown=lambda: self.shown.append(now()),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[LiveMessage]:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.message.run())
            yield self.message

    async def write(self, text: str, *, per_second: float, finish: bool = True) -> None:
        async with self.running() as message:
            for end in range(1, len(text) + 1):
                await asyncio.sleep(1 / per_second)
                message.update(text[:end])
            await message.finish(text, buttons=("again",))


async def test_forty_characters_are_posted_at_once() -> None:
    stage = Stage()
    async with stage.running() as message:
        message.update("word " * 20)
        await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        assert stage.channel.times("send") == [0.0]
        await message.finish("word " * 20, buttons=("again",))
    assert stage.shown == [0.0]
    assert stage.channel.replies == {1001: 1}
    assert message.message_ids == (1001,)


async def test_a_short_text_waits_a_little_for_more() -> None:
    stage = Stage()
    async with stage.running() as message:
        message.update("Hi there")
        await asyncio.sleep(1)
        assert stage.channel.events == [(0.3, "send", 1001, "Hi")]
        await message.finish("Hi there", buttons=("again",))
    assert stage.channel.texts == ["Hi there"]


async def test_edits_come_slower_and_slower_and_the_last_one_at_once() -> None:
    stage = Stage()
    await stage.write("word " * 100, per_second=100)
    edits = stage.channel.times("edit")
    gaps = [later - sooner for sooner, later in pairwise(edits)]
    assert edits[0] - stage.channel.times("send")[0] == pytest.approx(0.3, abs=0.02)
    assert all(gap >= 0.44 for gap in gaps[:-1])
    assert edits[-1] == pytest.approx(5.0, abs=0.01)
    assert stage.channel.texts == [("word " * 100).strip()]


async def test_nothing_is_edited_while_the_text_stands_still() -> None:
    stage = Stage()
    async with stage.running() as message:
        message.update("word " * 20)
        await asyncio.sleep(30)
        assert len(stage.channel.events) == 1
        await message.finish("word " * 20, buttons=("again",))
    assert len(stage.channel.events) == 2


async def test_an_unchanged_end_needs_no_edit() -> None:
    stage = Stage(controls=None)
    async with stage.running() as message:
        message.update("a b")
        await asyncio.sleep(1)
        await message.finish("a", buttons=("again",))
    assert [kind for _, kind, _, _ in stage.channel.events] == ["send"]


async def test_a_blank_text_is_never_posted() -> None:
    stage = Stage()
    async with stage.running() as message:
        message.update(" \n ")
        await asyncio.sleep(2)
        await message.finish(" \n ", buttons=("again",))
    assert stage.channel.events == []
    assert stage.shown == []


async def test_without_streaming_the_text_is_posted_once() -> None:
    stage = Stage(streaming=False)
    await stage.write("word " * 50, per_second=100)
    assert stage.channel.times("send") == [pytest.approx(2.5)]
    assert stage.channel.times("edit") == []


async def test_a_long_text_goes_on_in_further_messages() -> None:
    stage = Stage()
    text = " ".join(f"word{number}" for number in range(700))
    await stage.write(text, per_second=1000)
    assert len(stage.channel.texts) == 3
    assert " ".join(stage.channel.texts).split() == text.split()
    assert stage.channel.replies == {1001: 1, 1002: None, 1003: None}


async def test_a_growing_code_block_is_shown_closed() -> None:
    stage = Stage()
    await stage.write("Look here:\n```py\n" + "line = 1\n" * 100 + "```", per_second=300)
    shown = [text for _, _, _, text in stage.channel.events]
    assert all(text.count("```") % 2 == 0 for text in shown)


async def test_an_end_without_an_edit_goes_on_in_a_further_message() -> None:
    stage = Stage()
    async with stage.running() as message:
        message.update("one two three " * 5)
        await asyncio.sleep(0.1)
        for _ in range(5):
            await stage.pacer.may_end()
        await message.finish("one two three " * 5 + "four", buttons=("again",))
        assert now() == pytest.approx(0.1)
    assert " ".join(stage.channel.texts).split() == ("one two three " * 5 + "four").split()
    assert len(stage.channel.texts) == 2


async def test_the_end_waits_for_the_edit_on_its_way() -> None:
    stage = Stage()
    stage.channel.latency = 0.2
    async with stage.running() as message:
        message.update("word " * 20)
        await asyncio.sleep(0.1)
        await message.finish("word " * 20 + "end", buttons=("again",))
    assert [kind for _, kind, _, _ in stage.channel.events] == ["send", "edit"]
    assert len(stage.channel.texts) == 1


async def test_a_deleted_message_is_posted_anew_once() -> None:
    stage = Stage()
    async with stage.running() as message:
        message.update("word " * 20)
        await asyncio.sleep(0.1)
        stage.channel.messages.clear()
        message.update("word " * 30)
        await asyncio.sleep(2)
        assert message.message_ids == (1002,)
        stage.channel.messages.clear()
        await message.finish("word " * 40, buttons=("again",))
    assert stage.channel.messages == {}
    assert stage.shown == [0.0]
    assert stage.channel.replies == {1001: 1, 1002: 1}


async def test_a_message_that_went_with_its_channel_is_told_once() -> None:
    stage = Stage()
    async with stage.running() as message:
        message.update("word " * 20)
        await asyncio.sleep(0.1)
        stage.channel.messages.clear()
        stage.channel.send_errors = [PermissionError("no channel"), PermissionError("no channel")]
        message.update("word " * 30)
        await asyncio.sleep(2)
        with pytest.raises(PermissionError):
            await message.finish("word " * 40, buttons=("again",))
        assert message.message_ids == ()


async def test_a_failed_step_is_left_out() -> None:
    stage = Stage()
    stage.channel.send_errors = [ConnectionError("down")]
    stage.channel.edit_errors = [ConnectionError("down")]
    await stage.write("word " * 60, per_second=100)
    assert stage.channel.texts == [("word " * 60).strip()]


async def test_a_channel_that_refuses_is_asked_no_more_until_the_end() -> None:
    stage = Stage()
    stage.channel.send_errors = [PermissionError("no"), PermissionError("no")]
    with pytest.raises(ExceptionGroup):
        await stage.write("word " * 60, per_second=10)
    assert stage.channel.send_errors == []


LONG = " ".join(f"word{number}" for number in range(60))
DOWN = ConnectionError("down")


async def end_with(stage: Stage, *, edit_errors: int, lost_answers: bool = False) -> LiveMessage:
    """Show the half of a text, then its end, while that many edits fail."""
    async with stage.running() as message:
        message.update(LONG[:200])
        await asyncio.sleep(0.1)
        stage.channel.edit_errors = [DOWN] * edit_errors
        stage.channel.lost_answers = lost_answers
        await message.finish(LONG, buttons=("again",))
    return message


@pytest.mark.parametrize("errors", [1, 2])
async def test_an_end_that_does_not_arrive_is_sent_again(errors: int) -> None:
    stage = Stage()
    await end_with(stage, edit_errors=errors)
    assert stage.channel.texts == [LONG]
    assert stage.channel.buttons == {1001: ("again",)}


async def test_the_end_of_a_message_that_can_not_be_edited_follows_below() -> None:
    stage = Stage()
    message = await end_with(stage, edit_errors=100)
    assert len(stage.channel.texts) == 2
    assert " ".join(stage.channel.texts) == LONG
    assert message.message_ids == (1001, 1002)


async def test_an_end_that_was_shown_although_it_failed_is_not_shown_twice() -> None:
    stage = Stage()
    message = await end_with(stage, edit_errors=100, lost_answers=True)
    assert stage.channel.texts == [LONG]
    await message.finish(f"{LONG}\n\nA line.", buttons=("again",))
    assert stage.channel.texts == [LONG, "A line."]


async def test_a_step_that_was_shown_although_it_failed_is_not_repeated_below() -> None:
    stage = Stage()
    async with stage.running() as message:
        message.update(LONG[:100])
        await asyncio.sleep(0.1)
        stage.channel.edit_errors = [DOWN]
        stage.channel.lost_answers = True
        message.update(LONG[:300])
        await asyncio.sleep(1)
        for _ in range(5):
            await stage.pacer.may_end()
        await message.finish(LONG, buttons=("again",))
    assert len(stage.channel.texts) == 2
    assert " ".join(stage.channel.texts) == LONG


async def test_where_it_is_not_known_what_is_shown_the_end_comes_all_the_same() -> None:
    stage = Stage()
    stage.channel.read_errors = [DOWN]
    await end_with(stage, edit_errors=100)
    assert " ".join(stage.channel.texts) == LONG


async def test_an_end_refused_for_good_is_an_error_in_bounded_time() -> None:
    stage = Stage()
    stage.channel.send_errors = [DOWN] * 10
    with pytest.raises(ConnectionError):
        await stage.message.finish(LONG, buttons=("again",))
    assert now() == pytest.approx(sum(END_PAUSES))


async def test_an_end_that_was_tried_for_long_goes_on_below_at_once() -> None:
    stage = Stage()
    async with stage.running() as message:
        message.update(LONG[:200])
        await asyncio.sleep(0.1)
        stage.channel.latency = END_PATIENCE + 1
        stage.channel.edit_errors = [DOWN] * 100
        await message.finish(LONG, buttons=("again",))
    assert len(stage.channel.edit_errors) == 99
    assert " ".join(stage.channel.texts) == LONG


async def test_a_line_may_be_added_after_the_end() -> None:
    stage = Stage()
    await stage.write("word " * 20, per_second=100)
    await stage.message.finish("word " * 20 + "and a line", buttons=("again",))
    assert stage.channel.texts == [("word " * 20 + "and a line").strip()]


async def test_further_messages_of_several_replies_can_be_told_apart() -> None:
    pacer = ChannelPacer()
    stage = Stage(pacer=pacer)
    other = pacer.join()
    await stage.write("word " * 500, per_second=2000)
    other.close()
    assert stage.channel.replies == {1001: 1, 1002: 1001}


async def test_buttons_ride_on_the_first_post_and_the_last_edit() -> None:
    stage = Stage()
    await stage.write("word " * 100, per_second=100)
    first, *between, last = stage.channel.controls
    assert first == STOPPABLE
    assert last == ReplyControls(7, 1, ("again",))
    assert set(between) == {None}, "edits in between leave the buttons alone"


@pytest.mark.parametrize("length", [20, 100, 900])
async def test_buttons_cost_no_edit(length: int) -> None:
    plain, pressable = Stage(controls=None), Stage()
    events: list[list[tuple[float, str, str]]] = []
    for stage in (plain, pressable):
        began = now()
        await stage.write("word " * length, per_second=400)
        events.append([(at - began, kind, text) for at, kind, _, text in stage.channel.events])
    assert [(kind, text) for _, kind, text in events[0]] == [each[1:] for each in events[1]]
    assert [at for at, _, _ in events[0]] == pytest.approx([at for at, _, _ in events[1]])
    assert set(plain.channel.controls) == {None}


async def test_a_full_message_loses_its_buttons_with_its_last_edit() -> None:
    stage = Stage()
    await stage.write(" ".join(f"word{number}" for number in range(700)), per_second=1000)
    assert stage.channel.buttons == {1001: (), 1002: (), 1003: ("again",)}


async def test_a_message_left_behind_keeps_its_buttons() -> None:
    stage = Stage()
    async with stage.running() as message:
        message.update("one two three " * 5)
        await asyncio.sleep(0.1)
        for _ in range(5):
            await stage.pacer.may_end()
        await message.finish("one two three " * 5 + "four", buttons=("again",))
    assert stage.channel.buttons == {1001: ("stop",), 1002: ("again",)}


async def test_a_message_posted_anew_has_the_buttons_again() -> None:
    stage = Stage()
    async with stage.running() as message:
        message.update("word " * 20)
        await asyncio.sleep(0.1)
        stage.channel.messages.clear()
        message.update("word " * 30)
        await asyncio.sleep(2)
        assert stage.channel.buttons[1002] == ("stop",)
        await message.finish("word " * 40, buttons=("again",))
    assert stage.channel.buttons[1002] == ("again",)


async def test_what_is_posted_once_has_the_last_buttons_at_once() -> None:
    stage = Stage(streaming=False)
    await stage.write("word " * 50, per_second=100)
    assert stage.channel.controls == [ReplyControls(7, 1, ("again",))]


@pytest.mark.parametrize(
    "text", ["```py\n" + "x = 1\n" * 10 + "```", "字" * 60], ids=["code", "字"]
)
async def test_the_buttons_are_right_also_where_all_was_shown_before_the_end(text: str) -> None:
    stage = Stage()
    async with stage.running() as message:
        message.update(text)
        await asyncio.sleep(3)
        assert stage.channel.texts == [text]
        await message.finish(text, buttons=("again",))
    assert stage.channel.buttons == {1001: ("again",)}
    assert stage.channel.texts == [text]


async def test_an_end_that_changes_only_the_buttons_never_goes_on_below() -> None:
    stage = Stage()
    async with stage.running() as message:
        message.update("字" * 60)
        await asyncio.sleep(3)
        for _ in range(5):
            await stage.pacer.may_end()
        await message.finish("字" * 60, buttons=("again",))
    assert stage.channel.texts == ["字" * 60]


async def test_a_further_message_below_somebody_elses_tells_what_it_goes_on_with() -> None:
    stage = Stage()
    text = " ".join(f"word{number}" for number in range(700))
    async with stage.running() as message:
        message.update(text[:100])
        await asyncio.sleep(0.1)
        stage.channel.newest = 5000  # another answer, begun and complete meanwhile
        await message.finish(text, buttons=("again",))
    assert stage.channel.replies == {1001: 1, 1002: 1001, 1003: 1002}
