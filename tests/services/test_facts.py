from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.core.types import Place
from services.facts import MAX_FACTS, Fact, may_recall, merged, recalled

GENERAL = Place(10, 5, public=True)
LOUNGE = Place(11, 5, public=True)
STAFF = Place(12, 5)
ELSEWHERE = Place(20, 6, public=True)
DIRECT = Place(30, None)
OTHER_DIRECT = Place(31, None)
PLACES = (GENERAL, LOUNGE, STAFF, ELSEWHERE, DIRECT, OTHER_DIRECT)

places = st.builds(
    Place,
    st.integers(1, 6),
    st.one_of(st.none(), st.integers(1, 3)),
    public=st.booleans(),
)


def always(_guild: int, _channel: int) -> bool:
    return True


def never(_guild: int, _channel: int) -> bool:
    return False


def fact(
    text: str = "Rows.", *, subject: str = "sport", place: Place = GENERAL, id: int = 1
) -> Fact:
    return Fact(subject, text, place, place.channel_id, float(id), (id,))


def test_each_place_recalls_what_all_its_readers_could_read() -> None:
    known = {here: {said for said in PLACES if may_recall(said, here, always)} for here in PLACES}
    assert known == {
        GENERAL: {GENERAL, LOUNGE},
        LOUNGE: {GENERAL, LOUNGE},
        STAFF: {GENERAL, LOUNGE, STAFF},
        ELSEWHERE: {ELSEWHERE},
        DIRECT: {DIRECT},
        OTHER_DIRECT: {OTHER_DIRECT},
    }


def test_a_channel_that_was_closed_meanwhile_keeps_what_was_said_there() -> None:
    assert not may_recall(GENERAL, LOUNGE, never)
    assert may_recall(GENERAL, GENERAL, never)
    assert may_recall(GENERAL, Place(10, 5), never)


def test_a_channel_that_was_opened_meanwhile_keeps_what_was_said_before() -> None:
    assert not may_recall(STAFF, GENERAL, always)


@given(said=places, here=places, public_now=st.booleans())
def test_nothing_is_recalled_where_somebody_could_not_have_read_it(
    said: Place, here: Place, public_now: bool
) -> None:
    allowed = may_recall(said, here, lambda guild, channel: public_now)
    same = (said.guild_id, said.channel_id) == (here.guild_id, here.channel_id)
    if same:
        assert allowed
    elif allowed:
        assert said.guild_id is not None
        assert said.guild_id == here.guild_id
        assert said.public
        assert public_now


@given(said=places, here=places)
def test_now_is_asked_of_the_channel_in_which_it_was_said(said: Place, here: Place) -> None:
    asked: list[tuple[int, int]] = []

    def is_public(guild: int, channel: int) -> bool:
        asked.append((guild, channel))
        return True

    may_recall(said, here, is_public)
    assert set(asked) <= {(said.guild_id, said.channel_id)}


@given(
    told=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), places), max_size=12)
)
def test_facts_one_after_the_other_never_hide_what_others_may_not_know_of(
    told: list[tuple[str, str, Place]],
) -> None:
    kept: tuple[Fact, ...] = ()
    for id, (subject, text, place) in enumerate(told):
        fresh = fact(text, subject=subject, place=place, id=id)
        before, kept = kept, merged(kept, [fresh])
        assert fresh in kept
        for lost in set(before) - set(kept):
            assert may_recall(lost.place, place, always)
            assert lost.subject == subject or lost.text == text
        for here in {place for _, _, place in told}:
            shown = recalled(kept, here, always)
            assert all(may_recall(each.place, here, always) for each in shown)
            assert len({each.subject for each in shown}) == len(shown)


def test_the_newer_fact_about_a_subject_counts_first() -> None:
    old, new = fact("Lives in Porto.", subject="home"), fact("Lives in Faro.", subject="home", id=2)
    other = fact("Has a boat.", subject="boat", place=LOUNGE, id=3)
    kept = merged((old,), [new, other])
    assert kept == (new, other)
    assert recalled(kept, LOUNGE, always) == [other, new]


def test_what_is_said_in_private_replaces_nothing_that_is_known_elsewhere() -> None:
    known, said = (
        fact("Is called Ana.", subject="name"),
        fact("Is called Eva.", subject="name", id=2),
    )
    for private in (STAFF, DIRECT, ELSEWHERE):
        kept = merged((known,), [replace(said, place=private)])
        assert [each.text for each in recalled(kept, GENERAL, always)] == ["Is called Ana."]
        assert [each.text for each in recalled(kept, private, always)] == ["Is called Eva."]


def test_the_same_words_are_kept_once() -> None:
    again = fact("ROWS.", subject="hobby", place=LOUNGE, id=2)
    assert merged((fact("Rows."),), [again]) == (again,)


def test_a_fact_without_text_takes_the_other_one_along() -> None:
    kept = merged((fact(), fact("Is called Ana.", subject="name")), [fact("", id=2)])
    assert [each.text for each in kept] == ["Is called Ana."]


def test_one_fact_too_many_forgets_the_oldest() -> None:
    many = [fact(f"Likes {n}.", subject=f"like {n}", id=n) for n in range(MAX_FACTS + 5)]
    assert merged((), many) == tuple(many[5:])


def test_a_fact_has_a_name_of_its_own() -> None:
    names = {fact().key, fact("Runs.").key, fact(place=LOUNGE).key, fact(subject="x").key}
    assert len(names) == 4
    assert fact().key == fact(id=9).key
