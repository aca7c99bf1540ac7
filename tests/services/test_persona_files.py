from pathlib import Path

import pytest

from services.persona import LONGEST_GREETING, filled
from services.persona_files import LONGEST, MOST, read_personas

SHIPPED = Path(__file__).parents[2] / "personas"


async def test_those_that_come_along_are_good(caplog: pytest.LogCaptureFixture) -> None:
    found = await read_personas(SHIPPED)
    assert len(found) >= 4
    assert caplog.records == []
    for persona in found:
        assert 200 < len(persona.prompt) < 1200, "a third of a default context at most"
        assert "language you are spoken to" in persona.prompt
        assert not persona.voice, "which voices there are depends on the engine"
        assert len(persona.greeting) < LONGEST_GREETING
        values = dict.fromkeys(("user", "guild", "channel", "date"), "x")
        assert "{" not in filled(persona.prompt + persona.greeting, values)


async def test_a_bad_file_is_named_and_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a.toml").write_text("name = 'Owl'\nprompt = 'Hoot.'")
    (tmp_path / "b.toml").write_text("name = 'OWL'\nprompt = 'Hoot.'")
    (tmp_path / "c.toml").write_text("name = 'Default'\nprompt = 'Hoot.'")
    (tmp_path / "d.toml").write_bytes(b"\xff")
    (tmp_path / "e.toml").write_text("#" * (LONGEST + 1))
    (tmp_path / "f.toml").mkdir()
    (tmp_path / "notes.txt").write_text("not read")
    assert [persona.name for persona in await read_personas(tmp_path)] == ["Owl"]
    named = [record.getMessage().split()[2] for record in caplog.records]
    assert named == ["b.toml", "c.toml", "d.toml", "e.toml", "f.toml"]
    assert "there is a persona 'OWL' already" in caplog.text


async def test_a_folder_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert await read_personas(tmp_path / "nowhere") == []


async def test_there_is_an_end_to_what_is_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(MOST + 1):
        (tmp_path / f"{number:03}.toml").write_text(f"name = 'n{number}'\nprompt = 'x'")
    assert len(await read_personas(tmp_path)) == MOST
    assert f"the first {MOST} of {MOST + 1}" in caplog.text
