import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from openai import AsyncOpenAI

from sandbox.openai.server import OpenAIServer


class RecordedBus:
    """Remember what was announced."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, object]]] = []
        self.done = asyncio.Event()

    def publish(self, kind: str, **data: object) -> None:
        self.events.append((kind, data))
        if kind == "llm_done":
            self.done.set()

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.events]


class OrderedFault:
    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds


class OrderedFaults:
    """Commit each ordered fault once."""

    def __init__(self) -> None:
        self.orders: dict[tuple[str, str], OrderedFault] = {}

    def order(self, target: str, kind: str, seconds: float | None = None) -> None:
        self.orders[target, kind] = OrderedFault(seconds)

    def take(self, target: str, kind: str) -> OrderedFault | None:
        return self.orders.pop((target, kind), None)


class Guest:
    """One server on loopback with a real client of it."""

    def __init__(self) -> None:
        self.bus = RecordedBus()
        self.faults = OrderedFaults()
        self.server = OpenAIServer(
            bus=self.bus, faults=self.faults, ttft=0.0, tokens_per_second=0.0
        )
        self.url = ""
        self.client: AsyncOpenAI

    async def chat(self, text: str, **options: Any) -> str:
        """Return the whole streamed answer."""
        return "".join([delta async for delta in self.deltas(text, **options)])

    async def deltas(self, text: str, **options: Any) -> AsyncIterator[str]:
        stream = await self.client.chat.completions.create(
            model="any", messages=[{"role": "user", "content": text}], stream=True, **options
        )
        async with stream:
            async for chunk in stream:
                if chunk.choices and chunk.choices[0].delta.content:
                    yield chunk.choices[0].delta.content


@asynccontextmanager
async def open_guest() -> AsyncIterator[Guest]:
    guest = Guest()
    app = web.Application(client_max_size=16 * 2**20)
    app.add_routes(guest.server.routes())
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    guest.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    guest.client = AsyncOpenAI(base_url=guest.url, api_key="none", max_retries=0)
    try:
        yield guest
    finally:
        await guest.client.close()
        await runner.cleanup()


@pytest.fixture
async def guest() -> AsyncIterator[Guest]:
    async with open_guest() as opened:
        yield opened
