import sys
from pathlib import Path

import pytest

from tests.e2e.running_bot import running_bot
from tests.e2e.storm import weather

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc"),
]


async def test_the_bot_stands_a_storm(tmp_path: Path) -> None:
    with running_bot(tmp_path) as bot:
        report = await weather(bot, seconds=15.0, seed=3)
    assert "answered" in report
