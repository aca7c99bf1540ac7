from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import bot, end_of, online
from tests.e2e.world import World, eventually, labels

pytestmark = pytest.mark.e2e

STORY = " ".join(f"This is sentence number {n} of a long story." for n in range(1, 25))


async def last(world: World, asked: Any, *, channel: str = "") -> dict[str, Any]:
    """Return the last message of an answer that is being written."""

    async def look() -> dict[str, Any] | None:
        found = await world.answers(after=asked, channel=channel)
        return found[-1] if found else None

    return await eventually(look, "an answer")


async def with_buttons(world: World, asked: Any, *wanted: str) -> dict[str, Any]:
    """Wait until exactly these buttons stand under an answer, and return it."""

    async def look() -> dict[str, Any] | None:
        found = await last(world, asked)
        return found if labels(found) == list(wanted) else None

    return await eventually(look, f"the buttons {wanted}")


async def test_stop_ends_one_of_two_answers(world: World) -> None:
    slow = {"text": STORY, "ttft": 0.0, "tokens_per_second": 100}
    await world.script(slow, slow)
    await world.ask("a story", user="ben")
    asked = await world.ask("a story", channel=world.channel("Lounge"))
    mine = await last(world, asked, channel=world.channel("Lounge"))
    others = await last(world, {"id": "0"})
    assert labels(mine) == labels(others) == ["Stop"]
    refused = await world.press(others, "Stop", user="ana")
    assert refused["ephemeral"]
    assert "who asked" in refused["content"]
    await world.press(mine, "Stop")
    place = world.channel("Lounge")
    stopped = await world.answer(after=asked, ends="*(stopped)*", channel=place)
    assert labels(stopped) == ["Again", "Speak"]
    whole = await world.answer(after={"id": "0"}, ends="sentence number 24 of a long story.")
    assert labels(whole) == ["Again", "Speak"]


async def test_again_answers_anew_and_leaves_the_old_answer(world: World) -> None:
    await world.script({"text": "Blue."}, {"text": "Green."})
    asked = await world.ask("which colour?")
    first = await with_buttons(world, asked, "Again", "Speak")
    await world.press(first, "Again", user="admin")
    second = await world.answer(after=asked, ends="Green.")
    assert second["reply_to"] == asked["id"]
    assert second["mentions"] == ["ana"]
    assert [labels(each) for each in await world.answers(after=asked)] == [[], ["Again", "Speak"]]
    said = (await world.questions())[-1]["body"]["messages"]
    told = [each["content"].removeprefix("ana: ") for each in said]
    assert told.count("which colour?") == 1
    assert "Blue." not in told, "the answer that is to be replaced"
    await world.call("DELETE", f"channels/{world.channel()}/messages/{asked['id']}")
    gone = await world.press(second, "Again")
    assert "gone" in str(gone)


async def test_the_answer_to_a_command_has_buttons_too(world: World) -> None:
    await world.script({"text": "Forty-two."}, {"text": "Forty-three."})
    answer = await world.command("ask", user="ana", text="what is the answer?")
    assert labels(answer) == ["Again", "Speak"]
    await world.press(answer, "Again")
    again = await world.answer(after=answer, ends="Forty-three.")
    assert labels(again) == ["Again", "Speak"]
    said = (await world.questions())[-1]["body"]["messages"]
    assert said[-1]["content"].endswith("what is the answer?")


async def test_speak_is_heard_once_and_stopped(world: World) -> None:
    lounge = world.channel("Lounge")
    await world.script({"text": STORY[:600]})
    asked = await world.ask("a story")
    answer = await with_buttons(world, asked, "Again", "Speak")
    nowhere = await world.press(answer, "Speak")
    assert "no voice channel" in str(nowhere)
    await world.call("POST", f"voice/{lounge}/join", {"user": "ana"})
    answer = await with_buttons(world, asked, "Again", "Speak")
    await world.press(answer, "Speak")
    assert await eventually(lambda: _sounds(world, lounge), "speech")
    answer = await with_buttons(world, asked, "Stop", "Again")
    await world.press(answer, "Stop")
    await with_buttons(world, asked, "Again", "Speak")
    heard = await world.quiet(lounge, for_seconds=0.3)
    assert len(heard) * 0.02 < 10


async def _sounds(world: World, lounge: str) -> bool | None:
    return len(await world.frames(lounge)) >= 25 or None


async def test_buttons_work_after_a_restart(empty_world: World, tmp_path: Path) -> None:
    world = empty_world
    await world.script({"text": STORY, "ttft": 0.0, "tokens_per_second": 20}, {"text": "Fine."})
    async with bot(world, tmp_path) as started:
        await online(world)
        asked = await world.ask("a story")
        assert labels(await last(world, asked)) == ["Stop"]
        started.kill()
        await end_of(started)
    async with bot(world, tmp_path):
        await online(world)
        left = await last(world, asked)
        ended = await world.press(left, "Stop")
        assert "already ended" in str(ended)
        left = await with_buttons(world, asked, "Again", "Speak")
        await world.press(left, "Again")
        again = await world.answer(after=asked, ends="Fine.")
        assert labels(again) == ["Again", "Speak"]
        assert await world.violations() == []


async def test_any_message_can_be_asked_about(world: World) -> None:
    await world.script({"text": "A greeting."}, {"text": "Surely a greeting."})
    await world.call("POST", "application", {"intents": []})
    overheard = await world.post("Moin!", user="ben")
    body = {"user": "ana", "message": overheard["id"], "name": "Ask about this"}
    form = (await world.call("POST", "commands", body))["modal"]
    assert [field["component"]["required"] for field in form["components"]] == [False]
    sent = {"user": "ana", "custom_id": form["custom_id"], "values": {"question": " "}}
    answer = await world.call("POST", "modals", sent)
    assert (answer["content"], answer["ephemeral"]) == ("A greeting.", False)
    said = (await world.questions())[-1]["body"]["messages"]
    assert said[-1]["content"].endswith("[About this, which ben wrote:]\n> Moin!\nExplain this.")
    await world.press(answer, "Again")
    await world.answer(after=answer, ends="Surely a greeting.")
    said = (await world.questions())[-1]["body"]["messages"]
    assert said[-1]["content"].endswith("[About this, which ben wrote:]\n> Moin!\nExplain this.")
