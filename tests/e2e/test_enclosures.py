"""What a message brings beside its text: what it replies to, and files."""

import base64

import pytest

from tests.e2e.world import World

pytestmark = pytest.mark.e2e

NUMBERS = "\n".join(f"line {n}" for n in range(20_000))


async def last_request(world: World) -> list[str]:
    request = (await world.questions())[-1]["body"]
    return [message["content"] for message in request["messages"]]


async def test_the_model_reads_what_a_message_replies_to(world: World) -> None:
    await world.script({"text": "Roses are red,\nviolets are blue."}, {"text": "Poetry."})
    first = await world.ask("say something")
    said = await world.answer(after=first, ends="blue.")
    await world.command("reset")
    asked = await world.ask("what is this?", reply_to=said["id"])
    answer = await world.answer(after=asked, ends="Poetry.")
    question = (await last_request(world))[-1]
    assert "you wrote:]\n> Roses are red,\n> violets are blue." in question
    assert question.endswith("\n\nwhat is this?")
    await world.script({"text": "Still poetry."}, {"text": "No."})
    again = await world.ask("sure?", reply_to=answer["id"])
    await world.answer(after=again, ends="Still poetry.")
    told = "\n".join(await last_request(world))
    assert told.count("Poetry.") == 1
    theirs = await world.post("not for the bot", user="ben")
    last = await world.ask("can you read it?", reply_to=theirs["id"])
    await world.answer(after=last, ends="No.")
    assert "which ben wrote:]\n> not for the bot\n\n" in (await last_request(world))[-1]


async def test_the_model_reads_a_text_file_and_no_other(world: World) -> None:
    await world.command("reset")
    files = [
        {"filename": "notes.txt", "content": "The code word is heron."},
        {"filename": "a.zip", "content_type": "application/zip", "base64": binary(b"PK\0")},
        {"filename": "odd.csv", "base64": binary(b"\0\1\2\3")},
    ]
    await world.script({"text": "Heron."}, {"text": "Heron again."})
    asked = await world.ask("", attachments=files)
    await world.answer(after=asked, ends="Heron.")
    question = (await last_request(world))[-1]
    assert "File notes.txt:\n```txt\nThe code word is heron.\n```" in question
    assert "[File a.zip: not text" in question
    assert "[File odd.csv: not text" in question
    again = await world.ask("which word was it?")
    await world.answer(after=again, ends="again.")
    assert any("heron" in told for told in await last_request(world))


async def test_a_long_file_leaves_the_question_whole_and_says_so(world: World) -> None:
    await world.script({"text": "Many lines."})
    asked = await world.ask("how many?", attachments=[{"filename": "n.log", "content": NUMBERS}])
    answer = await world.answer(after=asked, ends="beginning of n.log.")
    assert answer["content"].startswith("Many lines.\n-# ")
    question = (await last_request(world))[-1]
    assert "line 100\n" in question
    assert question.endswith("how many?")
    assert len(question) < 8000


async def test_a_forwarded_message_is_a_question(world: World) -> None:
    direct = (await world.call("POST", "users/ana/dm"))["id"]
    files = [{"filename": "a.txt", "content": "The heron flew."}]
    said = await world.post("Read this.", user="ben", attachments=files)
    await world.script({"text": "It did."})
    forward = {"channel": world.channel(), "message": said["id"]}
    asked = await world.post("", channel=direct, forward=forward)
    await world.answer(after=asked, ends="It did.", channel=direct)
    question = (await last_request(world))[-1]
    assert "[Forwarded from elsewhere:]\n> Read this." in question
    assert "The heron flew." in question


def binary(data: bytes) -> str:
    return base64.b64encode(data).decode()
