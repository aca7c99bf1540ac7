from collections.abc import Callable, Iterator
from typing import Any

from sandbox.events import EventBus
from sandbox.voice.client import ClientSession
from sandbox.voice.dave import DaveGroup
from sandbox.voice.hearing import HeardFrame, Hearing
from sandbox.voice.human import VirtualHuman
from sandbox.voice.mls import ExternalSender
from sandbox.voice.rtp import SILENCE, Packet, is_dave_frame
from sandbox.voice.rules import TRANSITION_GRACE

SPEAKING, CLIENTS_CONNECT, CLIENT_DISCONNECT = 5, 11, 13


class VoiceChannel:
    """Bring together who is in one voice channel: clients, virtual humans and their DAVE group."""

    def __init__(self, *, guild_id: int, channel_id: int, bus: EventBus) -> None:
        self.guild_id = guild_id
        self.channel_id = channel_id
        self.hearing = Hearing()
        self.listeners: list[Callable[[int, bytes], None]] = []
        self.clients: dict[int, ClientSession] = {}
        self.humans: dict[int, VirtualHuman] = {}
        self.group = DaveGroup(
            channel_id=channel_id, sender=ExternalSender(), executed=self._transition_executed
        )
        self._bus = bus

    @property
    def empty(self) -> bool:
        """Tell whether nobody is here."""
        return not self.clients and not self.humans

    def enter_client(self, session: ClientSession) -> None:
        """Let a client in: who is here, who is speaking, then the DAVE handshake."""
        others = [user for user in self._users() if user != session.user_id]
        if others:
            session.send(CLIENTS_CONNECT, {"user_ids": [str(user) for user in others]})
        for client in self.clients.values():
            if client.speaking:
                session.send(SPEAKING, _speaking(client.user_id, client.ssrc, client.speaking))
        self._announce(session.user_id)
        self.clients[session.user_id] = session
        self.group.enter(session)
        self._publish("voice_join", user_id=session.user_id, human=False)

    def enter_human(self, *, user_id: int, ssrc: int) -> None:
        """Let a virtual human in."""
        human = VirtualHuman(
            user_id=user_id, channel_id=self.channel_id, ssrc=ssrc, group=self.group
        )
        self._announce(user_id)
        self.humans[user_id] = human
        self.group.enter(human)
        self._publish("voice_join", user_id=user_id, human=True)

    def leave(self, user_id: int) -> None:
        """Take a client or a human out; the others hear of it."""
        client = self.clients.pop(user_id, None)
        human = self.humans.pop(user_id, None)
        if client is None and human is None:
            return
        for other in self.clients.values():
            other.send(CLIENT_DISCONNECT, {"user_id": str(user_id)})
        self.group.leave(user_id)
        self._publish("voice_leave", user_id=user_id, human=human is not None)

    def speaking(self, user_id: int, ssrc: int, flags: int) -> None:
        """Tell the clients who speaks with which SSRC."""
        for client in self.clients.values():
            if client.user_id != user_id:
                client.send(SPEAKING, _speaking(user_id, ssrc, flags))
        self._publish("voice_speaking", user_id=user_id, speaking=bool(flags))

    def fell_silent(self, user_id: int) -> None:
        """Publish that a human stopped; clients are not told, the service tells only starts."""
        self._publish("voice_speaking", user_id=user_id, speaking=False)

    def send(self, user_id: int, packet: Packet, *, padding: int) -> None:
        """Pass a member's packet to every other client, encrypted for each."""
        for client in self.clients.values():
            if client.user_id != user_id:
                client.send_rtp(packet, padding=padding)

    def judge(self, session: ClientSession, packet: Packet, t: float) -> None:
        """Hold a client's packet that came at `t` to the rules, before the network spoils it."""
        active_since = self.group.active_since(session.user_id)
        session.rules.check(packet, t=t, active_since=active_since)

    def hear(self, session: ClientSession, packet: Packet, t: float, late: bool) -> None:
        """Let everybody hear a client's packet that arrived at `t`; `late` ones were overtaken."""
        encrypted = is_dave_frame(packet.payload)
        opus, deaf = self._listen(session, packet.payload, t) if encrypted else (packet.payload, [])
        for user_id in () if late else deaf:  # a receiver may give up what was overtaken
            session.rules.breach("dave_decrypt", f"user {user_id} cannot decrypt")
        frame = HeardFrame(
            t=t,
            ssrc=packet.ssrc,
            size=len(packet.payload if opus is None else opus),
            encrypted=encrypted,
            silence=packet.payload == SILENCE,
            opus=opus,
            decoded=False if deaf and not late else None,
        )
        if self.hearing.push(frame):
            self._publish("voice_first_frame", user_id=session.user_id, t=t)
        elif ended := self.hearing.ended(frame.ssrc):
            self._publish("voice_last_frame", user_id=session.user_id, t=ended)
        if opus is not None and not frame.silence:
            for listener in self.listeners:
                listener(frame.ssrc, opus)
        self.send(session.user_id, packet, padding=0)

    def _listen(
        self, session: ClientSession, payload: bytes, t: float
    ) -> tuple[bytes | None, list[int]]:
        """Return the Opus that the first human hears, and who should have heard it but could not.

        A newcomer cannot decrypt what was sent before everybody had the keys it shares.
        """
        heard: list[bytes] = []
        deaf: list[int] = []
        for human in self.humans.values():
            if not human.has_keys:
                continue
            try:
                heard.append(human.decrypt(session.user_id, payload))
            except ValueError:
                since = self.group.active_since(human.user_id)
                if since is not None and t > since + TRANSITION_GRACE:
                    deaf.append(human.user_id)
        return (heard[0] if heard else None), deaf

    def _users(self) -> Iterator[int]:
        yield from self.clients
        yield from self.humans

    def _announce(self, user_id: int) -> None:
        for client in self.clients.values():
            client.send(CLIENTS_CONNECT, {"user_ids": [str(user_id)]})

    def _transition_executed(self, epoch: int, members: list[int]) -> None:
        self._publish("dave_transition", epoch=epoch, user_ids=members)

    def _publish(self, kind: str, **data: Any) -> None:
        self._bus.publish(kind, guild_id=self.guild_id, channel_id=self.channel_id, **data)


def _speaking(user_id: int, ssrc: int, flags: int) -> dict[str, Any]:
    return {"user_id": str(user_id), "ssrc": ssrc, "speaking": flags}
