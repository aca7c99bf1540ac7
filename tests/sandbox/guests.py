"""Ways for a guest to come: plain TCP without a library, and TLS with the unpatched discord.py."""

import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from sandbox.server import Sandbox
from tests.sandbox.probe import Control, Probe, running


class ToSandbox(AbstractResolver):
    """Lead every name to one port of this machine."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            {
                "hostname": host,
                "host": "127.0.0.1",
                "port": self._port,
                "family": socket.AF_INET,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST,
            }
        ]

    async def close(self) -> None:
        """Nothing is open."""


def secure_connector(sandbox: Sandbox) -> aiohttp.TCPConnector:
    """Return a connector that finds Discord in a sandbox and trusts its authority, no other."""
    connect = sandbox.connect()
    trust = ssl.create_default_context(cafile=connect["ca"])
    port = int(connect["tls"].rpartition(":")[2])
    return aiohttp.TCPConnector(limit=0, resolver=ToSandbox(port), ssl=trust)


@asynccontextmanager
async def discord_py_guest(sandbox: Sandbox) -> AsyncIterator[Probe]:
    """Log the guest in by Discord's own names."""
    guest: dict[str, Any] = sandbox.connect()["guest"]
    connector = secure_connector(sandbox)
    async with running(sandbox, token=guest["token"], connector=connector) as probe:
        yield probe


@asynccontextmanager
async def guest_api(sandbox: Sandbox) -> AsyncIterator[Control]:
    """Give the guest's REST API at the sandbox's own address."""
    guest: dict[str, Any] = sandbox.connect()["guest"]
    headers = {"Authorization": f"Bot {guest['token']}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        yield Control(guest["api"], session)
