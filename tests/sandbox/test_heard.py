import io
import math
import wave

import numpy as np
import pytest

from sandbox.heard import peak_dbfs, sum_up


def recording(peak: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(48_000)
        sound.writeframes(np.array([0, 0, -peak, peak // 2], dtype="<i2").tobytes())
    return file.getvalue()


def frame(t: float, *, encrypted: bool = True, decoded: bool = True) -> dict[str, object]:
    return {"t": t, "encrypted": encrypted, "decoded": decoded, "silence": False}


def test_a_spell_of_speech_is_summed_up() -> None:
    heard = sum_up([frame(5.0), frame(5.02), frame(5.04, decoded=False)], 1, recording(16_384))
    assert (heard.first, heard.gaps, heard.undecoded, heard.encrypted) == (5.0, 1, 1, True)
    assert heard.seconds == pytest.approx(0.06)
    assert heard.peak_dbfs == pytest.approx(-6.02, abs=0.01)


def test_one_clear_frame_breaks_the_encryption() -> None:
    assert not sum_up([frame(1.0), frame(1.02, encrypted=False)], 0, recording(1)).encrypted


def test_silence_has_no_level() -> None:
    assert peak_dbfs(recording(0)) == -math.inf
