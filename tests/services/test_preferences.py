import os
from dataclasses import replace
from pathlib import Path

import pytest

from services.core.errors import StorageError
from services.preferences import GuildPreferences, PreferenceStore, UserPreferences


def users(
    directory: Path, *, max_keys: int = 100, unreadable: UserPreferences | None = None
) -> PreferenceStore[UserPreferences]:
    return PreferenceStore(
        UserPreferences, directory=directory, max_keys=max_keys, unreadable=unreadable
    )


async def test_choices_are_there_again_after_a_restart(tmp_path: Path) -> None:
    store = PreferenceStore(GuildPreferences, directory=tmp_path)
    await store.start()
    chosen = await store.change(
        7, lambda now: replace(now, voice="af_sky", free_channels=now.free_channels | {1 << 60})
    )
    again = PreferenceStore(GuildPreferences, directory=tmp_path)
    await again.start()
    assert (
        again.get(7)
        == chosen
        == GuildPreferences(voice="af_sky", free_channels=frozenset({1 << 60}))
    )
    assert again.get(8) == GuildPreferences()


async def test_what_is_kept_belongs_to_its_owner_alone(tmp_path: Path) -> None:
    store = users(tmp_path / "users")
    await store.change(7, lambda now: replace(now, voice="x"))
    assert (tmp_path / "users").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "users" / "7.json").stat().st_mode & 0o777 == 0o600


async def test_forgetting_leaves_nothing_behind(tmp_path: Path) -> None:
    store = users(tmp_path)
    await store.change(7, lambda now: replace(now, voice="x"))
    assert await store.forget(7)
    assert not await store.forget(7)
    assert store.get(7) == UserPreferences()
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - pathlib would block in a coroutine


async def test_of_the_default_choices_nothing_is_kept(tmp_path: Path) -> None:
    store = users(tmp_path)
    await store.change(7, lambda now: replace(now, voice="x"))
    assert await store.change(7, lambda now: replace(now, voice="")) == UserPreferences()
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - pathlib would block in a coroutine


async def test_channels_are_known_by_their_numbers_after_a_restart(tmp_path: Path) -> None:
    store = PreferenceStore(GuildPreferences, directory=tmp_path)
    chosen = await store.change(7, lambda now: replace(now, channel_personas={1 << 60: "Pirate"}))
    again = PreferenceStore(GuildPreferences, directory=tmp_path)
    await again.start()
    assert again.get(7) == chosen


@pytest.mark.parametrize("content", [b"", b"{", b'{"speed": "fast"}', b"\xff"])
async def test_a_file_that_cannot_be_read_is_set_aside(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "7.json").write_bytes(content)
    store = users(tmp_path)
    await store.start()
    assert store.get(7) == UserPreferences()
    assert (tmp_path / "7.json.corrupt").read_bytes() == content
    assert "7.json cannot be read" in caplog.text


async def test_whose_choices_cannot_be_read_has_the_careful_ones_from_then_on(
    tmp_path: Path,
) -> None:
    (tmp_path / "7.json").write_text("{")
    careful = UserPreferences(opted_out=True)
    for _ in range(2):
        store = users(tmp_path, unreadable=careful)
        await store.start()
        assert store.get(7) == careful
        assert store.get(8) == UserPreferences()
    assert await store.forget(7)
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - pathlib would block in a coroutine


async def test_choices_of_one_kind_are_found(tmp_path: Path) -> None:
    store = users(tmp_path)
    for user_id, voice in ((7, "x"), (8, "y")):
        await store.change(user_id, lambda now, voice=voice: replace(now, voice=voice))  # type: ignore[misc]
    assert store.keys_where(lambda each: each.voice == "y") == [8]


async def test_choices_of_a_later_version_are_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "7.json").write_text('{"voice": "x", "hat": "red"}')
    store = users(tmp_path)
    await store.start()
    assert store.get(7) == UserPreferences(voice="x")


async def test_one_too_many_is_refused_in_words(tmp_path: Path) -> None:
    store = users(tmp_path, max_keys=1)
    await store.change(7, lambda now: replace(now, voice="x"))
    with pytest.raises(StorageError) as refusal:
        await store.change(8, lambda now: replace(now, voice="y"))
    assert "did not fit" in refusal.value.user_message
    assert (await store.change(7, lambda now: replace(now, voice="z"))).voice == "z"


async def test_a_disk_that_refuses_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = users(tmp_path / "file")
    with pytest.raises(StorageError) as refusal:
        await store.change(7, lambda now: replace(now, voice="x"))
    assert "could not keep" in refusal.value.user_message
    assert store.get(7) == UserPreferences()
