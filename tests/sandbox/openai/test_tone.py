import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.openai import tone


@settings(max_examples=25)
@given(text=st.text(min_size=1, max_size=60), speed=st.sampled_from([0.25, 1.0, 2.5, 4.0]))
def test_the_sound_is_as_long_as_the_text_takes(text: str, speed: float) -> None:
    sound = b"".join(tone.sing(text, speed=speed))
    assert len(sound) == 2 * tone.samples_until(len(text), speed=speed)


def test_the_sound_is_never_silent_nor_too_loud_and_has_no_clicks() -> None:
    sound = np.frombuffer(b"".join(tone.sing("Some words to sing.", speed=1.0)), dtype="<i2")
    frames = sound[: len(sound) // 480 * 480].reshape(-1, 480).astype(float)
    loudness = np.sqrt((frames**2).mean(axis=1))
    assert loudness.min() > 300
    assert np.abs(sound).max() < 20_000
    assert np.abs(np.diff(sound.astype(int))).max() < 5_000
