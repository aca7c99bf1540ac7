import sys

import pytest

from benchmarks.clock import OURS, THEIRS, run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's times are Linux's")


@pytest.mark.parametrize("variant", [OURS, THEIRS])
def test_what_is_compared_still_speaks(variant: str) -> None:
    spent, arrivals = run(variant, 2, 10)
    assert spent > 0
    sent = [len(times) for times in arrivals.values()]
    assert len(sent) == 2
    assert min(sent) >= 10


def test_sending_a_frame_can_still_be_timed() -> None:
    times, arrivals = run("", 1, 1)
    assert min(times.values()) > 0
    assert arrivals
