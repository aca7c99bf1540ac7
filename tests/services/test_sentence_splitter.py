# ruff: noqa: RUF001  (other scripts' words and punctuation are this module's matter)
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sentence_splitter import MAX_FENCE, MAX_SENTENCE, SentenceSplitter


def split(*pushes: str) -> list[str]:
    splitter = SentenceSplitter()
    sentences = [sentence for push in pushes for sentence in splitter.push(push)]
    return sentences + splitter.flush()


def without_space(text: str) -> str:
    return "".join(text.split())


WHOLE = [
    "Dr. Smith and Mrs. Jones met Prof. Lee.",
    "Use a tool, e.g. a hammer, i.e. something heavy, etc. and go on.",
    "I have lived in the U.S. for 20 years.",
    "I work for the U.S. Government in Virginia.",
    "The train leaves at 5 p.m. from platform two.",
    "They meet at 9 a.m. Monday in the hall.",
    "See No. 5 and Fig. A on p. 55 of vol. 2, Univ. of Oslo.",
    "Pi is 3.14 and the version is 1.2.3 now.",
    "Read https://example.com/a.b?c=d.e!f and write to jane.doe@example.com today.",
    "Open main.py and .env in your editor.",
    "J. R. R. Tolkien and C.S. Lewis were friends.",
    "My name is Jonas E. Smith.",
    "Well... maybe not… or so.",
    "She turned to him, 'This is great.' she said.",
    "“Stop!” he shouted and ran.",
    "He teaches science (He worked for 5 years as an engineer.) at the university.",
    "1. Open the app",
    "**1.** Open the app",
    "2) Close it.",
    "- an item, e.g. this one",
    "She works at Yahoo! in the accounting department.",
    "They closed the deal with Briggs & Co. at noon.",
    "That is JFK Jr.'s book.",
    "I wasn't really . . . well, what I mean is . . . I didn't mean it.",
    '"Bohr [...] used the analogy of stairways [...]" (Smith 55).',
    "Am 3. Oktober kam z. B. Herr Müller, d. h. der Chef, ca. 5 Min. zu spät.",
    "Im 19. Jahrhundert war das anders.",
    "Hr. Schmidt zahlt 3 Mio. Euro nach 5 Std. 30 Min. Fahrt bzgl. Versand.",
    "We flew to Ft. Worth today.",
    "Siehe Abb. 3, Kap. 2 und Bd. 1, Tel. 030 1234.",
    "Vea el art. 5, cap. 3 y págs. 3-5, zie blz. 15 en pag. 2.",
    "El Sr. Ruiz vive en la Avda. Sol desde hace aprox. 5 años.",
    "« Quoi ? » dit-il.",
    "Mme Leroy, p. ex., est née en 100 av. J.-C. à Rome.",
    "Mix 250 ml. of milk (Smith et al. 2020) with 8 oz. of cream.",
    "El Sr. Pérez vive en EE. UU. desde 1990.",
    "「そうです。」と言った。",
    "Use `a. B` here.",
    "Wait!—no",
    "a != b",
]

PAIRS = [
    ("Hello there.", "How are you?"),
    ("hi!", "how are you"),
    ("Really?!", "Yes."),
    ("No.", "I don't think so."),
    ("I live in the U.S.", "They live in Peru."),
    ("He left at 6 p.m.", "Then it rained."),
    ("Bring pens, paper, etc.", "We start soon."),
    ("The deal with Briggs & Co.", "It closed yesterday."),
    ("We make a good team, you and I.", "Did you see Albert I. Jones?"),
    ("That was plan B.", "Plan C is better."),
    ("That was World War I.", "The next came later."),
    ("Here is how: 1. Open it.", "2. Close it."),
    ("It was 1999.", "Then came 2000."),
    ("I am 20.", "You are 30."),
    ("It costs 3.14.", "That is cheap."),
    ("I run 1.2.3.", "Do you?"),
    ("Look at https://example.com/x.html.", "It is good."),
    ("Mail jane@example.com.", "She knows."),
    ("Open config.py.", "Then run it."),
    ("I never meant that....", "She left the store."),
    ("Hmm…", "Let me see."),
    ('She said, "This is great."', "She held it out."),
    ("(It was late.)", "Nobody came."),
    ("“Hello.”", "“Goodbye.”"),
    ("**Done.**", "Next one."),
    ("*Really?*", "_Yes._"),
    ("¿Qué tal?", "¡Muy bien!"),
    ("¡Hola!", "¿Qué tal?"),
    ("« Bonjour. »", "Il part."),
    ("„Ja.“", "Er blieb."),
    ("هل أنت بخير؟", "نعم."),
    ("मैं ठीक हूँ।", "आप कैसे हैं?"),
    ("Τι κάνεις;", "Καλά."),
    ("Он пришёл.", "Она ушла."),
    ("1. Apples.", "2. Pears."),
    ("Steps.", "1. Open it."),
    ("Great!", "🎉 Next."),
    ("See the docs.", "[1] says more."),
]

