import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from services.core.errors import BotError
from services.persona import DEFAULT, Persona, key_of
from services.preferences import PreferenceStore

MAX_OWN: Final = 50
"""Personas that one guild may make."""

FULL: Final = f"This server has {MAX_OWN} personas of its own. Delete one first: `/persona delete`."
RESERVED: Final = "`Default` is what my owner made me. Please choose another name."


@dataclass(frozen=True, slots=True, kw_only=True)
class GuildPersonas:
    """Hold the personas that a guild has made."""

    personas: tuple[Persona, ...] = ()


class PersonaLibrary:
    """Know the personas there are: the default one, those that came as files, a guild's own.

    A guild's own stands in the place of a file's of the same name. `prompt` is the default
    persona's. Answers from memory.
    """

    def __init__(
        self, *, prompt: str, shipped: Sequence[Persona], own: PreferenceStore[GuildPersonas]
    ) -> None:
        self.default = replace(DEFAULT, prompt=prompt)
        self._shipped = {persona.key: persona for persona in (self.default, *shipped)}
        self._own = own

    def all_of(self, guild_id: int | None) -> list[Persona]:
        """Return what can be chosen in a guild, or in direct messages; the default comes first."""
        return list((self._shipped | self._of(guild_id)).values())

    def own_of(self, guild_id: int) -> list[Persona]:
        """Return the personas that a guild has made."""
        return list(self._of(guild_id).values())

    def find(self, name: str, guild_id: int | None) -> Persona | None:
        """Return the persona of a name, None where there is none."""
        return self._of(guild_id).get(key_of(name)) or self._shipped.get(key_of(name))

    def get(self, name: str, guild_id: int | None) -> Persona:
        """Return the persona of a name. Raises BotError, naming near ones, where there is none."""
        found = self.find(name, guild_id)
        if found is None:
            raise BotError(user_message=_unknown(name, self.all_of(guild_id)))
        return found

    def suggest(self, typed: str, guild_id: int | None, *, limit: int) -> list[Persona]:
        """Return personas whose name begins with or holds what was typed."""
        wanted = key_of(typed)
        fitting = [persona for persona in self.all_of(guild_id) if wanted in persona.key]
        fitting.sort(key=lambda persona: not persona.key.startswith(wanted))
        return fitting[:limit]

    def check_new(self, name: str, guild_id: int) -> None:
        """Raise BotError where a guild may make no persona of that name."""
        if key_of(name) == DEFAULT.key:
            raise BotError(user_message=RESERVED)
        own = self._of(guild_id)
        if key_of(name) not in own and len(own) >= MAX_OWN:
            raise BotError(user_message=FULL)

    async def save(self, guild_id: int, persona: Persona) -> None:
        """Keep a guild's own persona, in the place of one of that name. Raises BotError."""

        def change(kept: GuildPersonas) -> GuildPersonas:
            self.check_new(persona.name, guild_id)
            own = {each.key: each for each in kept.personas} | {persona.key: persona}
            return replace(kept, personas=tuple(own.values()))

        await self._own.change(guild_id, change)

    async def delete(self, guild_id: int, name: str) -> bool:
        """Delete a guild's own persona; return whether there was one. Raises StorageError."""
        if key_of(name) not in self._of(guild_id):
            return False

        def change(kept: GuildPersonas) -> GuildPersonas:
            left = (each for each in kept.personas if each.key != key_of(name))
            return replace(kept, personas=tuple(left))

        await self._own.change(guild_id, change)
        return True

    async def forget(self, guild_id: int) -> bool:
        """Delete all that a guild has made; return whether there was any. Raises StorageError."""
        return await self._own.forget(guild_id)

    def _of(self, guild_id: int | None) -> dict[str, Persona]:
        own = self._own.get(guild_id).personas if guild_id is not None else ()
        return {persona.key: persona for persona in own}


def _unknown(name: str, personas: Sequence[Persona]) -> str:
    names = {persona.key: persona.name for persona in personas}
    near = difflib.get_close_matches(key_of(name), names, n=3, cutoff=0.5)
    shown = "".join(each for each in name[:40] if each.isprintable() and each != "`")
    hint = " or ".join(f"`{names[key]}`" for key in near)
    more = f"Did you mean {hint}?" if hint else "`/persona list` shows those there are."
    return f"I know no persona `{shown}`. {more}"
