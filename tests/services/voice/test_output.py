import asyncio

import pytest

from services.core.errors import BusyError
from services.core.types import Author
from services.voice.output import MAX_UTTERANCES, REST_FRAMES, SILENCE, VoiceClock
from tests.services.voice.fakes import FakeSender, Stage, settle, speech


async def test_frames_go_out_20_ms_apart_in_order() -> None:
    stage = Stage()
    output, sender = stage.guild()
    utterance = output.open_utterance(None, in_line=False)
    await utterance.write(speech(10))
    await stage.tick(10)
    assert sender.sound == list(speech(10).packets)
    times = [time for time, _ in sender.sent]
    assert times == pytest.approx([100 + 0.02 * n for n in range(10)])
    utterance.clear()


async def test_five_silence_frames_end_a_spell_then_the_clock_is_idle() -> None:
    stage = Stage()
    output, sender = stage.guild()
    utterance = output.open_utterance(None, in_line=False)
    await utterance.write(speech(2))
    utterance.end()
    await stage.tick(12)
    assert sender.packets == [*speech(2).packets, *[SILENCE] * 5]
    assert stage.next is None
    assert not sender.speaking
    result = await utterance.wait_for_playout()
    assert result.seconds == pytest.approx(0.04)
    assert not result.interrupted


async def test_an_idle_clock_sends_the_first_frame_of_a_new_guild_at_once() -> None:
    stage = Stage()
    busy, busy_sender = stage.guild()
    talking = busy.open_utterance(None, in_line=False)
    await talking.write(speech(50))
    await stage.tick(5)
    stage.time.now -= 0.013  # between two ticks
    output, sender = stage.guild()
    first: list[float] = []
    utterance = output.open_utterance(first.append, in_line=False)
    await utterance.write(speech(5))
    stage.clock.tick(stage.time.now)
    assert sender.sound == [b"p0"]
    assert len(busy_sender.sound) == 5
    await settle()
    assert first == [stage.time.now]
    talking.clear()
    utterance.clear()


async def test_a_stall_shifts_the_schedule_without_a_burst() -> None:
    stage = Stage()
    output, sender = stage.guild()
    utterance = output.open_utterance(None, in_line=False)
    await utterance.write(speech(50))
    await stage.tick(3)
    stage.time.now += 0.5
    await stage.tick(3)
    gaps = [b[0] - a[0] for a, b in zip(sender.sent, sender.sent[1:], strict=False)]
    assert min(gaps) == pytest.approx(0.02)
    assert sum(gap > 0.021 for gap in gaps) == 1
    utterance.clear()


async def test_underrun_is_five_silence_frames_and_speech_goes_on_where_it_stopped() -> None:
    stage = Stage()
    output, sender = stage.guild()
    utterance = output.open_utterance(None, in_line=False)
    await utterance.write(speech(2, mark="a"))
    await stage.tick(20)
    assert sender.packets == [b"a0", b"a1", *[SILENCE] * 5]
    assert stage.next is None
    await utterance.write(speech(2, mark="b"))
    utterance.end()
    await stage.tick(10)
    assert sender.packets[7:] == [b"b0", b"b1", *[SILENCE] * 5]
    assert sender.announced == 2
    assert (await utterance.wait_for_playout()).seconds == pytest.approx(0.08)


async def test_utterances_of_a_guild_play_one_after_another_with_a_short_rest() -> None:
    stage = Stage()
    output, sender = stage.guild()
    first, second = (
        output.open_utterance(None, in_line=False),
        output.open_utterance(None, in_line=False),
    )
    await second.write(speech(3, mark="b"))
    await first.write(speech(3, mark="a"))
    second.end()
    first.end()
    await stage.tick(6 + REST_FRAMES)
    rest = [SILENCE] * REST_FRAMES
    assert sender.packets == [b"b0", b"b1", b"b2", *rest, b"a0", b"a1", b"a2"]
    assert sender.announced == 1
    await stage.tick(7)


async def test_speaking_is_announced_before_the_first_frame_and_once_a_spell() -> None:
    stage = Stage()
    output, sender = stage.guild()
    utterance = output.open_utterance(None, in_line=False)
    await utterance.write(speech(2))
    assert sender.announced == 1
    assert not sender.sent
    await utterance.write(speech(2))
    utterance.end()
    await stage.tick(12)
    assert sender.announced == 1


