from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.background_text import EARLIER_TITLE, NOTICE, SUMMARY_TITLE
from services.core.types import (
    Author,
    Background,
    ChatContext,
    HistoryEntry,
    ImagePart,
    IncomingMessage,
    Quote,
    Role,
    TextFile,
    UserTurn,
)
from services.query_optimizer import (
    FILE_CUT,
    FILE_LEFT_OUT,
    IMAGE_TOKENS,
    IMAGES_LEFT_OUT,
    MESSAGE_CUT,
    MESSAGE_TOKENS,
    QueryOptimizer,
)

ANN, BOB = Author(1, "Ann"), Author(2, "Bob")


def words(text: str) -> int:
    return len(text.split())


def turn(*texts: str, author: Author = ANN) -> UserTurn:
    messages = [IncomingMessage(n, 1, None, author, text, 0.0) for n, text in enumerate(texts)]
    return UserTurn("t", tuple(messages))


def said(text: str, author: Author = ANN, role: Role = "user") -> HistoryEntry:
    return HistoryEntry(role, text, 0.0, author.id, author.name)


def answered(text: str) -> HistoryEntry:
    return said(text, Author(9, "Bot"), "assistant")


def build(
    current: UserTurn,
    history: Sequence[HistoryEntry] = (),
    *,
    prompt: str = "be kind",
    messages: int = 10,
    tokens: int = 2000,
    count: Callable[[str], int] = words,
    background: Background | None = None,
) -> ChatContext:
    optimizer = QueryOptimizer(
        count=count,
        system_prompt=prompt,
        max_history_messages=messages,
        max_context_tokens=tokens,
    )
    return optimizer.build(current, history, background or Background())


def shown(context: ChatContext) -> list[str]:
    return [f"{message.role[0]} {message.content}" for message in context.messages]


def true_tokens(context: ChatContext, count: Callable[[str], int] = words) -> int:
    costs = [count(message.content) + MESSAGE_TOKENS for message in context.messages]
    return sum(costs) + MESSAGE_TOKENS


def test_prompt_history_and_message_stand_in_this_order() -> None:
    context = build(turn("and", "now?"), [said("hello"), answered("hi there")])
    assert shown(context) == ["s be kind", "u hello", "a hi there", "u and\nnow?"]
    assert context.tokens == true_tokens(context) == 2 + 1 + 2 + 2 + 5 * MESSAGE_TOKENS
    assert not context.trimmed


def test_a_persona_stands_in_the_place_of_the_prompt_and_brings_its_temperature() -> None:
    optimizer = QueryOptimizer(count=words, system_prompt="be kind")
    pirate = optimizer.build(turn("now?"), [], Background(persona=" be a pirate ", temperature=1.2))
    assert shown(pirate) == ["s be a pirate", "u now?"]
    assert (pirate.temperature, pirate.trimmed) == (1.2, False)
    plain = optimizer.build(turn("now?"), [], Background())
    assert (shown(plain)[0], plain.temperature) == ("s be kind", None)


def test_only_the_newest_messages_are_sent() -> None:
    context = build(turn("now"), [said(str(n)) for n in range(30)], messages=3)
    assert shown(context) == ["s be kind", "u 27\n28\n29\nnow"]
    assert not context.trimmed


def test_what_the_budget_leaves_out_is_the_oldest_and_is_said() -> None:
    history = [said("old " * 50), said("b " * 10), answered("c " * 10)]
    context = build(turn("now"), history, tokens=60)
    assert [message.content.split()[0] for message in context.messages] == ["be", "b", "c", "now"]
    assert context.notes == ()
    assert context.trimmed
    assert context.tokens == true_tokens(context) <= 60


def test_no_message_is_sent_without_the_newer_ones() -> None:
    context = build(turn("now"), [said("old"), said("long " * 100)], tokens=60)
    assert shown(context) == ["s be kind", "u now"]


def test_system_entries_and_empty_ones_are_left_out_and_do_not_count() -> None:
    history = [said("a"), said("note", role="system"), said(" \n"), answered("")]
    assert shown(build(turn("now"), history, messages=1)) == ["s be kind", "u a\nnow"]


