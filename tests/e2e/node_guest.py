"""A bot on discord.js in a process of its own, told what to do and asked what it saw."""

import asyncio
import json
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "guests"
NEEDED = (22, 12)
PATIENCE = 10.0
"""Seconds until something that should have happened counts as missing."""

Event = dict[str, Any]


def missing() -> str:
    """Say what a guest on discord.js lacks here, and how to get it; empty when it can run."""
    for package in json.loads((FOLDER / "package.json").read_text())["dependencies"]:
        if not (FOLDER / "node_modules" / package).is_dir():
            return f"{package} is not installed: run `make guests`"
    if not _node():
        return "there is no Node of at least {}.{}".format(*NEEDED)
    return ""


def _node() -> str:
    """Return a Node that is new enough: the one installed beside discord.js, or the system's."""
    own = FOLDER / "node_modules" / ".bin" / "node"
    for node in (str(own) if own.exists() else None, shutil.which("node")):
        if node is None:
            continue
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
        found = re.match(r"v(\d+)\.(\d+)\.", said.stdout)
        if found and (int(found[1]), int(found[2])) >= NEEDED:
            return node
    return ""


class NodeGuest:
    """Keep the events that a guest tells, and wait for them."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.events: list[Event] = []
        self._process = process
        self._changed = asyncio.Event()

    def order(self, order: str, **data: Any) -> None:
        """Tell the guest to do something."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"order": order, **data}).encode() + b"\n")

    def told(self, kind: str) -> list[Event]:
        """Return the events of a kind, in order."""
        return [event for event in self.events if event["event"] == kind]

    async def until(
        self, kind: str, suits: Callable[[Event], bool] = lambda _: True, *, count: int = 1
    ) -> Event:
        """Return the first event that suits, once there are `count` of them."""
        try:
            async with asyncio.timeout(PATIENCE):
                while len(found := [each for each in self.told(kind) if suits(each)]) < count:
                    await self._wait()
        except TimeoutError:
            shown = [event for event in self.events if event["event"] != "heard"]
            raise AssertionError(f"no {kind} within {PATIENCE:.0f} s: {shown}") from None
        return found[0]

    async def read(self) -> None:
        """Take events until the guest ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.events.append(json.loads(line))
            self._changed.set()

    async def _wait(self) -> None:
        self._changed.clear()
        await self._changed.wait()


@asynccontextmanager
async def node_guest(connect: dict[str, Any]) -> AsyncIterator[NodeGuest]:
    """Log in a guest until the block ends, which it must do without an error."""
    guest = connect["guest"]
    process = await asyncio.create_subprocess_exec(
        *(_node(), "guest.mjs"),
        cwd=FOLDER,
        env=os.environ
        | {"GUEST_API": guest["api"], "GUEST_TOKEN": guest["token"]}
        | {"NODE_EXTRA_CA_CERTS": connect["ca"]},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    node = NodeGuest(process)
    reading = asyncio.create_task(node.read())
    try:
        await node.until("ready")
        yield node
        node.order("exit")
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 0
        assert node.told("error") == []
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await asyncio.wait([reading])
