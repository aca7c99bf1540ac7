import asyncio
import logging
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from sandbox.voice.mls import ExternalSender, commit_epoch, split_commit_welcome, vector

log = logging.getLogger(__name__)

PREPARE_TRANSITION, EXECUTE_TRANSITION, TRANSITION_READY, PREPARE_EPOCH = 21, 22, 23, 24
EXTERNAL_SENDER, KEY_PACKAGE, PROPOSALS, COMMIT_WELCOME = 25, 26, 27, 28
ANNOUNCE_COMMIT, WELCOME, INVALID_COMMIT_WELCOME = 29, 30, 31

PROTOCOL_VERSION = 1
APPEND = b"\x00"
COMMIT_TIMEOUT = 5.0
"""Seconds until a group whose members do not commit starts again."""
READY_TIMEOUT = 2.0
"""Seconds until a transition is executed without the members that have not answered."""


class Party(Protocol):
    """Take part in a group: a connected client or a virtual human."""

    @property
    def user_id(self) -> int:
        """Name the account."""
        ...

    def send(self, op: int, data: Any) -> None:
        """Deliver a JSON message; never waits."""
        ...

    def send_mls(self, op: int, body: bytes) -> None:
        """Deliver a binary message; never waits, and the answer comes later."""
        ...


@dataclass(slots=True)
class _Change:
    """Hold what the proposals of one op 27 ask for."""

    added: list[tuple[int, bytes]]
    removed: set[int]


@dataclass(slots=True)
class _Transition:
    """Hold who has still to answer that it is ready."""

    id: int
    waiting: set[int] = field(default_factory=set)


