# ruff: noqa: RUF001  (the letters people write are the matter here)
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.sentence_splitter import SentenceSplitter
from services.speech_marks import MAX_WITHHELD
from services.speech_tags import Names
from services.speech_text import SpeechText, speakable

NAMES = {12: "Ann", 13: "bob_the_builder", 14: "#general", 15: "@Mods", 16: "**Max** 🎉"}

SPOKEN = [
    # ordinary words
    ("Hello there.", "Hello there."),
    ("", ""),
    (" \n\t ", ""),
    ("It's 5 p.m., and that's 3.14 (or so).", "It's 5 p.m., and that's 3.14 (or so)."),
    ("Écoute, c'est où ? Là-bas !", "Écoute, c'est où ? Là-bas !"),
    ("今日は暑い。明日も。", "今日は暑い。明日も。"),
    ("Mail me@example.com at 10:30:45.", "Mail me@example.com at 10:30:45."),
    # emphasis
    ("**bold** text", "bold text"),
    ("*italic* text", "italic text"),
    ("_italic_ text", "italic text"),
    ("__underlined__ text", "underlined text"),
    ("***both*** of them", "both of them"),
    ("~~gone~~ text", "gone text"),
    ("**Note:** *this* __matters__.", "Note: this matters."),
    ("un*frigging*believable", "unfriggingbelievable"),
    ("3 * 4 is 12 and 2*3 is 6", "3 * 4 is 12 and 2*3 is 6"),
    ("call my_snake_case now", "call my snake case now"),
    ("def __init__ here", "def init here"),
    ("~5 minutes", "~5 minutes"),
    ("an unclosed **mark", "an unclosed mark"),
    (r"\*not italic\* and snake\_case", "not italic and snake case"),
    # lines
    ("# Title\nText", "Title\nText"),
    ("### Third\nText", "Third\nText"),
    ("-# small print", "small print"),
    ("#general is a channel", "#general is a channel"),
    ("> quoted\n> words", "quoted\nwords"),
    (">>> quoted", "quoted"),
    ("- one\n- two", "one\ntwo"),
    ("* one\n* two", "one\ntwo"),
    ("+ one\n• two", "one\ntwo"),
    ("  - nested", "nested"),
    ("- [ ] open\n- [x] done", "open\ndone"),
    ("1. one\n2. two", "1. one\n2. two"),
    ("-5 degrees", "-5 degrees"),
    ("above\n---\nbelow", "above\nbelow"),
    ("above\n***\nbelow", "above\nbelow"),
    ("above\n* * *\nbelow", "above\nbelow"),
    ("Title\n=====\nText", "Title\nText"),
    ("one\n\n\n\ntwo", "one\ntwo"),
    ("one  \r\ntwo", "one\ntwo"),
    # code
    ("use `print(x)` here", "use print(x) here"),
    ("use `my_name` and `a * b`", "use my name and a * b"),
    ("an ``odd` one`` here", "an odd one here"),
    ("```py\nprint(1)\n```", "I put the code in the chat"),
    ("See:\n```\na. b\n```\nDone.", "See:\nI put the code in the chat\nDone."),
    ("See ```a``` now", "See\nI put the code in the chat\nnow"),
    ("```\nnever closed", "I put the code in the chat"),
    ("````\n```\n````\nDone.", "I put the code in the chat\nDone."),
    # spoilers
    ("He ||dies at the end|| here.", "He here."),
    ("||all||", ""),
    ("an unclosed ||mark", "an unclosed mark"),
    ("||one\n\ntwo||", "one\ntwo"),
    # links
    ("See https://example.com.", "See a link to example.com."),
    ("See https://www.Example.com/a/b?c=d#e!", "See a link to example.com!"),
    ("(http://user:pw@sub.example.org:8080/x)", "(a link to sub.example.org)"),
    ("www.example.com is it", "a link to example.com is it"),
    ("https://en.wikipedia.org/wiki/Go_(game), yes", "a link to en.wikipedia.org, yes"),
    ("<https://example.com/x> is it", "a link to example.com is it"),
    ("**https://example.com/x**", "a link to example.com"),
    ("[the docs](https://example.com/a) say", "the docs say"),
    ('[the docs](https://example.com/a "Title") say', "the docs say"),
    ("[**bold** text](https://example.com/a_(b)).", "bold text."),
    ("[the docs][ref] say", "the docs say"),
    ("[laughs] Sure", "Sure"),
    ("It is so.[1] And [2] too.[^3]", "It is so. And 2 too."),
    ("It is so [4]. And so [5][6].", "It is so. And so."),
    ("It is so [4]\nYes [5]", "It is so\nYes"),
    ("Take [1], [2] or x[3](https://a.b)", "Take 1, 2 or x 3"),
    ("![a red cat](https://example.com/c.png)", "a red cat"),
    ("![](https://example.com/c.png)", "a picture"),
    ("https:// alone, http and www", "https:// alone, http and www"),
    ("what, which, how", "what, which, how"),
    # tables
    ("| a | b |\n|---|---|\n| 1 | 2 |\n\nDone.", "I put a table in the chat\nDone."),
    ("Look:\n| a |\n| b |\nDone.", "Look:\nI put a table in the chat\nDone."),
    ("| a lonely bar", "a lonely bar"),
    ("this | that", "this, that"),
    # reasoning
    ("<think>hm, 1 < 2</think>Yes.", "Yes."),
    ("<think>never closed", ""),
    ("<THINKING>\nhm\n</thinking>\nYes.", "Yes."),
    ("Yes.</think>", "Yes."),
    ("Yes.<|im_end|>", "Yes."),
    ("a <| b <|end", "a <, b <, end"),
    # formulas
    (r"\frac{1}{2}\times\sqrt{x} \leq 2\pi", "{1}{2} × √{x} ≤ 2π"),
    (r"\text{so} \boxed{42}\, \left( x \right)", "{so} {42} ( x )"),
    (r"\begin{align*} a \end{align*} b", "a b"),
    (r"C:\text\left\new and \sin x", "C: text left new and sin x"),
    ("2**3 = 8 and **2** * **3**", "2^3 = 8 and 2 * 3"),
    # mentions
    ("Hi <@12>!", "Hi Ann!"),
    ("Hi <@!13> in <#14>, <@&15>", "Hi bob the builder in general, Mods"),
    ("Hi <@16>", "Hi Max"),
    ("Hi <@99> in <#98> of <@&97>", "Hi someone in a channel of a group"),
    ("@everyone and @here, @someone", "everyone and here, someone"),
    ("use </play song:123456>", "use play song"),
    ("see <id:customize>", "see a channel"),
    # emoji
    ("so <:pepe_happy:123> yes", "so pepe happy yes"),
    ("<a:PogChamp:123>", "Pog Champ"),
    ("great 😀!", "great!"),
    ("great👍🏽work 👩‍👩‍👧 here 🇫🇷", "great work here"),
    ("1️⃣ first ❤️", "1 first"),
    ("nice :thumbs_up: work", "nice work"),
    ("std::vector and a:b", "std:vector and a:b"),
    # timestamps
    ("at <t:1700000000>", "at 14 November 2023, 22:13 UTC"),
    ("at <t:1700000000:t>", "at 22:13 UTC"),
    ("on <t:1700000000:R>", "on 14 November 2023"),
    ("on <t:9999999999999:D>.", "on."),
    # HTML and characters
    ("H<sub>2</sub>O is <b>wet</b>", "H2O is wet"),
    ('<a href="https://example.com">here</a>', "here"),
    ("<details><summary>More</summary>Words</details>", "More\nWords"),
    ("one<br/>two<!-- not\nthis -->three", "one\ntwothree"),
    ("fish &amp; chips, R&D, &#233;", "fish & chips, R&D, é"),
    ("1 < 2 and a <b and c> d <3", "1 < 2 and a <b and c> d <3"),
    ("zero\u200bwidth\ufeff \x00control\x07", "zerowidth control"),
    ("a\u00a0b\u202fc", "a b c"),
    ("نیم\u200cروز", "نیم\u200cروز"),
    ("well\u2011known", "well-known"),
    ("left → right • end", "left, right, end"),
    ("𝗕𝗼𝗹𝗱, 𝓯𝓪𝓷𝓬𝔂, ⓡⓞⓤⓝⓓ, ｗｉｄｅ ℋ１", "Bold, fancy, round, wide H1"),
    # repetition
    ("sooooooo good", "sooo good"),
    ("wow!!!!!! what????", "wow! what?"),
    ("really?!?!?!", "really?!"),
    ("hm...... well", "hm... well"),
    ("a ===== b", "a b"),
    ("((((x))))", "((x))"),
    ("1000000 and www", "1000000 and www"),
    ("哈哈哈哈哈哈", "哈哈哈"),
]
PRICES = "Prices\nIt costs three dollars fifty.\nfour dollars"
MARKED = [shown for shown, _ in SPOKEN if shown.strip()]


