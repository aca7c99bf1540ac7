import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from services.core.errors import BotError, ProviderConnectionError
from services.core.types import UserTurn
from services.fact_extraction import INSTRUCTION
from services.fact_learner import LONGEST_LESSON, MAX_WAITING
from services.limits import Payer
from services.profiles import NO_FACT, UNKNOWN
from tests.services.profile_fakes import (
    ANA,
    BEN,
    DIRECT,
    ELSEWHERE,
    GENERAL,
    LOUNGE,
    STAFF,
    People,
    noted,
    said,
)

INTRODUCTION = said("I'm called Ana and I love rowing")
ANSWER = noted(name="Is called Ana.", sport="Loves rowing.")
LINES = "- Loves rowing.\n- Is called Ana."


@pytest_asyncio.fixture
async def people(tmp_path: Path) -> AsyncIterator[People]:
    made = People(tmp_path)
    yield made
    await made.learner.aclose()


async def test_what_somebody_told_is_recalled_where_all_could_read_it(people: People) -> None:
    await people.tell(INTRODUCTION, ANSWER)
    assert people.asked == ["Known facts:\n- none\n\nMessage:\nI'm called Ana and I love rowing"]
    assert await people.known() == await people.known(LOUNGE) == await people.known(STAFF) == LINES
    assert await people.known(ELSEWHERE) == await people.known(DIRECT) == ""
    assert await people.known(author=BEN) == ""
    people.closed.add(GENERAL.channel_id)
    assert await people.known(LOUNGE) == ""
    assert await people.known() == LINES


async def test_an_answer_that_is_heard_holds_only_what_everyone_could_read(people: People) -> None:
    await people.tell(INTRODUCTION, ANSWER)
    await people.tell(said("I am shy", id=3, place=STAFF), noted(nature="Is shy."))
    assert "shy" in await people.known(STAFF)
    asked = said("And?", place=STAFF).messages[0]
    heard = UserTurn("t", (replace(asked, speak=True),))
    assert await people.profiles.recall(heard) == LINES


async def test_a_turn_is_public_only_if_all_its_messages_were(people: People) -> None:
    first, second = said("I'm called Ana", id=1), said("and I love rowing", id=2, place=STAFF)
    moved = first.joined_by(second)
    await people.tell(moved, ANSWER)
    assert await people.known(LOUNGE) == ""
    assert await people.known(STAFF) == LINES


async def test_most_turns_cost_nothing(people: People) -> None:
    for text in ("What is a boat?", "", "> I am Bob\nWho is he?", "my password is rowing1"):
        people.profiles.learn(said(text))
    people.profiles.learn(said("I am Ana", "my PIN is rowing"))
    people.profiles.learn(said("I am Ana, as I say aloud", id=0))
    await people.idle()
    assert people.asked == []


async def test_who_tells_something_pays_for_noting_it_and_so_does_their_server(
    people: People,
) -> None:
    await people.tell(said("I have a cat."), noted(pet="Has a cat."))
    await people.tell(said("I have a dog.", place=DIRECT, author=BEN), noted(pet="Has a dog."))
    assert people.payers == [Payer(ANA, 5), Payer(BEN, 0)]


async def test_what_is_known_is_shown_only_where_it_may_be_recalled(people: People) -> None:
    await people.tell(said("I am shy", place=DIRECT), noted(nature="Is shy."))
    await people.tell(said("I am loud", place=GENERAL, id=2), noted(nature="Is loud."))
    assert "shy" not in people.asked[1]
    await people.tell(said("I am calm", place=GENERAL, id=3), noted(nature="Is calm."))
    assert "- nature: Is loud." in people.asked[2]
    assert await people.known(DIRECT) == "- Is shy."
    assert await people.known(LOUNGE) == "- Is calm."


async def test_a_question_asked_again_teaches_nothing_new(people: People) -> None:
    await people.tell(INTRODUCTION, ANSWER)
    people.profiles.learn(INTRODUCTION)
    await people.idle()
    assert len(people.asked) == 1


async def test_who_does_not_want_it_is_neither_remembered_nor_recalled(people: People) -> None:
    await people.tell(INTRODUCTION, ANSWER)
    people.refused.add(ANA)
    people.profiles.learn(said("I am Ana", id=5))
    await people.idle()
    assert len(people.asked) == 1
    assert await people.known() == ""
    assert len(await people.profiles.export(ANA)) == 2


