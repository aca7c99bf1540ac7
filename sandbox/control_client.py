from typing import Any

import aiohttp


class ControlError(Exception):
    """Report what the control API refused, in its own sentence."""


class ControlClient:
    """Call a sandbox's control API as any outsider would."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._session = session

    async def get(self, path: str, **query: str | float) -> dict[str, Any]:
        """Read something. Raises ControlError."""
        return await self._call("GET", path, params=query)

    async def post(self, path: str, body: Any = None, **query: str | float) -> dict[str, Any]:
        """Do something; bytes are sent as a WAV file. Raises ControlError."""
        if isinstance(body, bytes):
            headers = {"Content-Type": "audio/wav"}
            return await self._call("POST", path, data=body, headers=headers, params=query)
        return await self._call("POST", path, json=body or {}, params=query)

    async def download(self, path: str) -> bytes:
        """Read a file. Raises ControlError."""
        async with self._session.get(f"{self._url}/sandbox/{path}") as answer:
            if answer.status != 200:
                raise ControlError(await _reason(answer))
            return await answer.read()

    async def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        url = f"{self._url}/sandbox/{path}"
        async with self._session.request(method, url, **options) as answer:
            if answer.status >= 400:
                raise ControlError(await _reason(answer))
            content = await answer.read()
            found: dict[str, Any] = await answer.json() if content else {}
            return found


async def _reason(answer: aiohttp.ClientResponse) -> str:
    try:
        return str((await answer.json())["error"])
    except (aiohttp.ContentTypeError, ValueError, KeyError, TypeError):
        return f"The sandbox answered {answer.status} to {answer.method} {answer.url.path}."
