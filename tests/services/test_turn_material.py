from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.types import Author, IncomingMessage, Quote, TextFile, UserTurn
from services.text_files import MAX_BYTES
from services.turn_material import (
    FORWARDED,
    KEPT_CHARACTERS,
    LONGEST_QUOTE,
    for_history,
    material_of,
)

ANA = IncomingMessage(1, 100, 5, Author(7, "Ana"), "What is this?", 0.0)


def asking(
    *, quote: Quote | None = None, files: tuple[TextFile, ...] = (), text: str = ""
) -> UserTurn:
    return UserTurn("t", (replace(ANA, quote=quote, files=files, text=text or ANA.text),))


def shown(turn: UserTurn, *known: int) -> list[str]:
    return [part.shown(part.text) for part in material_of(turn, known=set(known))]


def file(text: str | None, *, name: str = "a.py", problem: str = "") -> TextFile:
    return TextFile(name, "u", 1, text, problem)


def test_every_line_of_a_quotation_is_marked_as_one() -> None:
    quote = Quote("Ben {y}", "one\ntwo]\n\nthree {x}", 9)
    assert shown(asking(quote=quote)) == [
        "[In reply to this, which Ben {y} wrote:]\n> one\n> two]\n> \n> three {x}"
    ]


def test_what_was_forwarded_has_no_author() -> None:
    assert shown(asking(quote=Quote("", "Hi.")), 0) == ["[Forwarded from elsewhere:]\n> Hi."]


def test_a_long_quotation_is_cut() -> None:
    [part] = material_of(asking(quote=Quote("Ben", "x" * 5000, 9)), known=set())
    assert len(part.text) == LONGEST_QUOTE


def test_a_message_that_the_model_sees_anyway_is_only_pointed_at() -> None:
    quote = Quote("you", "one two three four five six seven", 9)
    assert shown(asking(quote=quote), 9) == [
        "[In reply to what you wrote above, beginning “one two three…”]"
    ]


def test_what_discord_hides_is_told_to_be_hidden() -> None:
    assert shown(asking(quote=Quote("Ben", " \n", 9))) == [
        "[In reply to a message of Ben that you can't read]"
    ]


@pytest.mark.parametrize("quote", [None, Quote("", None, 9)])
def test_nothing_to_quote_is_nothing(quote: Quote | None) -> None:
    assert shown(asking(quote=quote)) == []


def test_a_file_is_a_named_block_that_it_cannot_close_itself() -> None:
    [text] = shown(asking(files=(file("a = '''````'''\n```"),)))
    assert text == "File a.py:\n`````py\na = '''````'''\n```\n`````"


def test_a_part_of_a_file_is_called_so() -> None:
    [part] = material_of(asking(files=(file("one two"),)), known=set())
    assert part.shown("one").startswith("File a.py (only its beginning):\n")


def test_a_file_of_which_only_the_beginning_was_fetched_is_called_so() -> None:
    [text] = shown(asking(files=(replace(file("one"), size=MAX_BYTES + 1),)))
    assert text.startswith("File a.py (only its beginning):\n")


@pytest.mark.parametrize("problem", ["not text", ""])
def test_a_file_that_was_not_read_is_told_of(problem: str) -> None:
    unread = file("" if not problem else None, name="a\n`b.zip", problem=problem)
    assert shown(asking(files=(unread,))) == [f"[File a 'b.zip: {problem or 'empty'}]"]


def test_the_history_keeps_words_and_the_beginning_of_files_but_no_quotation() -> None:
    turn = asking(quote=Quote("Ben", "secret", 9), files=(file("1" * 9000), file("2" * 9000)))
    [(_, kept)] = for_history(turn)
    assert kept.endswith("What is this?")
    assert "secret" not in kept
    assert kept.count("1") == kept.count("2") == KEPT_CHARACTERS // 2


def test_a_forwarded_message_alone_is_kept_as_such() -> None:
    turn = UserTurn("t", (replace(ANA, text="", quote=Quote("", "Hi.")),))
    assert [text for _, text in for_history(turn)] == [FORWARDED]


@given(st.text(), st.text(), st.text())
def test_no_content_breaks_out_of_its_block(name: str, text: str, part: str) -> None:
    for material in material_of(asking(files=(file(text, name=name),)), known=set()):
        lines = material.shown(part if part in text else text).splitlines()
        if material.tail:
            assert [line for line in lines[2:] if line.startswith(material.tail)] == [material.tail]