@pytest.mark.parametrize("change", ["forget", "delete", "edit", "leave", "refuse"])
async def test_what_is_taken_back_while_the_model_works_is_not_kept(
    people: People, change: str
) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def pause() -> None:
        asked.set()
        await go_on.wait()

    people.pause = pause
    people.answers.append(ANSWER)
    people.profiles.learn(INTRODUCTION)
    people.profiles.learn(said("I am Ben", author=BEN, id=9, place=ELSEWHERE))
    await asked.wait()
    match change:
        case "forget":
            await people.profiles.forget(ANA)
        case "delete":
            await people.profiles.forget_messages({1, 4})
        case "edit":
            await people.profiles.revise_message(1, "Who am I?")
        case "leave":
            await people.profiles.forget_guild(5)
        case "refuse":
            people.refused.add(ANA)
    people.answers.append(noted(name="Is Ben."))
    go_on.set()
    while not await people.known(ELSEWHERE, author=BEN):  # noqa: ASYNC110 - the store works in threads
        await asyncio.sleep(0.001)
    people.refused.clear()
    assert await people.known() == ""


async def test_a_message_takes_its_facts_along(people: People) -> None:
    await people.tell(said("I am Ana", "I row", id=1), noted(name="Is Ana.", sport="I row."))
    await people.tell(said("I am tall", id=3), noted(size="Is tall."))
    assert await people.profiles.forget_messages({2, 99}) == 2
    assert await people.known() == "- Is tall."
    assert await people.profiles.forget_messages({2}) == 0


async def test_an_edited_message_is_learned_from_anew(people: People) -> None:
    await people.tell(INTRODUCTION, ANSWER)
    people.answers.append(noted(name="Is called Eva."))
    assert await people.profiles.revise_message(1, "I'm called Eva") == 2
    await people.idle()
    assert await people.known(LOUNGE) == "- Is called Eva."
    assert await people.profiles.revise_message(1, "my password is x") == 1
    assert await people.known() == ""
    assert await people.profiles.revise_message(77, "I'm called Eva") == 0


async def test_a_guild_that_was_left_takes_its_facts_along(people: People) -> None:
    await people.tell(INTRODUCTION, ANSWER)
    await people.tell(said("I am tall", id=3, place=ELSEWHERE), noted(size="Is tall."))
    await people.tell(said("I am Ben", id=4, author=BEN), noted(name="Is Ben."))
    assert await people.profiles.forget_guild(5) == 3
    assert [fact.text for fact in await people.profiles.export(ANA)] == ["Is tall."]
    assert await people.profiles.export(BEN) == []


async def test_a_channel_that_is_no_more_takes_its_facts_along(people: People) -> None:
    await people.tell(INTRODUCTION, ANSWER)
    await people.tell(said("I am tall", id=3, place=LOUNGE), noted(size="Is tall."))
    await people.tell(said("I am old", id=4, place=LOUNGE, channel=77), noted(age="Is old."))
    assert await people.profiles.forget_channel(77) == 1
    assert await people.profiles.forget_channel(GENERAL.channel_id) == 2
    assert await people.known() == "- Is tall."
    assert await people.profiles.forget_channel(LOUNGE.channel_id) == 1


async def test_nothing_of_a_person_is_left_on_the_disk(people: People) -> None:
    await people.tell(said("I have a canary", place=DIRECT), noted(pet="Has a canary."))
    await people.tell(said("I am Ben", id=4, author=BEN), noted(name="Is Ben."))

    def holding(word: bytes) -> list[str]:
        files = [path for path in people.folder.parent.rglob("*") if path.is_file()]
        return [path.name for path in files if word in path.read_bytes()]

    assert await asyncio.to_thread(holding, b"canary") == [f"{ANA}.json"]
    assert await people.profiles.forget(ANA) == 1
    assert await asyncio.to_thread(holding, b"canary") == []
    assert await asyncio.to_thread(holding, b"Ben") == [f"{BEN}.json"]


