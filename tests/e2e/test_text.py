import re

import pytest

from tests.e2e.world import World, eventually

pytestmark = pytest.mark.e2e

LONG = " ".join(f"Sentence number {n} says a little more." for n in range(1, 16))


async def test_an_answer_is_shown_while_it_is_being_written(world: World) -> None:
    await world.script({"text": LONG, "ttft": 0.05, "tokens_per_second": 60})
    asked = await world.ask("tell me more")
    answer = await world.answer(after=asked, ends="Sentence number 15 says a little more.")
    shown = [edit["content"] for edit in answer["edits"]]
    assert answer["content"] == LONG
    assert len(shown) >= 2
    assert all(LONG.startswith(text[:30]) for text in shown)


async def test_the_model_is_asked_with_the_question_and_the_latest_messages(world: World) -> None:
    await world.script({"text": "Blue."}, {"text": "You said green."})
    first = await world.ask("my colour is green")
    await world.answer(after=first, ends="Blue.")
    second = await world.ask("what did I say?")
    await world.answer(after=second, ends="green.")
    requests = await world.questions()
    said = [message["content"] for message in requests[-1]["body"]["messages"]]
    assert any("my colour is green" in text for text in said)
    assert "Blue." in said
    assert "what did I say?" in said[-1]
    assert world.mention not in said[-1]


async def test_a_reply_to_the_bot_and_a_direct_message_are_answered(world: World) -> None:
    await world.script({"text": "One."}, {"text": "Two."}, {"text": "Three."})
    first = await world.ask("one?")
    answer = await world.answer(after=first, ends="One.")
    second = await world.post("and two?", reply_to=answer["id"])
    answer = await world.answer(after=second, ends="Two.")
    assert answer["reply_to"] == second["id"]
    direct = (await world.call("POST", "users/ana/dm"))["id"]
    third = await world.post("three?", channel=direct)
    answer = await world.answer(after=third, ends="Three.", channel=direct)
    assert answer["channel"] == direct


async def test_chatter_between_people_is_left_alone(world: World) -> None:
    await world.script({"text": "Hello."})
    chatter = await world.post("nobody asked the bot")
    asked = await world.ask("hello")
    await world.answer(after=asked, ends="Hello.")
    assert len(await world.answers(after=chatter)) == 1


async def test_a_long_answer_continues_in_further_messages(world: World) -> None:
    code = "\n".join(f"print({n})  # line number {n} of the programme" for n in range(80))
    text = f"Here it is.\n```python\n{code}\n```\nThat was all."
    await world.script({"text": text, "ttft": 0.0, "tokens_per_second": 2000})
    asked = await world.ask("write code")
    await world.answer(after=asked, ends="That was all.")
    messages = [message["content"] for message in await world.answers(after=asked)]
    assert len(messages) >= 2
    assert all(len(content) <= 2000 for content in messages)
    assert all(content.count("```") % 2 == 0 for content in messages)
    shown = "\n".join(messages)
    assert all(f"print({n})  # line number {n} of the programme" in shown for n in range(80))


async def test_what_goes_on_below_somebody_elses_message_says_of_what(world: World) -> None:
    text = " ".join(f"word{number}" for number in range(350))
    await world.script({"text": text, "ttft": 0.0, "tokens_per_second": 500})
    asked = await world.ask("write a lot")
    await eventually(lambda: _first(world, asked), "first text")
    await world.post("What is two and two?", user="ben")
    await world.answer(after=asked, ends="word349")
    first, second = await world.answers(after=asked)
    assert second["reply_to"] == first["id"]


async def test_rapid_messages_of_one_person_get_one_answer(world: World) -> None:
    await world.script({"text": "Both seen."})
    asked = await world.ask("first,")
    await world.ask("then second")
    await world.answer(after=asked, ends="Both seen.")
    requests = await world.questions()
    assert len(requests) == 1
    last = requests[0]["body"]["messages"][-1]["content"]
    assert "first," in last
    assert "then second" in last


async def test_what_is_said_in_one_channel_stays_there(world: World) -> None:
    alone = (await world.call("POST", "users/admin/dm"))["id"]
    places = [("ana", world.channel()), ("ben", world.channel(guild=1)), ("admin", alone)]
    await world.script(*[{"text": f"Answer {number}.", "ttft": 0.0} for number in range(3)])
    for number, (user, place) in enumerate(places):
        asked = await world.ask(f"my word is secret{number}.", user=user, channel=place)
        await world.answer(after=asked, ends=f"Answer {number}.", channel=place)
    requests = await world.questions()
    bodies = [each["body"] for each in requests if each["body"].get("stream")]
    told = [set(re.findall(r"secret\d|Answer \d", str(body))) for body in bodies]
    assert told == [{"secret0"}, {"secret1"}, {"secret2"}]


