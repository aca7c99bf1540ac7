import re

from hypothesis import example, given
from hypothesis import strategies as st

from services.message_pages import closed, cut_page, is_blank, pages, settled

PIECES = st.sampled_from(
    ["word ", "longer-word ", "a. ", "\n", "\n\n", "```py\n", "```", "x = 1\n", "`a`", "字字字"]
)


def bare(text: str) -> str:
    return re.sub(r"\s|`|py", "", text)


@given(st.lists(PIECES, max_size=150).map("".join), st.integers(40, 200))
@example("```字字字\n", 40)
def test_pages_fit_close_their_blocks_and_lose_nothing(text: str, limit: int) -> None:
    found = pages(text, limit=limit)
    assert all(0 < len(page) <= limit and page.strip() for page in found)
    assert bare("".join(found)) == bare(text)


@given(st.lists(PIECES, max_size=100).map("".join), st.integers(40, 200), st.data())
def test_a_full_page_does_not_change_as_the_text_grows(
    text: str, limit: int, data: st.DataObject
) -> None:
    page = cut_page(text, start=0, fence="", limit=limit)
    longer = text + data.draw(st.lists(PIECES, max_size=20).map("".join))
    if page.full and len(text) > limit + 20:
        assert cut_page(longer, start=0, fence="", limit=limit) == page


def test_words_are_not_broken() -> None:
    text = " ".join(f"word{number}" for number in range(400))
    found = pages(text, limit=100)
    assert " ".join(found).split() == text.split()


def test_a_single_long_word_is_cut_hard() -> None:
    assert [len(page) for page in pages("x" * 250, limit=100)] == [96, 96, 58]


def test_a_code_block_that_fits_the_next_page_is_left_whole() -> None:
    code = "```py\n" + "x = 1\n" * 10 + "```"
    found = pages("Some words before. " * 3 + "\n" + code, limit=100)
    assert found[-1] == code


def test_a_code_block_that_must_be_cut_is_reopened_with_its_language() -> None:
    found = pages("```py\n" + "line = 1\n" * 40 + "```\nDone.", limit=120)
    assert len(found) > 2
    assert all(page.startswith("```py\nline = 1") for page in found[:-1])
    assert all(page.count("```") == 2 for page in found)
    assert sum(page.count("line = 1") for page in found) == 40


def test_an_unfinished_block_is_shown_closed_and_a_bare_opening_not_at_all() -> None:
    assert cut_page("Look:\n```py\nx = 1", start=0, fence="").content == "Look:\n```py\nx = 1\n```"
    assert cut_page("Look:\n```py\n", start=0, fence="").content == "Look:"


def test_settled_leaves_out_the_last_word_but_not_a_text_without_spaces() -> None:
    assert settled("one two thr") == "one two "
    assert settled("one two ") == "one "
    assert settled("字" * 50) == "字" * 50
    assert settled("") == ""


@given(st.text(alphabet="`\n a", max_size=8))
def test_blank_is_what_gives_no_page(text: str) -> None:
    assert is_blank(text) == (not pages(text))


def test_closed_ends_an_open_block() -> None:
    assert closed("```\nx") == "```\nx\n```"
    assert closed("x ") == "x"
