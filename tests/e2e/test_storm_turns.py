from typing import Any

from tests.e2e.storm_turns import Seen, Turn

ASKED = Turn(tag="t1", words=2, channel="c", user="ana", at=0.0, message="q1")


def message(id: str, content: str, *, reply_to: str | None = None, **more: Any) -> dict[str, Any]:
    plain = {"author": {"bot": True}, "deleted": False, "interaction": None}
    return {"id": id, "content": content, "reply_to": reply_to} | plain | more


def outcome(*messages: dict[str, Any], settled: bool = False) -> str:
    return Seen.read(list(messages)).outcome(ASKED, settled=settled)


def test_an_answer_counts_once_it_is_whole_wherever_its_end_stands() -> None:
    begun = message("a", "t1w0", reply_to="q1")
    assert outcome() == "asked"
    assert outcome(begun) == outcome(begun, settled=True) == "begun"
    assert outcome(begun, message("b", "t1w1.")) == "answered"
    assert outcome(begun, message("b", "t1w0 t1w1.")) == "doubled"


def test_a_sentence_that_follows_in_a_further_message_belongs_to_its_answer() -> None:
    begun = message("a", "t1w0", reply_to="q1")
    sentence = message("b", "I can't reach it.", reply_to="a")
    assert outcome(begun, sentence) == "told why not"


def test_a_sentence_that_replies_to_nothing_counts_when_all_is_said() -> None:
    begun = message("a", "t1w0", reply_to="q1")
    sentence = message("b", "I can't reach it.")
    assert outcome(begun, sentence) == "begun"
    assert outcome(begun, sentence, settled=True) == "told why not"
    of_a_command = message("b", "I can't reach it.", interaction={"user": "ben"})
    assert outcome(begun, of_a_command, settled=True) == "begun"