def test_names_are_given_once_two_people_speak() -> None:
    history = [said("hello"), answered("hi"), said("me too", Author(2, " Bob\n B ")), said("so")]
    assert shown(build(turn("now"), history)) == [
        "s be kind",
        "u Ann: hello",
        "a hi",
        "u Bob B: me too\nAnn: so\nAnn: now",
    ]
    assert shown(build(turn("now", author=BOB), [said("hello")]))[1:] == ["u Ann: hello\nBob: now"]


def test_a_person_who_spoke_long_ago_asks_for_no_names() -> None:
    history = [said("old", BOB), *[said(str(n)) for n in range(10)]]
    assert shown(build(turn("now"), history))[-1].endswith("\n9\nnow")


def test_an_answer_whose_question_fell_out_is_left_out() -> None:
    history = [said("q"), answered("a"), said("q2"), answered("a2"), answered("a3")]
    context = build(turn("now"), history, messages=4)
    assert shown(context) == ["s be kind", "u q2", "a a2\na3", "u now"]
    assert context.tokens == true_tokens(context)


def test_a_message_that_is_too_long_keeps_its_end_from_a_word_on() -> None:
    text = " ".join(f"word{n}" for n in range(500))
    context = build(turn(text, author=BOB), [said("hello")], tokens=60)
    last = context.messages[-1].content
    assert last.startswith("Bob: word")
    assert last.endswith(" word498 word499")
    assert last.split(" ")[1] in text.split(" ")
    assert context.trimmed
    assert context.notes == (MESSAGE_CUT,)
    assert 45 <= context.tokens == true_tokens(context) <= 60


def test_a_long_prompt_stays_whole_while_it_fits() -> None:
    prompt = "rule " * 1900
    context = build(turn("now"), [said("a")], prompt=prompt)
    assert context.messages[0].content == prompt.strip()
    assert not context.trimmed


def test_a_prompt_that_is_too_long_is_cut_and_leaves_room_for_the_message() -> None:
    context = build(turn("tell " * 30), prompt="rule " * 5000, tokens=100)
    assert context.messages[-1].content == "tell " * 30
    assert context.messages[0].content.startswith("rule rule")
    assert context.trimmed
    assert context.notes == ()
    assert context.tokens == true_tokens(context) <= 100


def test_when_both_are_too_long_the_prompt_keeps_a_quarter() -> None:
    context = build(turn("tell " * 5000), prompt="rule " * 5000, tokens=100)
    assert [words(message.content) for message in context.messages] == [21, 67]
    assert context.tokens == true_tokens(context) <= 100


def picture(text: str, *, images: int) -> UserTurn:
    parts = tuple(ImagePart(f"https://cdn/{n}") for n in range(images))
    return UserTurn("t", (IncomingMessage(1, 1, None, ANN, text, 0.0, images=parts),))


def test_images_count_and_come_before_the_history() -> None:
    context = build(picture("look", images=2), [said("old " * 500)], tokens=2000)
    assert [len(message.images) for message in context.messages] == [0, 2]
    assert context.tokens == true_tokens(context) + 2 * IMAGE_TOKENS
    assert context.notes == ()
    assert context.trimmed
    joined = build(picture("look", images=1), [said("short")], tokens=2000)
    assert shown(joined)[1:] == ["u short\nlook"]
    assert len(joined.messages[1].images) == 1


@pytest.mark.parametrize(("given", "tokens", "left"), [(4, 2000, 2), (1, 500, 0), (9, 9999, 4)])
def test_images_that_do_not_fit_are_left_out_and_said(given: int, tokens: int, left: int) -> None:
    context = build(picture("", images=given), tokens=tokens)
    assert len(context.messages[-1].images) == left
    assert context.messages[-1].content.startswith("[image]")
    assert context.notes == (IMAGES_LEFT_OUT.format(left, given),)
    assert context.tokens <= tokens


def test_an_empty_prompt_sends_none() -> None:
    assert shown(build(turn("now"), prompt="  ")) == ["u now"]


def test_text_without_spaces_is_cut_anywhere() -> None:
    context = build(turn("字" * 500), prompt="", tokens=100, count=len)
    assert context.messages[-1].content == "字" * (100 - 2 * MESSAGE_TOKENS)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
