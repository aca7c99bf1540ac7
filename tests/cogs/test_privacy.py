import gzip
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, MagicMock

import discord
import pytest

from cogs import privacy
from cogs.access import OPEN_TO_ALL
from cogs.privacy import ASK, DMS_CLOSED, OPTED_OUT, SENT, ConfirmForgetting, Privacy, packed
from cogs.privacy_report import INCOMPLETE, NOTHING, STILL_OPTED_OUT
from services.core.errors import BotError
from tests.services.test_personal_data import House

CLOSED = discord.Forbidden(MagicMock(status=403, reason="no"), "Cannot send messages to this user")


class Office:
    def __init__(self, folder: Path) -> None:
        self.house = House(folder)
        self.cog = Privacy(data=self.house.data, readers=["`models.example`"])
        self.dm = AsyncMock()
        self.view: Any = None
        self.files: list[Any] = []

    async def use(self, name: str, *, user: int = 7) -> Any:
        """Use a subcommand and return what its user sees at last."""
        asked = MagicMock(user=SimpleNamespace(id=user, send=self.dm))
        said = AsyncMock()
        asked.response.defer = AsyncMock()
        asked.response.send_message = asked.response.edit_message = said
        asked.edit_original_response = asked.followup.send = said
        if name in ("confirm", "cancel"):
            await getattr(self.view, name).callback(asked)
        else:
            command: Any = getattr(Privacy, name)
            await command.callback(self.cog, asked)
        seen = said.await_args
        assert seen is not None
        self.view = seen.kwargs.get("view")
        self.files = seen.kwargs.get("attachments", [])
        return seen.args[0] if seen.args else seen.kwargs["content"]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


async def test_it_shows_how_much_is_kept_where_how_long_and_who_else_reads(office: Office) -> None:
    shown = await office.use("show")
    assert "- **2** things. Where: here. How long: long." in shown
    assert "`models.example`" in shown
    assert NOTHING in await office.use("show", user=9)
    office.house.shelves[0].broken = True
    assert "could not read" in await office.use("show")


async def test_an_export_comes_by_direct_message(office: Office) -> None:
    assert await office.use("export") == SENT
    file = office.dm.await_args_list[0].kwargs["file"]
    assert file.filename == "about-you.json"
    assert json.loads(file.fp.read())["one"] == ["a", "é"]
    assert office.files == []


async def test_who_takes_no_direct_messages_gets_the_export_here(office: Office) -> None:
    office.dm.side_effect = CLOSED
    assert await office.use("export") == DMS_CLOSED
    assert json.loads(office.files[0].fp.read())["user_id"] == 7


def test_a_large_export_is_packed_and_a_huge_one_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(privacy, "LARGEST_UPLOAD", 100)
    name, content = packed(b"x" * 5000)
    assert (name, gzip.decompress(content)) == ("about-you.json.gz", b"x" * 5000)
    with pytest.raises(BotError, match="too large"):
        packed(bytes(range(256)) * 4)


async def test_forgetting_asks_first_and_gives_a_receipt(office: Office) -> None:
    assert await office.use("forget") == ASK
    assert isinstance(office.view, ConfirmForgetting)
    assert office.house.interrupted == []
    told = await office.use("confirm")
    assert told.splitlines() == [
        "**Forgotten**",
        "- 2 things",
        "- 2 things",
        "- 2 answers that were still running",
    ]
    assert 7 not in office.house.shelves[0].things


async def test_forgetting_can_be_called_off(office: Office) -> None:
    await office.use("forget")
    assert "Nothing" in await office.use("cancel")
    assert office.house.interrupted == []


async def test_a_receipt_tells_what_is_left(office: Office) -> None:
    assert await office.use("optout") == OPTED_OUT
    office.house.shelves[0].broken = True
    await office.use("forget")
    told = await office.use("confirm")
    assert INCOMPLETE in told
    assert STILL_OPTED_OUT in told
    await office.use("optin")
    assert not office.house.data.is_opted_out(7)


def test_the_commands_are_everybodys_everywhere(office: Office) -> None:
    group: Any = office.cog.app_command
    assert group.name in OPEN_TO_ALL
    assert group.default_permissions is None
    assert not group.guild_only
    names = {command.name for command in group.commands}
    assert names == {"show", "export", "forget", "optout", "optin"}
