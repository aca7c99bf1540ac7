"""A server of files on loopback that breaks off, lies and refuses as it is told."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web


class ModelServer:
    """Serve `files`; `cut` breaks off a file's first answers after so many bytes, in turn."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.cut: list[int] = []
        self.status = 0
        self.ranges = True
        self.lie = ""
        self.asked: list[tuple[str, str]] = []
        self.url = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator["ModelServer"]:
        app = web.Application()
        app.router.add_get("/hub/{name:.+}", self._redirect)
        app.router.add_get("/cdn/{name:.+}", self._serve)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hub"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _redirect(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.asked.append((name, request.headers.get("Range", "")))
        if self.status or name not in self.files:
            return web.Response(status=self.status or 404)
        digest = self.lie or hashlib.sha256(self.files[name]).hexdigest()
        headers = {"Location": f"/cdn/{name}", "X-Linked-Etag": f'"{digest}"'}
        return web.Response(status=302, headers=headers)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        content = self.files[request.match_info["name"]]
        asked = request.headers.get("Range", "") if self.ranges else ""
        start = int(asked.removeprefix("bytes=").rstrip("-") or 0)
        if start >= len(content):
            headers = {"Content-Range": f"bytes */{len(content)}"}
            return web.Response(status=416, headers=headers)
        answer = web.StreamResponse(status=206 if asked else 200)
        answer.content_length = len(content) - start
        if asked:
            answer.headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        await answer.prepare(request)
        if self.cut:
            await answer.write(content[start : start + self.cut.pop(0)])
            await asyncio.sleep(0.05)  # or the reader sees the end before it has seen the bytes
            assert request.transport is not None
            request.transport.close()
            return answer
        await answer.write(content[start:])
        return answer