def stream(*pushes: str, names: Names = NAMES, language: str = "en") -> str:
    speech = SpeechText(names=names, language=language)
    return ("".join(map(speech.push, pushes)) + speech.flush()).strip()


@pytest.mark.parametrize(("shown", "spoken"), SPOKEN)
def test_makes_shown_text_fit_to_be_read_aloud(shown: str, spoken: str) -> None:
    assert stream(shown) == spoken


@pytest.mark.parametrize(("shown", "spoken"), SPOKEN)
def test_streams_the_same_with_a_mark_split_at_any_position(shown: str, spoken: str) -> None:
    assert stream(*shown) == spoken
    for at in range(1, len(shown)):
        assert stream(shown[:at], shown[at:]) == spoken


@pytest.mark.parametrize(("shown", "spoken"), SPOKEN)
def test_reads_a_mark_between_words_and_lines(shown: str, spoken: str) -> None:
    after = [] if shown.endswith("never closed") else ["After."]
    lines = stream(f"Before.\n{shown}\n\nAfter.").split("\n")
    assert lines == ["Before.", *filter(None, spoken.split("\n")), *after]


@pytest.mark.parametrize(
    "words",
    [
        ["Hello", " there", ",", " my", " fri", "end", "."],
        ["how", " was", " the", " wheel", "-", "house", "?"],
        ["今日", "は暑", "い", "。"],
    ],
)
def test_lets_ordinary_words_pass_at_once(words: list[str]) -> None:
    speech = SpeechText()
    assert [speech.push(word) for word in words] == words


