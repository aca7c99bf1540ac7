from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, MagicMock

import pytest

from cogs.preparation import prepare
from services.core.errors import VoiceError


@pytest.mark.parametrize("failure", [None, VoiceError("no libopus")])
async def test_what_fails_keeps_nothing_else_from_being_done(
    tmp_path: Path, failure: Exception | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    refused = AsyncMock(side_effect=OSError("refused"))
    tree = SimpleNamespace(fetch_commands=refused, get_commands=list)
    client: Any = SimpleNamespace(wait_for=AsyncMock(), tree=tree, application_id=5)
    work, load = AsyncMock(), MagicMock(side_effect=failure, return_value="1.5")
    await prepare(client, tmp_path, ["speak"], [work, work], MagicMock(), load)
    client.wait_for.assert_awaited_once_with("connect")
    assert work.await_count == 2
    assert caplog.text.count("client_id=5&scope=bot+applications.commands") == 1
    assert "could not be registered: refused" in caplog.text
    assert ("can't speak" in caplog.text) == bool(failure)
    assert ("libopus 1.5" in caplog.text) != bool(failure)