entries = st.builds(
    HistoryEntry,
    role=st.sampled_from(["system", "user", "assistant"]),
    text=texts,
    at=st.just(0.0),
    author_id=st.integers(1, 3),
    author=st.sampled_from(["Ann", "Bob"]),
)


@pytest.mark.parametrize("count", [words, len, lambda text: len(text.encode()) // 3 + 1])
@given(
    current=texts, history=st.lists(entries, max_size=20), prompt=texts, tokens=st.integers(20, 400)
)
def test_the_budget_is_never_exceeded(
    count: Callable[[str], int],
    current: str,
    history: list[HistoryEntry],
    prompt: str,
    tokens: int,
) -> None:
    context = build(turn(current), history, prompt=prompt, tokens=tokens, count=count)
    assert true_tokens(context, count) <= tokens
    assert context.tokens == true_tokens(context, count)
    assert context.messages[-1].role == "user"
    roles = [message.role for message in context.messages if message.role != "system"]
    assert roles == (["user", "assistant"] * len(roles))[: len(roles)]
    assert len(context.messages) <= 12


def bringing(text: str, *files: str, quote: Quote | None = None, author: Author = ANN) -> UserTurn:
    brought = tuple(
        TextFile(f"{number}.txt", f"u/{number}", 1, told) for number, told in enumerate(files)
    )
    asked = IncomingMessage(1, 1, None, author, text, 0.0, quote=quote, files=brought)
    return UserTurn("t", (asked,))


def test_a_file_stands_above_the_question() -> None:
    context = build(bringing("What is it?", "one two", author=BOB), [said("hello")])
    last = context.messages[-1].content
    assert last == "Ann: hello\nFile 0.txt:\n```txt\none two\n```\n\nBob: What is it?"
    assert context.notes == ()


def test_a_long_file_is_cut_and_leaves_room_for_question_and_history() -> None:
    history = [said("before " * 5), answered("so " * 5)]
    context = build(bringing("What is it?", "word " * 50_000), history, tokens=200)
    last = context.messages[-1].content
    assert last.startswith("File 0.txt (only its beginning):")
    assert last.endswith("\n```\n\nWhat is it?")
    assert len(context.messages) == 4
    assert 150 <= context.tokens == true_tokens(context) <= 200
    assert context.notes == (FILE_CUT.format("0.txt"),)
    assert context.trimmed


def test_two_files_share_the_room() -> None:
    context = build(bringing("Compare.", "one " * 500, "two " * 500), tokens=200)
    last = context.messages[-1].content
    assert last.count("one ") > 50
    assert last.count("two ") > 50


def test_a_file_that_does_not_fit_at_all_is_told_of() -> None:
    context = build(bringing("tell " * 30, "one two"), tokens=48)
    assert context.messages[-1].content == "tell " * 30
    assert context.notes == (FILE_LEFT_OUT.format("0.txt"),)


def test_a_quotation_is_not_repeated_while_the_history_holds_it() -> None:
    quoted = Quote("Bob", "the old story of the fox", 77)
    entry = HistoryEntry("user", "the old story of the fox", 0.0, 2, "Bob", (77,))
    asked = bringing("More?", quote=quoted)
    context = build(asked, [entry, answered("so")])
    assert str(context.messages).count("the old story of the fox") == 1
    assert "Bob wrote above" in context.messages[-1].content
    history = [entry, answered("so"), said("long " * 30), answered("ok")]
    context = build(asked, history, tokens=80)
    assert "> the old story of the fox" in context.messages[-1].content
    assert len(context.messages) < 5
    assert context.tokens == true_tokens(context) <= 80


@pytest.mark.parametrize("count", [words, len, lambda text: len(text.encode()) // 3 + 1])
@given(
    current=texts,
    files=st.lists(texts, max_size=3),
    quoted=st.builds(Quote, texts, texts, st.integers(0, 3)),
    history=st.lists(entries, max_size=8),
    tokens=st.integers(20, 400),
)
def test_the_budget_is_never_exceeded_by_what_a_message_brings(
    count: Callable[[str], int],
    current: str,
    files: list[str],
    quoted: Quote,
    history: list[HistoryEntry],
    tokens: int,
) -> None:
    asked = bringing(current, *files, quote=quoted)
    context = build(asked, history, tokens=tokens, count=count)
    assert context.tokens == true_tokens(context, count) <= tokens
    alone = build(asked_alone := turn(current), [], tokens=tokens, count=count)
    if asked_alone.text and MESSAGE_CUT not in context.notes:
        assert context.messages[-1].content.endswith(alone.messages[-1].content)


def test_what_is_known_stands_behind_the_prompt_with_what_changes_least_first() -> None:
    background = Background(
        persona="be Rosa", profile="likes tea\n\nhas a cat", summary="They met.", unsummarised=4
    )
    history = [said("a long story " * 30), answered("so\nso " * 40), said("one"), answered("two")]
    context = build(turn("Do I like tea?"), history, messages=2, background=background)
    system, *others = context.messages
    assert [message.content for message in others] == ["one", "two", "Do I like tea?"]
    assert system.content.startswith(f"be Rosa\n\n{NOTICE}\n\n{SUMMARY_TITLE}\n> They met.\n\n")
    _, profile, earlier = system.content.rsplit("\n\n", 2)
    assert profile == "What you know about Ann, who is asking now:\n> likes tea\n> has a cat"
    title, first, second = earlier.splitlines()
    assert title == EARLIER_TITLE
    assert first.startswith("> Ann: a long story a long story")
    assert second.startswith("> You: so so so")
    assert first.endswith("…")
    assert not context.trimmed
    assert context.tokens == true_tokens(context)


def test_a_profile_that_does_not_concern_the_message_is_left_out() -> None:
    background = Background(profile="likes tea")
    assert "tea" not in str(build(turn("How far is the moon?"), background=background))
    assert "tea" in str(build(turn("How far am I?"), background=background))


def test_messages_that_the_summary_holds_are_not_told_again() -> None:
    history = [said(f"number {n} it is") for n in range(20)]
    background = Background(summary="They counted.", unsummarised=6)
    told = str(build(turn("now"), history, messages=4, background=background))
    assert [told.count(f"number {n} ") for n in range(20)] == [0] * 14 + [1] * 6


def test_recent_messages_that_do_not_fit_are_told_shortened() -> None:
    history = [said("once " * 20), said("long " * 500), said("so")]
    context = build(turn("now"), history, tokens=440, background=Background(unsummarised=3))
    assert shown(context)[1:] == ["u so\nnow"]
    assert "> Ann: long long" in context.messages[0].content
    assert context.trimmed
    assert context.tokens == true_tokens(context) <= 440


def test_each_source_gives_way_to_those_before_it() -> None:
    history = [said("recent " * 30)]
    background = Background(persona="persona " * 60, profile="tea " * 20, summary="summary " * 60)
    sizes = {}
    for tokens in range(100, 340, 8):
        context = build(turn("is tea mine"), history, tokens=tokens, background=background)
        text = " ".join(message.content for message in context.messages)
        found = ("persona", "tea", "recent", "summary")
        sizes[tokens] = tuple(text.count(f"{word} ") + text.endswith(word) for word in found)
        assert context.tokens == true_tokens(context) <= tokens
        persona, _, recent, summary = sizes[tokens]
        assert persona >= min(60, tokens // 4 - 4) - 1
        assert not summary or recent == 30
        assert recent == 30 or persona <= tokens // 4 or not recent
    assert sizes[332][2:] == (30, 60)


@pytest.mark.parametrize("count", [words, len, lambda text: len(text.encode()) // 3 + 1])
@given(
    current=texts,
    history=st.lists(entries, max_size=30),
    background=st.builds(
        Background,
        persona=texts,
        profile=texts,
        summary=texts,
        unsummarised=st.integers(0, 40),
    ),
    prompt=texts,
    tokens=st.integers(20, 600),
)
def test_the_budget_is_never_exceeded_by_what_is_known(
    count: Callable[[str], int],
    current: str,
    history: list[HistoryEntry],
    background: Background,
    prompt: str,
    tokens: int,
) -> None:
    context = build(
        turn(current),
        history,
        prompt=prompt,
        tokens=tokens,
        count=count,
        messages=5,
        background=background,
    )
    assert context.tokens == true_tokens(context, count) <= tokens
    known = background.persona.strip() or prompt
    plain = build(turn(current), history, prompt=known, tokens=tokens, count=count, messages=5)
    assert context.notes == plain.notes