JOINED = [
    ("今日は暑い。", "明日も暑い。"),
    ("真的吗？", "是的！"),
    ("本当！？", "はい。"),
    ("“你好。”", "“再见。”"),
    ("OK.", "然后走。"),
    ("¡Hola!", "¿Qué tal?"),
    ("Great!", "🎉 Next."),
]


@pytest.mark.parametrize("text", WHOLE)
def test_keeps_a_sentence_whole(text: str) -> None:
    assert split(text) == [text]


@pytest.mark.parametrize(("first", "second"), PAIRS)
@pytest.mark.parametrize("space", [" ", "\n", "  ", "\n\n"])
def test_parts_two_sentences(first: str, second: str, space: str) -> None:
    assert split(first + space + second) == [first, second]


@pytest.mark.parametrize(("first", "second"), JOINED)
def test_parts_sentences_without_space(first: str, second: str) -> None:
    assert split(first + second) == [first, second]


def test_keeps_a_code_fence_as_one_sentence() -> None:
    text = "Look:\n```python\nprint('a. B! C?')\n\n# done.\n```\nThat is all. Bye."
    fence = "```python\nprint('a. B! C?')\n\n# done.\n```"
    assert split(text) == ["Look:", fence, "That is all.", "Bye."]


def test_keeps_a_longer_fence_around_a_shorter_one() -> None:
    fence = "````\n```\na. B\n```\n````"
    assert split(f"{fence}\nDone.") == [fence, "Done."]


def test_releases_an_open_fence_at_the_flush() -> None:
    assert split("```\na. B\n\nc") == ["```\na. B\n\nc"]


@pytest.mark.parametrize(
    ("pushes", "released_at"),
    [
        (["Hello", ".", " "], 2),
        (["Hello", ".", " How"], 2),
        (["Hello", "\n"], 1),
        (["今日は", "。"], 1),
        (["Hello", "?", '"', " She"], 3),
        (["at", " 5 p.m.", " Then", " it"], 3),
        (["etc", ".", " ", "Then"], 3),
        (["```\na", "\n```"], 1),
    ],
)
def test_releases_a_sentence_as_soon_as_its_end_is_certain(
    pushes: Sequence[str], released_at: int
) -> None:
    splitter = SentenceSplitter()
    released = [bool(splitter.push(push)) for push in pushes]
    assert released.index(True) == released_at


def test_starts_afresh_after_a_flush() -> None:
    splitter = SentenceSplitter()
    assert splitter.push("```\nopen “fence") == []
    assert splitter.flush() == ["```\nopen “fence"]
    assert splitter.push("One. Two。") == ["One.", "Two。"]
    assert splitter.flush() == []


def test_says_nothing_for_white_space() -> None:
    assert split("", " \n\t ", "\n") == []


def test_cuts_an_endless_sentence_at_a_word() -> None:
    splitter = SentenceSplitter()
    sentences = splitter.push("word " * 2000)
    assert len(sentences) == 2000 * 5 // MAX_SENTENCE
    assert all(len(sentence) <= MAX_SENTENCE for sentence in sentences)
    assert set(" ".join(sentences + splitter.flush()).split()) == {"word"}


@pytest.mark.parametrize("endless", ["x", ".", "!", "`", "“", " ", "U.S. ", "…", "」"])
def test_keeps_little_of_an_endless_run(endless: str) -> None:
    splitter = SentenceSplitter()
    for _ in range(20):
        splitter.push(endless * MAX_FENCE)
    assert sum(map(len, splitter.flush())) <= MAX_FENCE


def test_cuts_an_endless_fence_at_a_line() -> None:
    sentences = split("```\n" + "some code. More\n" * 2000 + "```")
    assert all(len(sentence) <= MAX_FENCE for sentence in sentences)
    assert all(sentence.endswith("More") for sentence in sentences[:-1])


PIECES = st.sampled_from(
    [
        *("a", "B", "the", "The", "I", "Dr", "U.S", "p.m", "etc", "No", "z", "3", "19", "1.2"),
        *(" ", " ", " ", "  ", "\n", ".", ".", ". ", "!", "?", "…", "...", ",", ";", ":"),
        *('"', "'", "”", "“", "«", "»", ")", "(", "*", "**", "`", "```", "「", "」", "。", "！"),
        *("é", "α", "я", "你", "؟", "।", "🎉", "\r", "\u2028", "w " * 700, "x" * 1500),
    ]
)
TEXTS = st.one_of(st.lists(PIECES, max_size=50).map("".join), st.text(max_size=60))


@given(TEXTS, st.lists(st.integers(min_value=0, max_value=4000)))
def test_never_depends_on_how_the_text_was_cut(text: str, cuts: list[int]) -> None:
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [text[begin:end] for begin, end in pairwise(places)]
    assert split(*pieces) == split(text) == split(*text)


@given(TEXTS)
def test_loses_nothing_but_white_space(text: str) -> None:
    assert without_space("".join(split(text))) == without_space(text)


@given(st.lists(st.sampled_from(WHOLE), min_size=1, max_size=6))
def test_parts_lines_as_it_parts_them_alone(lines: list[str]) -> None:
    assert split("\n".join(lines)) == lines
