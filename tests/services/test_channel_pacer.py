import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest

from services.channel_pacer import KEPT, ChannelPacer, ChannelPacers
from services.rate_limit_headers import EditLimit
from tests.services.chat_fakes import now

pytestmark = pytest.mark.virtual_time


async def edits(pacer: ChannelPacer, *, until: float) -> list[float]:
    """Take every edit that the pacer gives to one eager reply."""
    share = pacer.join()
    taken: list[float] = []
    try:
        async with asyncio.timeout_at(until):
            while True:
                await share.next_edit(earliest=now())
                taken.append(now())
    except TimeoutError:
        return taken
    finally:
        share.close()


async def test_edits_are_spread_over_the_window_and_one_is_kept_until_its_end() -> None:
    taken = await edits(ChannelPacer(), until=5.0)
    assert len(taken) == 5
    assert taken[0] == 0.0
    assert taken[-1] >= 4.6
    gaps = [later - sooner for sooner, later in pairwise(taken)]
    assert max(gaps) < 1.5


async def test_no_window_is_overspent() -> None:
    taken = await edits(ChannelPacer(), until=30.0)
    assert all(sum(start <= at < start + 5.0 for at in taken) <= 5 for start in taken[::5])


async def test_replies_take_turns() -> None:
    pacer = ChannelPacer()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(edits(pacer, until=29.0)) for _ in range(3)]
    counts = [len(task.result()) for task in tasks]
    assert max(counts) - min(counts) <= 1
    assert pacer.live == 0


async def test_the_end_of_a_reply_has_an_edit_kept_for_it() -> None:
    pacer = ChannelPacer()
    await edits(pacer, until=4.0)
    assert await pacer.may_end()
    assert now() == pytest.approx(4.0)


async def test_an_end_without_an_edit_is_told_so_unless_the_window_ends_soon() -> None:
    pacer = ChannelPacer()
    for _ in range(5):
        assert await pacer.may_end()
    assert not await pacer.may_end()
    pacer.observe(limit=5, remaining=0, reset_after=0.2)
    assert await pacer.may_end()
    assert 0.2 <= now() <= 0.3


async def test_the_headers_correct_the_count() -> None:
    pacer = ChannelPacer()
    pacer.observe(limit=10, remaining=9, reset_after=2.0)
    assert len(await edits(pacer, until=1.9)) == 9


async def test_somebody_elses_edits_are_counted() -> None:
    pacer = ChannelPacer()
    assert await pacer.may_end()
    pacer.observe(limit=5, remaining=KEPT, reset_after=5.0)
    assert await edits(pacer, until=4.0) == []


async def test_a_new_window_is_noticed() -> None:
    pacer = ChannelPacer()
    for _ in range(5):
        await pacer.may_end()
    await asyncio.sleep(1)
    pacer.observe(limit=5, remaining=4, reset_after=5.0)
    assert await pacer.may_end()


async def test_a_settled_share_stops_waiting() -> None:
    pacer = ChannelPacer()
    share = pacer.join()
    waiting = asyncio.create_task(share.next_edit(earliest=100.0))
    await asyncio.sleep(1)
    share.close()
    share.close()
    assert await waiting is False


async def test_idle_pacers_are_forgotten_and_live_ones_kept() -> None:
    pacers = ChannelPacers(keep=2)
    live = pacers.get("a")
    share = live.join()
    for key in "bcd":
        pacers.get(key)
    assert len(pacers) == 2
    assert pacers.get("a") is live
    share.close()


async def test_limits_reach_their_pacer_and_unknown_ones_nobody() -> None:
    pacers = ChannelPacers()
    pacer = pacers.get("channel-1")
    pacers.observe(EditLimit("channel-1", 9, limit=5, remaining=0, reset_after=5.0, done=True))
    pacers.observe(EditLimit("channel-2", 9, limit=5, remaining=0, reset_after=5.0, done=True))
    assert not await pacer.may_end()
    assert len(pacers) == 1


async def test_whoever_expects_an_edit_hears_that_it_is_done() -> None:
    pacers = ChannelPacers()
    with pacers.get("channel-1").expecting(9) as answer:
        failed = EditLimit("channel-1", 9, limit=5, remaining=4, reset_after=5.0, done=False)
        pacers.observe(failed)
        assert not answer.done()
        pacers.observe(replace(failed, remaining=3, done=True))
        assert answer.done()
