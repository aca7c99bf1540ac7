"""What the OpenAI side expects of the sandbox around it."""

from typing import Protocol


class Bus(Protocol):
    """Tell whoever listens what happens."""

    def publish(self, kind: str, **data: object) -> None:
        """Announce one event; never waits."""
        ...


class Fault(Protocol):
    """Describe one fault to commit; `seconds` None means the fault's own default."""

    @property
    def seconds(self) -> float | None:
        """Return how long the fault lasts, where that has a meaning."""
        ...


class Faults(Protocol):
    """Hand out the faults that were ordered."""

    def take(self, target: str, kind: str) -> Fault | None:
        """Use up one ordered fault of this kind, or return None."""
        ...


class NoFaults:
    """Order no faults."""

    def take(self, target: str, kind: str) -> Fault | None:
        """Return None."""
        return None
