"""Questions that change, vanish or grow while they are answered."""

from typing import Any

import pytest

from tests.e2e.world import World, eventually

pytestmark = pytest.mark.e2e

SIGN = "\N{HOURGLASS WITH FLOWING SAND}"
SLOW = {"text": "word " * 200 + "end.", "ttft": 0.05, "tokens_per_second": 60}
LATE = {"text": "Never seen.", "ttft": 5.0}


async def asked_of(world: World, *, requests: int) -> list[str]:
    """Wait until the model was asked so often, and return the last message of each request."""

    async def look() -> list[str] | None:
        made = await world.questions()
        last = [request["body"]["messages"][-1]["content"] for request in made]
        return last if len(last) >= requests else None

    return await eventually(look, f"{requests} requests")


async def first_text(world: World, asked: Any) -> None:
    await world.answer(after=asked, ends="word")


def place(world: World, asked: Any) -> str:
    return f"channels/{world.channel()}/messages/{asked['id']}"


async def gone(world: World, asked: Any) -> None:
    """Wait until all answers after a message are deleted."""

    async def look() -> bool | None:
        return all(each["deleted"] for each in await world.answers(after=asked)) or None

    await eventually(look, "deletion of the answer")


async def message(world: World, asked: Any) -> dict[str, Any]:
    """Return a message of a human as it is now."""
    found = await world.call("GET", f"channels/{world.channel()}/messages")
    return next(each for each in found["messages"] if each["id"] == asked["id"])


async def test_a_question_edited_before_the_first_text_is_asked_anew(world: World) -> None:
    await world.script(LATE, {"text": "Seen anew."})
    asked = await world.ask("hello")
    await asked_of(world, requests=1)
    await world.call("PATCH", place(world, asked), {"content": f"{world.mention} changed"})
    answer = await world.answer(after=asked, ends="Seen anew.")
    assert answer["edits"] == []
    assert (await asked_of(world, requests=2))[-1].endswith("changed")


async def test_a_question_edited_later_is_answered_in_the_same_message(world: World) -> None:
    await world.script(SLOW, {"text": "Seen anew."})
    asked = await world.ask("hello")
    await first_text(world, asked)
    await world.call("PATCH", place(world, asked), {"content": f"{world.mention} changed"})
    await world.answer(after=asked, ends="Seen anew.")
    shown = [each for each in await world.answers(after=asked) if not each["deleted"]]
    assert [each["content"] for each in shown] == ["Seen anew."]
    assert shown[0]["edits"]


async def test_a_deleted_question_takes_its_answer_with_it(world: World) -> None:
    await world.script(LATE, SLOW, {"text": "Still here."})
    early = await world.ask("early")
    await asked_of(world, requests=1)
    await world.call("DELETE", place(world, early))
    late = await world.ask("late")
    await first_text(world, late)
    await world.call("DELETE", place(world, late))
    await gone(world, early)
    last = await world.ask("and now?")
    await world.answer(after=last, ends="Still here.")
    request = (await world.questions())[-1]["body"]["messages"]
    told = [each["content"] for each in request]
    assert not any(content.endswith(("early", "late")) for content in told)


async def test_a_deleted_question_is_spoken_about_no_more(world: World) -> None:
    story = " ".join(f"This is sentence number {n} of a long story." for n in range(40))
    lounge = world.channel("Lounge")
    await world.call("POST", f"voice/{lounge}/join", {"user": "ana"})
    await world.command("join", user="ana")
    await world.script({"text": story, "ttft": 0.0, "tokens_per_second": 2000})
    asked = await world.ask("a story")
    await world.answer(after=asked, ends="number 39 of a long story.")

    async def heard() -> bool | None:
        return len(await world.frames(lounge)) > 20 or None

    await eventually(heard, "speech")
    await world.call("DELETE", place(world, asked))
    assert len(await world.quiet(lounge)) < 1000, "forty sentences are some 5000 frames"
    await gone(world, asked)


async def test_questions_deleted_in_bulk_are_answered_no_more(world: World) -> None:
    await world.script(SLOW, {"text": "Still here."})
    asked = await world.ask("running")
    await first_text(world, asked)
    waiting = await world.ask("waiting")
    both = {"messages": [asked["id"], waiting["id"]]}
    await world.call("DELETE", f"channels/{world.channel()}/messages", both)
    last = await world.ask("and now?", user="ben")
    await world.answer(after=last, ends="Still here.")
    shown = [each for each in await world.answers(after=asked) if not each["deleted"]]
    assert [each["content"] for each in shown] == ["Still here."]


async def test_a_further_message_joins_before_the_first_text(world: World) -> None:
    await world.script(LATE, {"text": "Both seen."})
    asked = await world.ask("one thing.")
    await asked_of(world, requests=1)
    second = await world.ask("another thing.")
    answer = await world.answer(after=asked, ends="Both seen.")
    assert answer["reply_to"] == second["id"]
    assert (await asked_of(world, requests=2))[-1].endswith("one thing.\nanother thing.")


async def test_a_further_message_waits_under_a_sign_after_the_first_text(world: World) -> None:
    await world.script(SLOW, {"text": "The second."})
    asked = await world.ask("one thing.")
    await first_text(world, asked)
    second = await world.ask("another thing.")

    async def signed() -> bool | None:
        return (await message(world, second))["reactions"] == {SIGN: 1} or None

    await eventually(signed, "sign on what waits")
    answer = await world.answer(after=second, ends="The second.")
    assert answer["reply_to"] == second["id"]

    async def unsigned() -> bool | None:
        return (await message(world, second))["reactions"] == {} or None

    await eventually(unsigned, "end of the sign")
