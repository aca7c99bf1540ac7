from collections.abc import Set
from typing import Final

EVERYBODY: Final = 0
"""Stands for the bot itself, and for more people than are told apart."""

MAX_USERS: Final = 4
"""People whose phrase it is; one that more have used is everybody's."""


def add_users(users: set[int], more: Set[int]) -> None:
    """Add people to those whose phrase it is."""
    for user_id in more - users:
        users.add(user_id if len(users) < MAX_USERS else EVERYBODY)
