from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, MagicMock

import pytest
import pytest_asyncio

from cogs.memory import ALL, CHOICES, LONGEST_LABEL, NOTHING, OFF, ON, FactForm, Memory
from services.core.errors import BotError
from services.preferences import PreferenceStore, UserPreferences
from services.profiles import UNKNOWN
from tests.services.profile_fakes import ANA, BEN, DIRECT, STAFF, People, noted, said


class Room:
    """Somebody who uses the commands; `people` holds what is known."""

    def __init__(self, people: People, folder: Path) -> None:
        self.people = people
        self.users = PreferenceStore(UserPreferences, directory=folder / "users")
        self.cog = Memory(profiles=people.profiles, users=self.users, guild_name=lambda _: "Boats")

    async def use(self, name: str, *, user: int = ANA, **options: Any) -> str:
        """Use a subcommand and return what its user, and nobody else, is told."""
        asked = self._asked(user)
        await self._command(name).callback(self.cog, asked, **options)
        first, *others = [call.args or call.kwargs for call in asked.sent.await_args_list]
        assert first == {"ephemeral": True, "thinking": True}
        return "\n".join(each["content"] if isinstance(each, dict) else each[0] for each in others)

    async def open_form(self, fact: str) -> tuple[FactForm, Any]:
        asked = self._asked(ANA)
        await self._command("edit").callback(self.cog, asked, fact)
        form: FactForm = asked.response.send_modal.await_args.args[0]
        return form, self._asked(ANA)

    def _command(self, name: str) -> Any:
        return getattr(Memory, name)

    def _asked(self, user: int) -> Any:
        asked = MagicMock()
        asked.user.id = user
        asked.sent = AsyncMock()
        asked.response.send_modal = AsyncMock()
        asked.response.defer = asked.edit_original_response = asked.followup.send = asked.sent
        return asked

    async def suggestions(self, typed: str = "", *, user: int = ANA) -> list[tuple[str, str]]:
        cog: Any = self.cog
        found = await cog.suggest_or_all(self._asked(user), typed)
        return [(choice.name, str(choice.value)) for choice in found]


@pytest_asyncio.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    people = People(tmp_path)
    await people.tell(said("I am Ana"), noted(name="Is Ana."))
    await people.tell(said("I row", "I am tall", id=2, place=STAFF), noted(size="Is tall."))
    await people.tell(said("I am shy", id=4, place=DIRECT), noted(nature="Is shy."))
    yield Room(people, tmp_path)
    await people.learner.aclose()


async def test_everything_is_shown_with_where_it_was_said(room: Room) -> None:
    assert await room.use("show") == (
        "- Is Ana. (said in <#10>, recalled in all of Boats)\n"
        "- Is tall. (said in <#12> of Boats, recalled only there)\n"
        "- Is shy. (said in a direct message, recalled only there)"
    )
    assert await room.use("show", user=BEN) == NOTHING
    room.people.refused.add(BEN)
    assert await room.use("show", user=BEN) == f"{NOTHING}\n{OFF}"


async def test_a_long_list_fits_into_messages(room: Room) -> None:
    facts = await room.people.profiles.export(ANA)
    await room.people.store.change(ANA, lambda _: tuple(facts * 40))
    assert (await room.use("show")).count("Is shy.") == 40


async def test_one_fact_or_everything_is_forgotten(room: Room) -> None:
    choices = dict(await room.suggestions())
    assert list(choices) == [ALL, "Is shy.", "Is tall.", "Is Ana."]
    assert await room.use("forget", fact=choices["Is tall."]) == "Done: I forgot “Is tall.”"
    assert await room.use("forget", fact="Is shy.") == "Done: I forgot “Is shy.”"
    with pytest.raises(BotError) as refusal:
        await room.use("forget", fact=choices["Is Ana."], user=BEN)
    assert refusal.value.user_message == UNKNOWN
    assert "yourself (1)" in await room.use("forget", fact=ALL)
    assert await room.use("show") == NOTHING


async def test_facts_are_suggested_by_their_words(room: Room) -> None:
    assert [name for name, _ in await room.suggestions("TALL")] == [ALL, "Is tall."]
    assert [name for name, _ in await room.suggestions(user=BEN)] == [ALL]
    [fact, *_] = await room.people.profiles.export(ANA)
    await room.people.store.change(ANA, lambda _: (fact,) * 40)
    assert len(await room.suggestions()) == CHOICES
    assert all(len(name) <= LONGEST_LABEL for name, _ in await room.suggestions())


async def test_remembering_is_everybodys_own_choice(room: Room) -> None:
    room.people.refused.add(ANA)
    assert await room.use("remember", mode="off") == f"Done. {OFF}"
    assert not room.users.get(ANA).remember
    assert room.users.get(BEN).remember
    room.people.refused.clear()
    assert await room.use("remember", mode="on") == f"Done. {ON}"
    assert room.users.get(ANA) == UserPreferences()


async def test_a_fact_is_put_in_other_words(room: Room) -> None:
    form, sent = await room.open_form("Is Ana.")
    field: Any = form.fact.component
    assert field.default == "Is Ana."
    field._value = " Is called\nAna. "
    await form.on_submit(sent)
    assert sent.sent.await_args.kwargs["content"] == (
        "Done: “Is called Ana.” (said in <#10>, recalled in all of Boats)"
    )
    assert "- Is called Ana." in await room.people.known()


async def test_words_that_cannot_be_kept_are_refused_in_words(room: Room) -> None:
    form, sent = await room.open_form("Is Ana.")
    sent.response.is_done = MagicMock(return_value=True)
    await form.on_error(sent, BotError(user_message="No."))
    assert sent.sent.await_args.args == ("No.",)
    with pytest.raises(BotError):
        await room.open_form("Is Ben.")