@pytest.mark.parametrize(
    ("held", "resolved", "said"),
    [
        ("a *", "b* c", " b c"),
        ("see htt", "ps://example.com/x now", " a link to example.com now"),
        ("see [text](htt", "p://x.y) now", " now"),
        ("a ||secret", "|| b", " b"),
        ("hi <@1", "2> there", " Ann there"),
        ("a <thi", "nk>b</think> c", " c"),
        ("a ``", "`\nb\n``` c", "\nI put the code in the chat\nc"),
        ("a :smi", "le: b", " b"),
        ("a &am", "p; b", " & b"),
    ],
)
def test_withholds_only_what_is_undecided(held: str, resolved: str, said: str) -> None:
    speech = SpeechText(names=NAMES)
    before = speech.push(held)
    assert before in {"a", "see", "see text", "hi"}
    assert speech.push(resolved) + speech.flush() == said


@pytest.mark.parametrize("unclosed", ["||", "[a](", "<a ", "https://", "|", "&", ":a", "*", "`"])
@pytest.mark.parametrize("filler", ["x", "x ", "(", "*", "b=c "])
def test_withholds_an_unclosed_mark_only_so_long(unclosed: str, filler: str) -> None:
    speech = SpeechText()
    text = unclosed + filler * (3 * MAX_WITHHELD)
    for character in text:
        speech.push(character)
    assert len(speech.flush()) <= MAX_WITHHELD + 50


def test_drops_code_while_it_comes() -> None:
    speech = SpeechText()
    assert speech.push("```py\n") == "I put the code in the chat\n"
    assert [speech.push("x = 1; y = 2\n" * 50) for _ in range(50)] == [""] * 50
    assert speech.push("```\nDone.") + speech.flush() == "Done."


def test_skips_the_rest_of_an_endless_address() -> None:
    text = f"See https://example.com/{'x' * (2 * MAX_WITHHELD)} now"
    assert stream(text) == stream(*text) == "See a link to example.com now"


def test_starts_afresh_after_a_flush() -> None:
    speech = SpeechText()
    speech.push("```never closed")
    speech.flush()
    assert speech.push("# Title") + speech.flush() == "Title"


@pytest.mark.parametrize("names", [{12: "Ann"}, {"12": "Ann"}])
def test_finds_names_by_number_and_by_text(names: dict[int, str] | dict[str, str]) -> None:
    assert stream("<@12>", names=names) == "Ann"


@pytest.mark.parametrize(
    ("language", "spoken"),
    [
        ("de-AT", "Den Code habe ich in den Chat geschrieben"),
        ("fr", "J'ai mis le code dans le chat"),
        ("pt_BR", "Coloquei o código no chat"),
        ("xx", "I put the code in the chat"),
    ],
)
def test_names_code_in_the_language(language: str, spoken: str) -> None:
    assert stream("```\nx\n```", language=language) == spoken


