import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services.voice.resample import Resampler


@settings(max_examples=40)
@given(
    st.sampled_from([8_000, 16_000, 22_050, 24_000, 44_100, 48_000, 96_000]),
    st.integers(0, 3000),
    st.integers(1, 700),
)
def test_the_length_is_exact_and_the_cuts_do_not_matter(rate: int, length: int, step: int) -> None:
    sound = np.random.default_rng(length).integers(-20_000, 20_000, length).astype(np.int16)
    whole, cut = Resampler(rate), Resampler(rate)
    expected = np.concatenate([whole.push(sound), whole.flush()])
    parts = [cut.push(sound[start : start + step]) for start in range(0, length, step)]
    assert len(expected) == -(-length * 48_000 // rate)
    assert np.abs(np.concatenate([*parts, cut.flush()]).astype(int) - expected).max(initial=0) <= 1


def test_a_tone_keeps_level_and_place() -> None:
    for rate in (16_000, 22_050, 24_000):
        time = np.arange(rate) / rate
        resampler = Resampler(rate)
        sound = np.asarray(np.rint(10_000 * np.sin(2 * np.pi * 440 * time)), np.int16)
        output = np.concatenate([resampler.push(sound), resampler.flush()])
        exact = 10_000 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)
        assert np.abs(output - exact)[500:-500].max() < 10
