import asyncio
import io
import logging
import socket
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import TypeVar

import aiohttp
from yarl import URL

from services.core.errors import (
    ConfigurationError,
    ProviderConnectionError,
    ProviderError,
    ProviderTimeoutError,
)
from services.llm.failures import NOT_FOUND, error_from_status, parse_body, retry_after

log = logging.getLogger(__name__)

T = TypeVar("T")

KEEPALIVE_SECONDS = 300.0
"""How long an unused connection is kept; a new one costs three round trips over TLS."""
PROBE_SECONDS = 45
"""How often the kernel probes an unused connection, so that routers between don't forget it."""
PREWARM_PAUSE = 5.0
"""Shortest time between two prewarming requests, seconds."""
DRAIN_SECONDS = 0.1
"""How long the end of a finished answer is awaited; only then can its connection be reused."""
ERROR_BODY_BYTES = 65_536
LARGE_BODY = 65_536
"""Bytes of a request beyond which it is sent in steps, so that the event loop turns between."""


class ModelServer:
    """Reach one HTTP server of models over connections that are kept open.

    The key goes to `base_url` alone: redirects are not followed. Every failure is a ProviderError.
    """

    def __init__(self, *, base_url: str, api_key: str, connect_timeout: float) -> None:
        url = _server_url(base_url)
        key = api_key.strip()
        if not key.isprintable():
            raise ConfigurationError("The language model's key must be one word (OPENAI_API_KEY).")
        self.name = url.host or ""
        self._url = url.with_user(None) if key else url
        self._headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._connect_timeout = connect_timeout
        self._session: aiohttp.ClientSession | None = None
        self._closed = False
        self._warm_until = 0.0

    @asynccontextmanager
    async def post(
        self, path: str, body: bytes, *, limit: float
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request and give its response, headers read by `limit` (loop's clock).

        Leaving the context early closes the connection, which stops the server.
        """
        payload = io.BytesIO(body) if len(body) > LARGE_BODY else body
        request = self._open_session().post(
            self._url.joinpath(path), data=payload, headers=self._headers, allow_redirects=False
        )
        async with await self._within(limit, request) as response:
            if response.status != 200:
                raise error_from_status(
                    response.status,
                    parse_body(await self.read_whole(response, ERROR_BODY_BYTES, limit=limit)),
                    provider=self.name,
                    retry_after=retry_after(response.headers),
                )
            if response.content_type == "text/html":
                detail = f"{self.name} answers with a web page; is the server's address right?"
                raise ProviderError(detail, provider=self.name, user_message=NOT_FOUND)
            yield response

    async def read(self, response: aiohttp.ClientResponse, *, limit: float) -> bytes:
        """Return the next bytes of a response, b"" at its end."""
        return await self._within(limit, response.content.readany())

    async def read_whole(
        self, response: aiohttp.ClientResponse, size: int, *, limit: float
    ) -> bytes:
        """Return a response's body, cut after about `size` bytes."""
        chunks: list[bytes] = []
        while size > 0 and (chunk := await self.read(response, limit=limit)):
            chunks.append(chunk)
            size -= len(chunk)
        return b"".join(chunks)

    async def drain(self, response: aiohttp.ClientResponse) -> None:
        """Await the end of a finished answer, so that its connection can serve again."""
        limit = asyncio.get_running_loop().time() + DRAIN_SECONDS
        self._warm_until = limit + PREWARM_PAUSE
        try:
            while await self.read(response, limit=limit):
                pass
        except ProviderConnectionError:
            return

    async def prewarm(self) -> None:
        """Open a connection before it is needed; never raises.

        Asks for the server's address itself, whatever it answers: many give HEAD no length, after
        which the connection could not be used again.
        """
        now = asyncio.get_running_loop().time()
        if self._closed or now < self._warm_until:
            return
        self._warm_until = now + PREWARM_PAUSE
        request = self._open_session().get(self._url, headers=self._headers, allow_redirects=False)
        limit = now + self._connect_timeout
        try:
            async with await self._within(limit, request) as response:
                await self.read_whole(response, ERROR_BODY_BYTES, limit=limit)
        except ProviderConnectionError as error:
            log.debug("Not prewarmed: %s", error)

    async def aclose(self) -> None:
        """Release the connections; idempotent."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    async def _within(self, limit: float, work: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout_at(limit):
                return await work
        except TimeoutError as error:
            detail = f"{self.name} went silent"
            raise ProviderTimeoutError(detail, provider=self.name) from error
        except (aiohttp.ClientError, OSError) as error:
            detail = f"{self.name}: {type(error).__name__} {error}"
            raise ProviderConnectionError(detail, provider=self.name) from error

    def _open_session(self) -> aiohttp.ClientSession:
        if self._closed:
            raise ProviderConnectionError("the client is closed", provider=self.name)
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0,  # LLM_MAX_CONCURRENT bounds the requests
                    keepalive_timeout=KEEPALIVE_SECONDS,
                    socket_factory=_probed_socket,
                ),
                timeout=aiohttp.ClientTimeout(total=None, connect=self._connect_timeout),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


def _server_url(base_url: str) -> URL:
    try:
        url = URL(base_url.strip())
    except ValueError:
        url = URL()
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigurationError(
            "The language model's address must look like https://host/v1 (OPENAI_BASE_URL)."
        )
    return url


def _probed_socket(address: aiohttp.AddrInfoType) -> socket.socket:
    family, kind, protocol, _, _ = address
    connection = socket.socket(family, kind, protocol)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name in ("TCP_KEEPIDLE", "TCP_KEEPALIVE"):  # Linux, macOS
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), PROBE_SECONDS)
    return connection
