from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.access import MAX_LISTED, Access, Visitor, edit_lists, is_free_chat, judge
from services.core.errors import BotError
from services.preferences import GuildPreferences

ANA = Visitor(user_id=1, role_ids=frozenset({10, 11}), channel_ids=frozenset({100, 101}))

lists = st.frozensets(st.integers(1, 12), max_size=3)
choices = st.builds(
    GuildPreferences,
    allowed_users=lists,
    denied_users=lists,
    allowed_roles=lists,
    denied_roles=lists,
    allowed_channels=lists,
    denied_channels=lists,
)
visitors = st.builds(Visitor, user_id=st.integers(1, 12), role_ids=lists, channel_ids=lists)


def chosen(**lists: set[int]) -> GuildPreferences:
    made: dict[str, Any] = {name: frozenset(ids) for name, ids in lists.items()}
    return GuildPreferences(**made)


@pytest.mark.parametrize(
    ("preferences", "access"),
    [
        (chosen(), Access.GRANTED),
        (chosen(allowed_users={1}), Access.GRANTED),
        (chosen(allowed_users={2}), Access.WRONG_PERSON),
        (chosen(allowed_roles={11, 12}), Access.GRANTED),
        (chosen(allowed_roles={12}), Access.WRONG_PERSON),
        (chosen(allowed_users={2}, allowed_roles={10}), Access.GRANTED),
        (chosen(denied_users={1}), Access.WRONG_PERSON),
        (chosen(denied_roles={10}, allowed_users={1}), Access.WRONG_PERSON),
        (chosen(denied_users={2}, denied_roles={12}, denied_channels={102}), Access.GRANTED),
        (chosen(allowed_channels={101}), Access.GRANTED),
        (chosen(allowed_channels={102}), Access.WRONG_PLACE),
        (chosen(allowed_channels={100}, denied_channels={101}), Access.WRONG_PLACE),
        (chosen(denied_users={1}, denied_channels={100}), Access.WRONG_PLACE),
    ],
)
def test_what_the_lists_say(preferences: GuildPreferences, access: Access) -> None:
    assert judge(preferences, ANA) is access


@given(choices, visitors)
def test_whoever_is_denied_is_never_let_in(preferences: GuildPreferences, visitor: Visitor) -> None:
    denied = (
        visitor.user_id in preferences.denied_users
        or visitor.role_ids & preferences.denied_roles
        or visitor.channel_ids & preferences.denied_channels
    )
    if denied:
        assert judge(preferences, visitor) is not Access.GRANTED


@given(choices, visitors)
def test_forbidding_more_never_opens_a_door(
    preferences: GuildPreferences, visitor: Visitor
) -> None:
    if judge(preferences, visitor) is not Access.GRANTED:
        more = edit_lists(preferences, "denied", "add", {"users": {3}, "channels": {4}})
        assert judge(more, visitor) is not Access.GRANTED


def test_a_thread_is_free_where_its_channel_is() -> None:
    assert is_free_chat(chosen(free_channels={101}), {100, 101})
    assert not is_free_chat(chosen(free_channels={102}), {100, 101})
    assert not is_free_chat(chosen(), {100})


def test_lists_grow_shrink_and_are_emptied() -> None:
    added = edit_lists(chosen(), "denied", "add", {"users": {1, 2}, "roles": {3}})
    assert added == chosen(denied_users={1, 2}, denied_roles={3})
    removed = edit_lists(added, "denied", "remove", {"users": {1, 9}})
    assert removed == chosen(denied_users={2}, denied_roles={3})
    other = edit_lists(removed, "allowed", "add", {"channels": {7}})
    assert edit_lists(other, "denied", "clear", {}) == chosen(allowed_channels={7})


def test_a_full_list_says_so() -> None:
    full = chosen(free_channels=set(range(MAX_LISTED)))
    with pytest.raises(BotError) as refusal:
        edit_lists(full, "free", "add", {"channels": {999}})
    assert "full" in refusal.value.user_message
    assert edit_lists(full, "free", "add", {"channels": {1}}) == full


def test_a_list_that_was_longer_once_can_be_shortened() -> None:
    longer = chosen(free_channels=set(range(MAX_LISTED + 9)))
    shorter = edit_lists(longer, "free", "remove", {"channels": {1}})
    assert len(shorter.free_channels) == MAX_LISTED + 8