async def test_everyone_is_never_pinged_by_the_model(world: World) -> None:
    await world.script({"text": "Attention @everyone and @here, done."})
    asked = await world.ask("wake them up")
    answer = await world.answer(after=asked, ends="done.")
    assert answer["mentions"] == ["ana"], "the asker alone"
    assert await world.violations() == []


async def test_thinking_is_hidden(world: World) -> None:
    await world.script({"deltas": ["<th", "ink>secret plan</thi", "nk>", "The answer."]})
    asked = await world.ask("think")
    answer = await world.answer(after=asked, ends="The answer.")
    assert answer["content"] == "The answer."
    assert all("secret" not in edit["content"] for edit in answer["edits"])


@pytest.mark.parametrize(
    ("scripts", "words"),
    [
        ([{"error": {"status": 401, "body": {"error": {"message": "bad key"}}}}], "key"),
        ([{"error": {"status": 400, "body": {"error": {"message": "no"}}}}], "did not accept"),
        ([{"error": {"status": 500, "body": "<html>oops</html>"}}] * 2, "can't reach"),
        ([{"text": ""}], "empty answer"),
    ],
    ids=["bad key", "refused", "broken, twice", "empty"],
)
async def test_a_failing_model_is_one_sentence_and_the_next_turn_works(
    world: World, scripts: list[dict[str, object]], words: str
) -> None:
    await world.script(*scripts, {"text": "Fine again."})
    asked = await world.ask("hello")
    sorry = await eventually(lambda: _first(world, asked), "a sentence")
    assert words in sorry
    assert "Traceback" not in sorry
    again = await world.ask("and now?")
    await world.answer(after=again, ends="Fine again.")
    request = (await world.questions())[-1]
    said = [message["content"] for message in request["body"]["messages"]]
    assert not any(words in text for text in said), "a failed turn must not enter the history"


async def _first(world: World, asked: dict[str, str]) -> str | None:
    found = await world.answers(after=asked)
    return found[0]["content"] if found else None


async def test_a_model_that_breaks_off_in_mid_word_is_said_so(world: World) -> None:
    await world.script({"text": "This is the beg", "cut": 4}, {"text": "Fine again."})
    asked = await world.ask("hello")
    answer = await eventually(lambda: _first(world, asked), "a sentence")
    assert "Traceback" not in answer
    again = await world.ask("and now?")
    await world.answer(after=again, ends="Fine again.")


async def test_one_delta_of_a_megabyte_is_cut_with_a_sentence(world: World) -> None:
    await world.script({"deltas": ["word " * 200_000]}, {"text": "Fine again."})
    asked = await world.ask("everything")
    await eventually(lambda: _several(world, asked), "several messages")
    again = await world.ask("and now?")
    await world.answer(after=again, ends="Fine again.")
    messages = await world.answers(after=asked)
    assert all(len(message["content"]) <= 2000 for message in messages)


async def _several(world: World, asked: dict[str, str]) -> bool | None:
    return len(await world.answers(after=asked)) > 2 or None


@pytest.mark.parametrize("text", ["x", "\x00\x1b[31m\u200b?", "y" * 1900])
async def test_odd_messages_are_answered(world: World, text: str) -> None:
    await world.script({"text": "Understood."})
    asked = await world.ask(text)
    answer = await world.answer(after=asked, ends="Understood.")
    assert answer["content"] == "Understood."


async def test_an_empty_message_is_answered_in_words(world: World) -> None:
    asked = await world.ask("")
    assert "question" in await eventually(lambda: _first(world, asked), "a sentence")


async def test_ask_and_reset(world: World) -> None:
    await world.command("reset")
    await world.script({"text": "Forty-two."}, {"text": "I don't know."})
    answer = await world.command("ask", text="what is the answer?")
    assert answer["content"] == "Forty-two."
    done = await world.command("reset")
    assert "forgot 2 messages" in done["content"]
    asked = await world.ask("what did I ask?")
    await world.answer(after=asked, ends="know.")
    request = (await world.questions())[-1]
    assert not any("answer?" in m["content"] for m in request["body"]["messages"])


async def test_stats_and_doctor_are_for_admins(world: World) -> None:
    await world.script({"text": "Hello."})
    asked = await world.ask("hello")
    await world.answer(after=asked, ends="Hello.")
    stats = await world.command("stats")
    assert stats["ephemeral"]
    assert "first token" in stats["content"]
    doctor = await world.command("doctor")
    assert "DAVE protocol 1" in doctor["content"]
    assert "❌" not in doctor["content"]
    with pytest.raises(AssertionError, match="no command for this user"):
        await world.command("stats", user="ana")


async def test_without_the_message_content_intent_mentions_are_still_read(world: World) -> None:
    await world.call("POST", "application", {"intents": []})
    await world.script({"text": "Heard you."})
    asked = await world.ask("can you read me?")
    answer = await world.answer(after=asked, ends="Heard you.")
    assert answer["reply_to"] == asked["id"]
