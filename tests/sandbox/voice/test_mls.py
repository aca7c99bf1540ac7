import davey
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.voice.mls import (
    ExternalSender,
    commit_epoch,
    skip_vector,
    split_commit_welcome,
    vector,
    vector_bounds,
)

CHANNEL = 2**63 + 7


def commit_of_a_pair() -> tuple[bytes, bytes]:
    """Return what a founder answers to the proposal to add a second member."""
    sender = ExternalSender()
    founder, guest = (davey.DaveSession(1, user, CHANNEL) for user in (1, 2))
    founder.set_external_sender(sender.package)
    proposal = sender.add(group_id=CHANNEL, epoch=0, key_package=guest.get_serialized_key_package())
    result = founder.process_proposals(davey.ProposalsOperationType.append, vector(proposal))
    assert result is not None
    assert result.welcome is not None
    return result.commit, result.welcome


@pytest.mark.parametrize(
    ("length", "prefix"), [(0, "00"), (63, "3f"), (64, "4040"), (16384, "80004000")]
)
def test_lengths_are_those_of_rfc_9420(length: int, prefix: str) -> None:
    assert vector(bytes(length))[: len(prefix) // 2].hex() == prefix


@given(st.binary(max_size=300), st.binary(max_size=20))
def test_a_vector_is_found_again(data: bytes, rest: bytes) -> None:
    whole = rest + vector(data) + rest
    start, end = vector_bounds(whole, len(rest))
    assert whole[start:end] == data
    assert skip_vector(whole, len(rest)) == len(whole) - len(rest)


@given(st.binary(max_size=80))
def test_garbage_is_no_commit(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        split_commit_welcome(b"\x00\x01\x00\x01" + data)


def test_a_commit_is_split_from_its_welcome() -> None:
    commit, welcome = commit_of_a_pair()
    assert split_commit_welcome(commit + welcome) == (commit, welcome)
    assert split_commit_welcome(commit) == (commit, b"")
    assert commit_epoch(commit) == 0


@settings(max_examples=50)
@given(st.integers(min_value=0, max_value=100))
def test_a_commit_that_was_cut_is_refused(kept: int) -> None:
    commit, _ = COMMIT
    with pytest.raises(ValueError, match=r"\w"):
        split_commit_welcome(commit[: len(commit) * kept // 101])


COMMIT = commit_of_a_pair()