class DaveGroup:
    """Run one channel's DAVE group as the voice server does: propose, announce, execute.

    One change is under way at a time: proposals → first commit → every member ready → execute.
    What happens meanwhile waits, and the next change brings the group to who is there by then.
    """

    def __init__(
        self, *, channel_id: int, sender: ExternalSender, executed: Callable[[int, list[int]], None]
    ) -> None:
        self.epoch = 0
        self._channel_id = channel_id
        self._sender = sender
        self._executed = executed
        self._parties: dict[int, Party] = {}
        self._packages: dict[int, bytes] = {}
        self._leaves: dict[int, int] = {}
        self._abandoned: set[int] = set()
        self._active_since: dict[int, float] = {}
        self._change: _Change | None = None
        self._transition: _Transition | None = None
        self._last_transition = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def members(self) -> list[int]:
        """Return who shares the group's keys."""
        return list(self._leaves)

    def active_since(self, user_id: int) -> float | None:
        """Return when a member's first transition was executed; None while it may send clear."""
        return self._active_since.get(user_id)

    def enter(self, party: Party) -> None:
        """Let a party in; it answers with a key package and is added to the group."""
        self.leave(party.user_id)
        self._parties[party.user_id] = party
        party.send_mls(EXTERNAL_SENDER, self._sender.package)

    def leave(self, user_id: int) -> None:
        """Take a party out; the others agree on new keys."""
        self._parties.pop(user_id, None)
        self._packages.pop(user_id, None)
        self._abandon(user_id)
        self._advance()

    def close(self) -> None:
        """Forget everybody."""
        self._parties.clear()
        self._packages.clear()
        self._start_again()

    def receive_key_package(self, user_id: int, package: bytes) -> None:
        """Take op 26; a member that sends another one has lost its group and is added again."""
        if user_id not in self._parties:
            return
        self._packages[user_id] = package
        self._abandon(user_id)
        self._advance()

    def receive_commit(self, user_id: int, body: bytes) -> None:
        """Take op 28; the first of an epoch wins. Raises ValueError when it is malformed."""
        commit, welcome = split_commit_welcome(body)
        if (
            self._change is None
            or user_id not in self._leaves
            or commit_epoch(commit) != self.epoch
        ):
            return
        change, self._change = self._change, None
        self.epoch += 1
        self._abandoned -= change.removed
        transition = self._begin_transition()
        number = struct.pack(">H", transition.id)
        for member in self._leaves:
            self._parties[member].send_mls(ANNOUNCE_COMMIT, number + commit)
        for member in self._seat(change.added):
            self._parties[member].send_mls(WELCOME, number + welcome)
        transition.waiting = set(self._leaves)

    def receive_ready(self, user_id: int, transition_id: int) -> None:
        """Take op 23; the last answer executes the transition."""
        if self._transition is not None and self._transition.id == transition_id:
            self._transition.waiting.discard(user_id)
            if not self._transition.waiting:
                self._execute()

    def receive_invalid(self, user_id: int) -> None:
        """Take op 31: the member could not use its commit or Welcome and begins anew."""
        self._abandon(user_id)
        self._advance()

    def _abandon(self, user_id: int) -> None:
        """Note that a leaf's owner has lost its keys, so that it is removed."""
        self._active_since.pop(user_id, None)
        if user_id in self._leaves:
            self._abandoned.add(self._leaves.pop(user_id))
        if self._transition is not None:
            self.receive_ready(user_id, self._transition.id)

    def _advance(self) -> None:
        if self._change is not None and not self._leaves:
            waiting = self._change.added
            self._start_again()
            self._packages = {user: key for user, key in waiting if user in self._parties} | (
                self._packages
            )
        if self._change is not None or self._transition is not None:
            return
        if not self._leaves and self._packages:
            self._found()
        elif len(self._leaves) == 1 and self._abandoned and not self._packages:
            self._reset_last_member()
        if self._leaves and (self._packages or self._abandoned):
            self._propose()

    def _found(self) -> None:
        """Begin a group of one: its founder made it, epoch 0, when it got the external sender."""
        founder = next(iter(self._packages))
        del self._packages[founder]
        self.epoch = 0
        self._abandoned.clear()
        self._leaves = {founder: 0}

    def _reset_last_member(self) -> None:
        """Ask the only one left to begin anew; it sends clear frames from now on."""
        (last,) = self._leaves
        self._start_again()
        self._ask_for_new_group(self._parties[last])

    def _propose(self) -> None:
        change = _Change(list(self._packages.items()), set(self._abandoned))
        self._packages.clear()
        self._change = change
        group = {"group_id": self._channel_id, "epoch": self.epoch}
        messages = [self._sender.remove(leaf=leaf, **group) for leaf in sorted(change.removed)]
        messages += [self._sender.add(key_package=package, **group) for _, package in change.added]
        for member in self._leaves:
            self._parties[member].send_mls(PROPOSALS, APPEND + vector(b"".join(messages)))
        self._arm(COMMIT_TIMEOUT, self._commit_missing)

    def _seat(self, added: list[tuple[int, bytes]]) -> list[int]:
        """Give the added their leaves, the leftmost free ones, and return who is still there."""
        present = []
        for user_id, _ in added:
            taken = self._abandoned.union(self._leaves.values())
            leaf = next(index for index in range(len(taken) + 1) if index not in taken)
            if user_id in self._parties and user_id not in self._packages:
                self._leaves[user_id] = leaf
                present.append(user_id)
            else:
                self._abandoned.add(leaf)
        return present

    def _begin_transition(self) -> _Transition:
        self._last_transition = self._last_transition % 0xFFFF + 1
        self._transition = _Transition(self._last_transition)
        self._arm(READY_TIMEOUT, self._execute)
        return self._transition

    def _execute(self) -> None:
        if self._transition is None:
            return
        transition, self._transition = self._transition, None
        self._disarm()
        for member in self._leaves:
            self._parties[member].send(EXECUTE_TRANSITION, {"transition_id": transition.id})
            self._active_since.setdefault(member, time.monotonic())
        self._executed(self.epoch, self.members)
        self._advance()

    def _commit_missing(self) -> None:
        log.warning("No member of channel %s committed; its group begins anew", self._channel_id)
        self._packages.clear()
        self._start_again()
        for party in self._parties.values():
            self._ask_for_new_group(party)

    def _start_again(self) -> None:
        self._disarm()
        self.epoch = 0
        self._change = self._transition = None
        self._leaves.clear()
        self._abandoned.clear()
        self._active_since.clear()

    def _ask_for_new_group(self, party: Party) -> None:
        party.send(PREPARE_EPOCH, {"protocol_version": PROTOCOL_VERSION, "epoch": 1})
        party.send(PREPARE_TRANSITION, {"protocol_version": PROTOCOL_VERSION, "transition_id": 0})

    def _arm(self, seconds: float, action: Callable[[], None]) -> None:
        self._disarm()
        self._timer = asyncio.get_running_loop().call_later(seconds, action)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
