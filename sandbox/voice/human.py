import asyncio
import logging
from typing import Any

import davey

from sandbox.voice import dave
from sandbox.voice.dave import DaveGroup
from sandbox.voice.rtp import is_dave_frame

log = logging.getLogger(__name__)

THINKING_TIME = 0.03
"""Seconds that a human leaves the real clients to commit first."""


class VirtualHuman:
    """Be a member of a voice channel with a DAVE session of its own, inside this process."""

    def __init__(self, *, user_id: int, channel_id: int, ssrc: int, group: DaveGroup) -> None:
        self.user_id = user_id
        self.ssrc = ssrc
        self.sequence = 0
        self.timestamp = 0
        self.last_sent = 0.0
        self.speech = asyncio.Lock()
        self._channel_id = channel_id
        self._group = group
        self._session = davey.DaveSession(dave.PROTOCOL_VERSION, user_id, channel_id)

    def send(self, op: int, data: Any) -> None:
        """Take a JSON message of the voice server."""
        if op == dave.PREPARE_EPOCH and data["epoch"] == 1:
            self._session.reinit(dave.PROTOCOL_VERSION, self.user_id, self._channel_id)
            self._send_key_package()

    def send_mls(self, op: int, body: bytes) -> None:
        """Take a binary message of the voice server; the answer follows in a later step."""
        if op == dave.EXTERNAL_SENDER:
            self._session.set_external_sender(body)
            self._send_key_package()
        elif op == dave.PROPOSALS:
            self._commit(body)
        else:
            self._follow(op, int.from_bytes(body[:2], "big"), body[2:])

    @property
    def has_keys(self) -> bool:
        """Tell whether this human shares the group's keys."""
        return self._session.ready

    @property
    def privacy_code(self) -> str | None:
        """Return the digits that every member of the group sees."""
        return self._session.voice_privacy_code

    def decrypt(self, user_id: int, payload: bytes) -> bytes:
        """Return the Opus of what another member sent. Raises ValueError."""
        if not is_dave_frame(payload):
            return payload
        return self._session.decrypt(user_id, davey.MediaType.audio, payload)

    def encrypt(self, opus: bytes) -> bytes:
        """Return what this human sends: clear while it is without company."""
        return self._session.encrypt_opus(opus) if self._session.ready else opus

    def _send_key_package(self) -> None:
        package = self._session.get_serialized_key_package()
        self._later(0, self._group.receive_key_package, self.user_id, package)

    def _commit(self, body: bytes) -> None:
        try:
            result = self._session.process_proposals(davey.ProposalsOperationType.append, body[1:])
        except ValueError as error:
            log.warning("The proposals of channel %s are unusable: %s", self._channel_id, error)
            return
        if result is not None:
            commit = result.commit + (result.welcome or b"")
            self._later(THINKING_TIME, self._group.receive_commit, self.user_id, commit)

    def _follow(self, op: int, transition_id: int, body: bytes) -> None:
        try:
            if op == dave.WELCOME:
                self._session.process_welcome(body)
            else:
                self._session.process_commit(body)
        except ValueError:
            self._later(0, self._group.receive_invalid, self.user_id)
            self._session.reinit(dave.PROTOCOL_VERSION, self.user_id, self._channel_id)
            self._send_key_package()
        else:
            self._later(0, self._group.receive_ready, self.user_id, transition_id)

    def _later(self, seconds: float, answer: Any, *values: Any) -> None:
        asyncio.get_running_loop().call_later(seconds, answer, *values)
