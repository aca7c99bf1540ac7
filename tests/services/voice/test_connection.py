import asyncio
from unittest.mock import AsyncMock, Mock

from aiohttp import ClientConnectionResetError

from services.voice.connection import VoiceWebSocket


async def test_a_connection_that_closes_while_we_send_ends_by_its_close_code_alone() -> None:
    wire = Mock()
    wire.send_str = wire.send_bytes = AsyncMock(side_effect=ClientConnectionResetError("closing"))
    websocket = VoiceWebSocket(wire, asyncio.get_running_loop())
    await websocket.send_as_json({"op": 5, "d": {}})
    await websocket.send_binary(26, b"key package")
    assert wire.send_str.await_count == 2
