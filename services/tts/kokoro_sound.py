from typing import Any

import numpy as np
from numpy.typing import NDArray


def pcm(sound: NDArray[Any]) -> bytes:
    """Return samples of -1 to 1 as s16 PCM; what is no number is silence."""
    clean = np.nan_to_num(np.asarray(sound, dtype=np.float32).ravel())
    return bytes((clean.clip(-1.0, 1.0) * 32767).astype("<i2").tobytes())
