"""What the sandbox's Discord expects of its voice service and of the OpenAI beside it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from aiohttp import web


class Grant(Protocol):
    """Admit a client to a voice server."""

    @property
    def token(self) -> str:
        """Return what the client identifies with."""
        ...

    @property
    def endpoint(self) -> str:
        """Return the voice server's host name."""
        ...


class Voice(Protocol):
    """Carry sound between the bot and virtual humans."""

    async def start(self) -> None:
        """Open the ports."""
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...

    async def reset(self) -> None:
        """Disconnect everybody and forget what was heard."""
        ...

    def grant(self, *, guild_id: int, channel_id: int, user_id: int, session_id: str) -> Grant:
        """Admit a client that enters a channel or moves to it."""
        ...

    def revoke(self, *, guild_id: int, user_id: int) -> None:
        """Take a client out of voice."""
        ...

    def change_server(self, *, guild_id: int, user_id: int) -> None:
        """End a client's connection; its next grant names another server."""
        ...

    def suppress(self, *, guild_id: int, user_id: int, suppressed: bool) -> None:
        """Let a client be heard by nobody, or by all again."""
        ...

    def close_client(self, guild_id: int, user_id: int, code: int) -> None:
        """Close a client's websocket as a failing service does."""
        ...

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one voice websocket."""
        ...

    async def human_join(self, *, guild_id: int, channel_id: int, user_id: int) -> None:
        """Bring a virtual human into a channel."""
        ...

    async def human_leave(self, *, channel_id: int, user_id: int) -> None:
        """Take a virtual human out of a channel."""
        ...

    async def say(
        self,
        *,
        channel_id: int,
        user_id: int,
        wav: bytes,
        mode: str,
        loss: float,
        jitter_ms: float,
        clear_fraction: float,
    ) -> dict[str, Any]:
        """Let a human speak a WAV. Raises ValueError."""
        ...

    def recording(self, channel_id: int) -> bytes:
        """Return as WAV what a human heard."""
        ...

    def frames(self, channel_id: int, *, since: float) -> dict[str, Any]:
        """Return the frames that arrived from `since` (monotonic seconds) on."""
        ...

    def listen(
        self, channel_id: int, take: Callable[[int, bytes], None]
    ) -> AbstractContextManager[None]:
        """Give each sounding frame's SSRC and Opus to `take` as it arrives."""
        ...


class OpenAI(Protocol):
    """Be an OpenAI-compatible server that can be scripted."""

    def routes(self) -> list[web.RouteDef]:
        """Return the routes under /v1."""
        ...

    def script_llm(self, body: Any) -> None:
        """Queue replies. Raises ValueError."""
        ...

    def script_speech(self, body: Any) -> None:
        """Set the pace of speech. Raises ValueError."""
        ...

    def script_transcription(self, body: Any) -> None:
        """Set what is heard next. Raises ValueError."""
        ...

    def requests(self) -> dict[str, Any]:
        """Return the requests that came."""
        ...

    def reset(self) -> None:
        """Forget scripts and requests."""
        ...
