import asyncio
from pathlib import Path

import pytest

from sandbox import launch
from sandbox.launch import LaunchError, Options, first_of


def options(**changes: bool) -> Options:
    given = {"bot": True, "real_model": False, "exit_after_script": False} | changes
    return Options(port=0, tls=False, script=[], **given)


async def test_the_first_to_end_ends_the_others() -> None:
    ended: list[str] = []

    async def wait_long() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("long")

    async def wait_short() -> None:
        await asyncio.sleep(0)
        ended.append("short")

    await first_of(wait_long(), wait_short())
    assert ended == ["short", "long"]


async def test_the_failure_of_one_is_the_failure_of_all() -> None:
    async def fail() -> None:
        raise LaunchError("No.")

    with pytest.raises(LaunchError, match="No"):
        await first_of(asyncio.sleep(60), fail())


async def test_a_bot_that_ends_before_it_is_online_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bot.py").write_text("import sys; sys.exit('I need a token.')")
    monkeypatch.setattr(launch, "ROOT", tmp_path)
    with pytest.raises(LaunchError, match=r"^The bot ended with status 1: I need a token\.$"):
        await launch.launch(options(), tmp_path)
    assert capsys.readouterr().out == ""


async def test_a_bot_that_never_comes_online_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bot.py").write_text("import time; time.sleep(60)")
    monkeypatch.setattr(launch, "ROOT", tmp_path)
    monkeypatch.setattr(launch, "ONLINE_SECONDS", 0.05)
    with pytest.raises(LaunchError, match="did not come online"):
        await launch.launch(options(), tmp_path)


async def test_a_real_model_must_be_named(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match="OPENAI_API_KEY"):
        await launch.launch(options(real_model=True), tmp_path)
