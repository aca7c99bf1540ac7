from typing import Any

import aiohttp
import pytest

from sandbox.server import Sandbox


async def call(sandbox: Sandbox, path: str, body: Any) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session:
        url = f"{sandbox.url}/sandbox/{path}"
        async with session.post(url, json=body) as answer:
            return answer.status, await answer.json()


async def inside(sandbox: Sandbox, *names: str) -> tuple[str, str]:
    """Bring people into the first voice channel; return it and a second one."""
    guild = next(iter(sandbox.world.guilds.values()))
    lounge = next(each for each in guild.channels.values() if each.is_vocal)
    other = sandbox.world.add_channel(guild, "Cellar", "voice", [])
    for name in names:
        assert (await call(sandbox, f"voice/{lounge.id}/join", {"user": name}))[0] == 200
    return str(lounge.id), str(other.id)


async def test_a_moderator_drags_and_disconnects_people() -> None:
    async with Sandbox() as sandbox:
        lounge, cellar = await inside(sandbox, "ana")
        drag = {"user": "admin", "target": "ana", "to": cellar}
        assert await call(sandbox, f"voice/{lounge}/move", drag) == (200, {})
        state = next(iter(sandbox.world.guilds.values())).voice_states
        assert [str(each.channel.id) for each in state.values()] == [cellar]
        kick = {"user": "admin", "target": "ana"}
        assert await call(sandbox, f"voice/{cellar}/kick", kick) == (200, {})
        assert not state


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"user": "ben", "target": "ana"}, "ben may not move members in Lounge."),
        ({"user": "admin", "target": "ben"}, "ben is not in Lounge."),
        ({"user": "admin"}, "The body lacks target."),
    ],
)
async def test_who_may_not_is_refused_in_words(body: Any, words: str) -> None:
    async with Sandbox() as sandbox:
        lounge, _ = await inside(sandbox, "ana")
        assert await call(sandbox, f"voice/{lounge}/kick", body) == (400, {"error": words})


async def test_a_move_leads_to_a_voice_channel_and_a_gap_has_bounds() -> None:
    async with Sandbox() as sandbox:
        lounge, _ = await inside(sandbox, "ana")
        guild = next(iter(sandbox.world.guilds.values()))
        text = next(each for each in guild.channels.values() if not each.is_vocal)
        drag = {"user": "admin", "target": "ana", "to": str(text.id)}
        status, answer = await call(sandbox, f"voice/{lounge}/move", drag)
        assert (status, answer) == (
            400,
            {"error": "general is not a voice channel of this server."},
        )
        assert (await call(sandbox, f"voice/{lounge}/region", {"gap": 61}))[0] == 400
        assert (await call(sandbox, f"voice/{text.id}/region", {}))[0] == 400
