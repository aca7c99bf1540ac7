from pathlib import Path

import pytest

from services.core.errors import BotError
from services.persona import Persona
from services.persona_library import FULL, MAX_OWN, RESERVED, GuildPersonas, PersonaLibrary
from services.preferences import PreferenceStore

PIRATE, TEACHER = Persona(name="Pirate", prompt="Arr."), Persona(name="Teacher", prompt="Well.")


async def library(folder: Path) -> PersonaLibrary:
    own = PreferenceStore(GuildPersonas, directory=folder)
    await own.start()
    return PersonaLibrary(prompt="Be kind.", shipped=[PIRATE, TEACHER], own=own)


def names(found: list[Persona]) -> list[str]:
    return [persona.name for persona in found]


async def test_what_a_guild_makes_is_its_own_and_outlives_the_bot(tmp_path: Path) -> None:
    owl = Persona(name="Night Owl", prompt="Hoot.", voice="onyx", temperature=0.5, greeting="Hoo!")
    await (await library(tmp_path)).save(5, owl)
    again = await library(tmp_path)
    assert again.find(" night  OWL ", 5) == owl
    assert again.find("night owl", 6) is again.find("night owl", None) is None
    assert names(again.all_of(5)) == ["Default", "Pirate", "Teacher", "Night Owl"]
    assert names(again.all_of(None)) == ["Default", "Pirate", "Teacher"]
    assert (tmp_path / "5.json").stat().st_mode & 0o777 == 0o600


async def test_a_guild_s_version_stands_in_the_place_of_the_file_s(tmp_path: Path) -> None:
    kept = await library(tmp_path)
    await kept.save(5, Persona(name="PIRATE", prompt="Yarr."))
    assert kept.get("pirate", 5).prompt == "Yarr."
    assert kept.get("pirate", 6) == PIRATE
    assert names(kept.all_of(5)) == ["Default", "PIRATE", "Teacher"]
    assert await kept.delete(5, "Pirate")
    assert not await kept.delete(5, "Pirate")
    assert kept.get("pirate", 5) == PIRATE
    assert not (tmp_path / "5.json").exists()


async def test_the_default_is_what_the_settings_say_and_stays_so(tmp_path: Path) -> None:
    kept = await library(tmp_path)
    assert kept.get("default", 5) == kept.default == Persona(name="Default", prompt="Be kind.")
    with pytest.raises(BotError) as refusal:
        await kept.save(5, Persona(name="default", prompt="Be rude."))
    assert refusal.value.user_message == RESERVED


async def test_a_guild_makes_so_many_and_changes_them_still(tmp_path: Path) -> None:
    kept = await library(tmp_path)
    for number in range(MAX_OWN):
        await kept.save(5, Persona(name=f"n{number}", prompt="x"))
    with pytest.raises(BotError) as refusal:
        await kept.save(5, Persona(name="one more", prompt="x"))
    assert refusal.value.user_message == FULL
    await kept.save(5, Persona(name="N1", prompt="y"))
    assert kept.get("n1", 5).prompt == "y"
    assert len(kept.own_of(5)) == MAX_OWN
    assert await kept.forget(5)
    assert kept.own_of(5) == []


async def test_an_unknown_name_is_told_with_near_ones(tmp_path: Path) -> None:
    kept = await library(tmp_path)
    for name, words in (("pirat`e", "`pirate`. Did you mean `Pirate`?"), ("zz", "/persona list")):
        with pytest.raises(BotError) as refusal:
            kept.get(name, 5)
        assert words in refusal.value.user_message


async def test_those_that_begin_so_are_suggested_first(tmp_path: Path) -> None:
    kept = await library(tmp_path)
    await kept.save(5, Persona(name="A parrot", prompt="x"))
    await kept.save(5, Persona(name="Parrot", prompt="x"))
    assert names(kept.suggest("PAR", 5, limit=9)) == ["Parrot", "A parrot"]
    assert names(kept.suggest("", 5, limit=2)) == ["Default", "Pirate"]
