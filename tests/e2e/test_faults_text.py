"""Discord's REST, its gateway and the model break, above all in mid answer: what people see."""

import asyncio
from typing import Any

import pytest

from tests.e2e.faulty import STORY, Faulty, shown
from tests.e2e.world import eventually

pytestmark = pytest.mark.e2e


async def asked_and_begun(faulty: Faulty) -> Any:
    """Ask for a story and wait until its beginning is shown."""
    await faulty.script({"text": STORY, "ttft": 0.0, "tokens_per_second": 160})
    asked = await faulty.ask("tell me a story")

    async def begun() -> bool | None:
        return bool(await faulty.answers(after=asked)) or None

    await eventually(begun, "the beginning of an answer")
    return asked


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        *(("POST", "429"), ("POST", "500"), ("POST", "lost")),
        *(("PATCH", "429"), ("PATCH", "502"), ("PATCH", "lost"), ("PATCH", "slow")),
    ],
)
async def test_a_failing_call_costs_no_word_of_the_answer(
    faulty: Faulty, call: str, kind: str
) -> None:
    await faulty.script({"text": STORY, "ttft": 0.0, "tokens_per_second": 160})
    only = f"{call} /channels/{faulty.channel()}/messages"
    await faulty.break_("rest", kind, only=only, seconds=0.4)
    asked = await faulty.ask("tell me a story")
    await faulty.whole(asked, STORY)


@pytest.mark.parametrize(
    ("call", "kind"),
    [("callback", "429"), ("callback", "lost"), ("PATCH", "500"), ("PATCH", "slow")],
)
async def test_a_failing_call_costs_no_word_of_a_command_s_answer(
    faulty: Faulty, call: str, kind: str
) -> None:
    await faulty.script({"text": STORY, "ttft": 0.0, "tokens_per_second": 160})
    await faulty.break_("rest", kind, only=call, seconds=0.4)
    if (call, kind) == ("callback", "lost"):
        faulty.forced.add("second_response")  # the library's, which can't know better
    answer = await faulty.ask_by_command("tell me a story")
    assert shown([answer]) == STORY


async def test_the_end_of_a_message_that_can_not_be_edited_follows_below(faulty: Faulty) -> None:
    asked = await asked_and_begun(faulty)
    await faulty.break_("rest", "503", only="PATCH", count=100)
    await faulty.whole(asked, STORY)
    assert len(await faulty.answers(after=asked)) == 2


@pytest.mark.parametrize("kind", ["drop", "invalid-session", "zombie"])
async def test_a_lost_gateway_disturbs_no_answer(faulty: Faulty, kind: str) -> None:
    asked = await asked_and_begun(faulty)
    await faulty.break_("gateway", kind, seconds=0.3)
    if kind == "zombie":
        await asyncio.sleep(0.1)
        await faulty.break_("gateway", "drop")
    await faulty.whole(asked, STORY)


async def test_a_question_asked_while_the_gateway_is_lost_is_answered_once(
    faulty: Faulty,
) -> None:
    await faulty.break_("gateway", "zombie", seconds=0.5)
    await faulty.script({"text": "Once only."})
    asked = await faulty.ask("are you there?")
    await faulty.break_("gateway", "drop")
    await faulty.whole(asked, "Once only.")


@pytest.mark.parametrize(
    ("kind", "count", "words"),
    [
        ("error", 1, "Fine again."),
        ("error", 2, "language model"),
        ("hang", 1, "language model"),
        ("cut", 1, "Here"),
    ],
)
async def test_a_failing_model_is_told_in_one_sentence(
    faulty: Faulty, kind: str, count: int, words: str
) -> None:
    answers = [{"text": text, "ttft": 0.0} for text in ("Here I am.", "Fine again.")]
    await faulty.script(*answers)
    await faulty.break_("llm", kind, count=count)
    asked = await faulty.ask("hello")

    async def look() -> str | None:
        said = shown(await faulty.answers(after=asked))
        return said if words in said and said.endswith((".", ")")) else None

    said = await eventually(look, f"an answer with {words!r}")
    await faulty.turns_over()
    assert len(await faulty.answers(after=asked)) == 1
    assert "Error" not in said
    assert "\n" not in said.removeprefix("Here I\n\n")
