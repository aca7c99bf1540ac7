import numpy as np
import pytest

from sandbox.voice import hearing
from sandbox.voice.hearing import HeardFrame, Hearing, Spell
from sandbox.voice.opus import encode
from tests.sandbox.voice.harness import read, tone


def frame(t: float, opus: bytes | None = b"\xfcopus", *, ssrc: int = 7) -> HeardFrame:
    silence = opus == b"\xf8\xff\xfe"
    return HeardFrame(t, ssrc, 9, encrypted=True, silence=silence, opus=opus)


def gaps(pattern: str, *, step: float = 0.02) -> int:
    """Count the gaps of a spell: `v` voice, `s` silence, `-` nothing."""
    spell = Spell()
    for number, kind in enumerate(pattern):
        if kind != "-":
            spell.push(number * step, silence=kind == "s")
    return spell.gaps


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("vvvvv", 0),
        ("vv-vv", 0),
        ("vv--vv", 1),
        ("vv--vv---v", 2),
        ("vvsvv", 1),
        ("vvssssvv", 4),
        ("vvsssss-----vv", 0),
        ("vv--sssss", 0),
        ("vv--ssvv", 3),
        ("sssss----vvsssssss----vv", 0),
        ("vvss", 0),
    ],
)
def test_gaps_are_counted_inside_a_spell_only(pattern: str, count: int) -> None:
    assert gaps(pattern, step=0.0199) == count


def test_a_spell_begins_once() -> None:
    spell = Spell()
    kinds = "svvsvsssssvv"
    began = [spell.push(n * 0.02, silence=kind == "s") for n, kind in enumerate(kinds)]
    assert [n for n, first in enumerate(began) if first] == [1, 10]


def test_a_spell_ends_with_its_last_sound() -> None:
    spell = Spell()
    ends = {}
    for number, kind in enumerate("svvsvsssssssvsssss"):
        spell.push(float(number), silence=kind == "s")
        ends[number] = spell.ended
    assert {number: t for number, t in ends.items() if t is not None} == {9: 4.0, 17: 12.0}


def test_frames_tell_what_arrived_since_then() -> None:
    heard = Hearing()
    packets = encode(np.repeat(tone(0.04)[:, None], 2, axis=1))
    heard.push(frame(1.0, packets[0]))
    heard.push(frame(1.1, packets[1]))
    heard.push(frame(1.12, b"\xff"))
    heard.push(frame(1.14, None))
    assert heard.check() == 1
    told = heard.frames(1.1)
    assert [f["decoded"] for f in told["frames"]] == [True, False, None]
    assert told["gaps_over_40ms"] == 0
    assert heard.frames(0.0)["gaps_over_40ms"] == 1
    assert set(told["frames"][0]) == {"t", "size", "encrypted", "silence", "decoded"}


def test_a_new_connection_does_not_continue_an_old_spell() -> None:
    heard = Hearing()
    heard.push(frame(1.0))
    heard.push(frame(3.0, ssrc=8))
    assert heard.frames(0.0)["gaps_over_40ms"] == 0


def test_a_recording_lies_on_the_wall_clock() -> None:
    heard = Hearing()
    packets = encode(np.repeat(tone(0.2)[:, None], 2, axis=1))
    for start in (50.0, 51.0):
        for number, packet in enumerate(packets):
            heard.push(frame(start + number * 0.02 + (number % 3) * 0.004, packet))
    sound = read(heard.recording()).astype(float)
    assert len(sound) == round(1.2 * 48_000)
    assert np.abs(sound[12_000:47_000]).max() == 0
    for start in (0, 48_000):
        spectrum = np.abs(np.fft.rfft(sound[start + 960 : start + 960 + 4800]))
        assert spectrum.argmax() * 10 == 440


def test_speakers_are_added() -> None:
    heard = Hearing()
    for ssrc, frequency in ((7, 400.0), (8, 1000.0)):
        samples = tone(0.1, frequency=frequency)
        for number, packet in enumerate(encode(np.repeat(samples[:, None], 2, axis=1))):
            heard.push(frame(number * 0.02, packet, ssrc=ssrc))
    spectrum = np.abs(np.fft.rfft(read(heard.recording()).astype(float)))
    assert {int(place) * 10 for place in spectrum.argsort()[-2:]} == {400, 1000}


def test_nothing_heard_is_an_empty_recording() -> None:
    assert len(read(Hearing().recording())) == 0


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = Hearing()
    for number in range(hearing.MAX_FRAMES + 10):
        heard.push(frame(number * 0.02, None, ssrc=number))
    assert len(heard.frames(0.0)["frames"]) == hearing.MAX_FRAMES
    heard.clear()
    assert heard.frames(0.0)["frames"] == []