async def test_the_writer_waits_while_three_seconds_are_queued() -> None:
    stage = Stage()
    output, sender = stage.guild()
    utterance = output.open_utterance(None, in_line=False)
    writing = asyncio.create_task(utterance.write(speech(400)))
    await settle()
    assert len(utterance.packets) == 150
    await stage.tick(49)
    assert not writing.done()
    await stage.tick(300)
    assert writing.done()
    await stage.tick(80)
    assert sender.sound == list(speech(400).packets)
    utterance.clear()


async def test_clear_stops_within_one_frame_and_frees_a_waiting_writer() -> None:
    stage = Stage()
    output, sender = stage.guild()
    utterance = output.open_utterance(None, in_line=False)
    writing = asyncio.create_task(utterance.write(speech(400, "Hello there")))
    await settle()
    await stage.tick(20)
    result = utterance.clear()
    await stage.tick(10)
    assert writing.done()
    assert len(sender.sound) == 20
    assert sender.packets[20:] == [SILENCE] * 5
    assert result.interrupted
    assert result == utterance.clear() == await utterance.wait_for_playout()


async def test_clearing_a_guild_stops_what_waits_too() -> None:
    stage = Stage()
    output, sender = stage.guild()
    utterances = [output.open_utterance(None, in_line=False) for _ in range(3)]
    for utterance in utterances[:2]:
        await utterance.write(speech(5))
    await stage.tick(2)
    assert output.clear() == 3
    assert output.clear() == 0
    await stage.tick(9)
    assert len(sender.sound) == 2
    assert not output.speaking


async def test_what_was_written_after_clear_is_never_played() -> None:
    stage = Stage()
    output, sender = stage.guild()
    utterance = output.open_utterance(None, in_line=False)
    utterance.clear()
    await utterance.write(speech(5))
    await stage.tick(3)
    assert not sender.sent


async def test_an_utterance_without_sound_is_over_when_it_ends() -> None:
    output, _ = Stage().guild()
    utterance = output.open_utterance(None, in_line=False)
    utterance.end()
    result = await utterance.wait_for_playout()
    assert (result.heard, result.seconds, result.interrupted) == ("", 0.0, False)


async def test_ending_after_everything_was_sent_finishes_the_utterance() -> None:
    stage = Stage()
    output, _ = stage.guild()
    utterance = output.open_utterance(None, in_line=False)
    await utterance.write(speech(2, "Yes."))
    await stage.tick(10)
    utterance.end()
    await stage.tick(1)
    assert (await utterance.wait_for_playout()).heard == "Yes."


async def test_a_lost_connection_keeps_the_position() -> None:
    stage = Stage()
    output, sender = stage.guild()
    utterance = output.open_utterance(None, in_line=False)
    await utterance.write(speech(10))
    utterance.end()
    await stage.tick(4)
    sender.connected = False
    await stage.tick(100)
    sender.connected = True
    await stage.tick(12)
    assert sender.sound == list(speech(10).packets)
    assert not (await utterance.wait_for_playout()).interrupted


async def test_speech_is_given_up_when_a_connection_stays_away() -> None:
    stage = Stage()
    output, sender = stage.guild(patience=1.0)
    first, second = (
        output.open_utterance(None, in_line=False),
        output.open_utterance(None, in_line=False),
    )
    await first.write(speech(10))
    await second.write(speech(10))
    sender.connected = False
    await stage.tick(60)
    for utterance in (first, second):
        result = await utterance.wait_for_playout()
        assert result.interrupted
        assert result.gave_up
    assert stage.next is None


async def test_a_failing_guild_does_not_disturb_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(FakeSender):
        def send_frame(self, packet: bytes) -> bool:
            raise OSError("broken")

    stage = Stage()
    output, sender = stage.guild()
    bad, _ = stage.guild()
    bad._sender = Broken(stage.time)
    failing, fine = (
        bad.open_utterance(None, in_line=False),
        output.open_utterance(None, in_line=False),
    )
    await failing.write(speech(3))
    await fine.write(speech(3))
    await stage.tick(3)
    assert sender.sound == list(speech(3).packets)
    assert (await failing.wait_for_playout()).interrupted
    assert "voice output failed" in caplog.text
    fine.clear()