async def test_one_fact_is_edited_or_forgotten_by_its_owner(people: People) -> None:
    await people.tell(INTRODUCTION, ANSWER)
    name, sport = await people.profiles.export(ANA)
    assert (await people.profiles.edit(ANA, name.key, " Is called\nEva. ")).text == "Is called Eva."
    assert await people.profiles.forget_fact(ANA, sport.key) == sport
    assert await people.known(LOUNGE) == "- Is called Eva."
    for text in ("", "My password is x.", "long " * 40):
        with pytest.raises(BotError) as refusal:
            await people.profiles.edit(ANA, "Is called Eva.", text)
        assert refusal.value.user_message == NO_FACT
    for owner, key in ((ANA, sport.key), (BEN, name.key)):
        with pytest.raises(BotError) as refusal:
            await people.profiles.forget_fact(owner, key)
        assert refusal.value.user_message == UNKNOWN


async def test_a_failure_costs_one_turn_and_shows_nobodys_words(
    people: People, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await people.tell(INTRODUCTION, ProviderConnectionError("gone", said="Ana rows"))
    await people.tell(said("I am Ana", id=2), ZeroDivisionError("Ana"))
    await people.tell(said("I am Ana", id=3), "Ana is nice.")
    await people.tell(said("I am Ana", id=4), noted(name="Is Ana."))
    assert await people.known() == "- Is Ana."
    assert "Ana" not in caplog.text
    assert caplog.text.count("Nothing is learned from a turn") == 2


async def test_a_profile_that_cannot_be_read_is_not_recalled(
    people: People, caplog: pytest.LogCaptureFixture
) -> None:
    await asyncio.to_thread((people.folder / f"{ANA}.json").mkdir, parents=True)
    assert await people.known() == ""
    assert "not recalled" in caplog.text


async def test_learning_gives_way_to_a_question_once_and_goes_on_after_its_answer(
    people: People,
) -> None:
    asked, answer = asyncio.Event(), asyncio.Event()

    async def pause() -> None:
        asked.set()
        await answer.wait()

    people.pause = pause
    people.answers += [noted(pet="Has a cat."), noted(sport="Loves rowing.")]
    people.profiles.learn(said("I have a cat.", id=1))
    people.profiles.learn(said("I love rowing.", id=2))
    await asked.wait()
    asked.clear()
    for _ in range(3):
        await people.profiles.recall(said("And?", author=BEN))
    await asyncio.sleep(0.01)
    assert len(people.asked) == 1
    people.profiles.learn(said("Fine.", author=BEN, id=3))
    await asked.wait()
    await people.profiles.recall(said("And?", author=BEN))
    answer.set()
    await people.idle()
    assert len(people.asked) == 3
    assert await people.known() == "- Loves rowing.\n- Has a cat."


@pytest.mark.parametrize("way", ["message", "person", "refusal"])
async def test_what_gave_way_and_is_taken_back_is_not_asked_again(people: People, way: str) -> None:
    asked = asyncio.Event()

    async def pause() -> None:
        asked.set()
        await asyncio.Event().wait()

    people.pause = pause
    people.profiles.learn(said("I have a cat.", id=1))
    await asked.wait()
    await people.profiles.recall(said("And?", author=BEN))
    if way == "message":
        await people.profiles.forget_messages({1})
    elif way == "person":
        await people.profiles.forget(ANA)
    else:
        people.refused.add(ANA)
    people.profiles.learn(said("Fine.", author=BEN, id=3))
    await people.idle()
    assert len(people.asked) == 1


async def test_too_much_at_once_is_left_out(people: People) -> None:
    people.answers = [noted()] * (MAX_WAITING + 9)
    for id in range(1, MAX_WAITING + 10):
        people.profiles.learn(said("I am Ana", id=id))
    await people.idle()
    assert len(people.asked) == MAX_WAITING


async def test_of_a_long_text_the_beginning_counts(people: People) -> None:
    await people.tell(said("I am Ana. " * 1000), noted())
    assert len(people.asked[0]) < LONGEST_LESSON + 100
    assert len(INTRODUCTION.text) < len(INSTRUCTION)
    await people.tell(said("I have a cat."), noted(pet="Has a cat."))
    people.answers.append(noted())
    await people.profiles.revise_message(1, "I am Ana. " * 400)
    await people.idle()
    assert len(people.asked[-1]) < LONGEST_LESSON + 100


async def test_after_the_end_nothing_is_learned(people: People) -> None:
    await people.learner.aclose()
    people.profiles.learn(INTRODUCTION)
    assert not people.learner.is_busy