def test_says_dates_as_numbers_where_it_knows_no_month_names() -> None:
    assert stream("<t:1700000000:D>", language="de") == "2023-11-14"


@pytest.mark.parametrize(
    ("shown", "language", "spoken"),
    [
        ("", "en", ""),
        ("# Prices\n- It costs **$3.50**.\n- ~~$4~~ :)", "en", PRICES),
        ("Hi <@12>, see https://example.com/1", "en", "Hi Ann, see a link to example.com"),
        ("on <t:1700000000:D>", "en", "on November fourteenth, twenty twenty-three"),
        ("am <t:1700000000:D>", "de-DE", "am vierzehnten November zweitausenddreiundzwanzig"),
        (r"$$\frac{1}{2} \cdot \sqrt{4} = 1$$", "en", "a half times square root of 4 equals 1"),
        (r"\[90^\circ + \frac{a}{b}\]", "en", "ninety degrees plus a/b"),
        (
            r"Es ist $2x + 1 = 3$, $5 oder 6$.",
            "de",
            "Es ist 2 x plus 1 gleich 3, fünf Dollar oder sechs Dollar.",
        ),
        ("C'est à 14h30 !", "fr", "C'est à quatorze heures trente !"),
        (":)", "en", ""),
    ],
)
def test_makes_a_whole_text_speakable(shown: str, language: str, spoken: str) -> None:
    assert speakable(shown, language=language, names=NAMES) == spoken


def test_makes_lines_into_sentences() -> None:
    shown = "# Plan\n- buy **milk**\n- [x] e.g. bread\n\n```\ncode. More\n```\nThat is all. Bye!"
    speech, splitter = SpeechText(), SentenceSplitter()
    spoken = [speech.push(character) for character in shown] + [speech.flush()]
    sentences = [sentence for text in spoken for sentence in splitter.push(text)]
    assert sentences + splitter.flush() == [
        "Plan",
        "buy milk",
        "e.g. bread",
        "I put the code in the chat",
        "That is all.",
        "Bye!",
    ]


PIECES = st.sampled_from(
    [
        *("a", "B", " ", " ", "\n", "\n\n", ".", "!", "?", ",", "\t", "\r", "é", "中", "oooo"),
        *("*", "**", "***", "_", "__", "~~", "~", "`", "``", "```", "||", "|", "| a |\n", "|-|\n"),
        *("[", "]", "(", ")", "](", "![", "[1]", "[x] ", "](http://a.b)", "https://", "www.", "h"),
        *("<", ">", "<@12>", "<#", "<:a_b:3>", "<t:5:R>", "<think>", "</think>", "<br>", "<!--"),
        *("# ", "- ", "--", "---", "> ", "* ", "1. ", "=", "====", "...", "!!!", '<a href="'),
        *("😀", "\u200d", "\ufe0f", "\u200b", "→", "•", "&amp;", "&#8203;", ":", ":smile:", "@a"),
        *("\\", "-->", "x" * (MAX_WITHHELD - 10), "https://" + "y" * MAX_WITHHELD),
    ]
)
TEXTS = st.one_of(st.lists(PIECES, max_size=40).map("".join), st.text(max_size=60))


@given(TEXTS, st.lists(st.integers(min_value=0, max_value=2000)))
def test_never_depends_on_how_the_text_was_cut(text: str, cuts: list[int]) -> None:
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [text[begin:end] for begin, end in pairwise(places)]
    assert stream(*pieces) == stream(*text) == stream(text)


@given(TEXTS)
@example("<#😀@a>")
@example("\\😀")
@example("https://\u200ba")
@example("https://====[1]====a")
def test_gives_out_clean_lines(text: str) -> None:
    for line in (*stream(text).split("\n"), *speakable(text).split("\n")):
        assert line == " ".join(line.split())
        assert not any(mark in line for mark in ("😀", "\u200b", "====", "!!", "....", "oooo"))


@given(st.lists(st.sampled_from(MARKED), max_size=5))
def test_never_gives_out_what_it_takes_back(lines: list[str]) -> None:
    shown = "\n".join(lines)
    speech = SpeechText(names=NAMES)
    said = "".join(speech.push(character) for character in shown)
    assert stream(shown).startswith(said.strip())
