import asyncio

from services.core.types import FRAME_SECONDS, AudioChunk
from services.voice.output import SILENCE, GuildOutput, VoiceClock


class FakeTime:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class FakeSender:
    """Notes what would go to Discord."""

    def __init__(self, time: FakeTime) -> None:
        self.time = time
        self.speaking = False
        self.connected = True
        self.announced = 0
        self.sent: list[tuple[float, bytes]] = []

    @property
    def packets(self) -> list[bytes]:
        return [packet for _, packet in self.sent]

    @property
    def sound(self) -> list[bytes]:
        return [packet for packet in self.packets if packet != SILENCE]

    def send_frame(self, packet: bytes) -> bool:
        if self.connected:
            self.sent.append((self.time.now, packet))
        return self.connected

    async def announce_speaking(self) -> None:
        self.speaking = True
        self.announced += 1


class Stage:
    """A clock driven by hand, with any number of guilds."""

    def __init__(self) -> None:
        self.time = FakeTime()
        self.clock = VoiceClock(monotonic=self.time)
        self.next: float | None = None

    def guild(self, patience: float = 15.0) -> tuple[GuildOutput, FakeSender]:
        sender = FakeSender(self.time)
        return GuildOutput(sender, clock=self.clock, patience=patience), sender

    async def tick(self, times: int = 1) -> None:
        """Let the clock's thread have its next turns, and the loop see what they did."""
        for _ in range(times):
            self.next = self.clock.tick(self.time.now)
            self.time.now += FRAME_SECONDS
            await settle()


async def settle() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


def speech(count: int, text: str = "", *, mark: str = "p") -> AudioChunk:
    """Return a chunk of `count` distinct packets."""
    packets = tuple(f"{mark}{index}".encode() for index in range(count))
    return AudioChunk(packets=packets, text=text)