async def test_too_many_waiting_utterances_are_refused() -> None:
    output, _ = Stage().guild()
    for _ in range(MAX_UTTERANCES):
        output.open_utterance(None, in_line=False)
    with pytest.raises(BusyError):
        output.open_utterance(None, in_line=False)
    output.clear()
    assert output.open_utterance(None, in_line=False)


async def test_the_thread_plays_and_ends() -> None:
    stage = Stage()
    clock = VoiceClock()
    stage.clock = clock
    output, sender = stage.guild()
    clock.start()
    clock.start()
    utterance = output.open_utterance(None, in_line=False)
    await utterance.write(speech(3))
    utterance.end()
    async with asyncio.timeout(5):
        result = await utterance.wait_for_playout()
    assert result.seconds == pytest.approx(0.06)
    assert sender.sound == list(speech(3).packets)
    await clock.aclose()
    await clock.aclose()


async def test_who_stands_in_line_is_heard_in_the_order_of_asking() -> None:
    stage = Stage()
    output, sender = stage.guild()
    first, second = (output.open_utterance(None, in_line=True) for _ in range(2))
    await second.write(speech(2, mark="b"))
    second.end()
    await stage.tick(3)
    assert sender.sound == []
    await first.write(speech(2, mark="a"))
    first.end()
    await stage.tick(6 + REST_FRAMES)
    assert sender.sound == [b"a0", b"a1", b"b0", b"b1"]


@pytest.mark.parametrize("how", ["end", "clear"])
async def test_who_stands_in_line_and_says_nothing_keeps_nobody_waiting(how: str) -> None:
    stage = Stage()
    output, sender = stage.guild()
    first, second = (output.open_utterance(None, in_line=True) for _ in range(2))
    await second.write(speech(2, mark="b"))
    second.end()
    await stage.tick(12)
    assert stage.next is None
    getattr(first, how)()
    await stage.tick(3)
    assert sender.sound == [b"b0", b"b1"]
    assert not (await second.wait_for_playout()).interrupted


async def test_patience_begins_anew_with_every_spell() -> None:
    stage = Stage()
    output, sender = stage.guild(patience=15.0)
    sender.connected = False
    early = output.open_utterance(None, in_line=False)
    await early.write(speech(2))
    await stage.tick(3)
    early.clear()
    await stage.tick(10)
    stage.time.now += 60.0
    late = output.open_utterance(None, in_line=False)
    await late.write(speech(2))
    await stage.tick(3)
    sender.connected = True
    await stage.tick(3)
    assert sender.sound == [b"p0", b"p1"]
    late.end()


async def test_what_is_said_and_what_waits_can_be_told_in_order_with_its_asker() -> None:
    stage = Stage()
    output, _ = stage.guild()
    assert output.current() is None
    ana, ben = Author(1, "Ana"), Author(2, "Ben")
    silent = output.open_utterance(None, in_line=False, asker=ana)
    second = output.open_utterance(None, in_line=False, asker=ben)
    third = output.open_utterance(None, in_line=True, asker=ana)
    await second.write(speech(3, text="Hello Ben."))
    await second.write(speech(3, text=" How are you?"))
    assert output.in_order() == [third, second, silent]
    assert output.current() is third
    assert [each.asker for each in output.in_order()] == [ana, ben, ana]
    assert [each.text for each in output.in_order()] == ["", "Hello Ben. How are you?", ""]
    output.clear()
    assert output.in_order() == []


async def test_what_is_skipped_makes_room_for_the_next_at_once() -> None:
    stage = Stage()
    output, sender = stage.guild()
    first, second = (output.open_utterance(None, in_line=False) for _ in range(2))
    await first.write(speech(50, mark="a", text="One."))
    await second.write(speech(3, mark="b"))
    await stage.tick(20)
    assert output.current() is first
    assert first.clear().interrupted
    assert output.current() is second
    await stage.tick(REST_FRAMES + 4)
    assert sender.sound[-3:] == [b"b0", b"b1", b"b2"]
    second.clear()
