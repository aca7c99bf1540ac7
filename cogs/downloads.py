from collections.abc import Callable

import aiohttp
from yarl import URL

HOSTS = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
"""Where Discord keeps what people send; nothing is read from elsewhere."""


class Downloads:
    """Read people's files from Discord, over the client's own connections.

    `connector` gives these, once the client has logged in.
    """

    def __init__(self, connector: Callable[[], aiohttp.BaseConnector]) -> None:
        self._connector = connector
        self._session: aiohttp.ClientSession | None = None

    async def fetch(self, url: str, limit: int) -> bytes:
        """Return the first `limit` bytes of a file; follows no redirect. Raises OSError."""
        address = URL(url)
        if address.scheme != "https" or address.host not in HOSTS:
            raise PermissionError("a file that is not on Discord")
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=self._connector(), connector_owner=False
            )
        try:
            async with self._session.get(address, allow_redirects=False) as response:
                if response.status != 200:
                    raise OSError(f"Discord answered {response.status}")
                return await _first(response.content, limit)
        except aiohttp.ClientError as error:
            raise OSError(type(error).__name__) from error

    async def aclose(self) -> None:
        """End; the client's connections stay its own. Idempotent."""
        if self._session is not None:
            await self._session.close()


async def _first(content: aiohttp.StreamReader, limit: int) -> bytes:
    data = bytearray()
    while len(data) < limit and (chunk := await content.read(limit - len(data))):
        data += chunk
    return bytes(data)
