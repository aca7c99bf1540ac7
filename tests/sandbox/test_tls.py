from typing import cast

import aiohttp
import discord
import pytest

from sandbox.server import Sandbox
from tests.sandbox.guests import discord_py_guest, secure_connector
from tests.sandbox.probe import Control, Probe, running
from tests.sandbox.voice.harness import tolerate_poller, until
from tests.sandbox.voice.speakers import Ear, FastVoice, packets, play


async def test_nothing_but_the_named_authority_is_trusted(secure: Sandbox) -> None:
    with pytest.raises(aiohttp.ClientConnectorCertificateError):
        async with aiohttp.ClientSession() as session:
            await session.get(f"https://{secure.secure_address}/")
    async with (
        aiohttp.ClientSession(connector=secure_connector(secure)) as session,
        session.get("https://discord.com/api/v10/gateway") as answer,
    ):
        assert (await answer.json())["url"] == "wss://gateway.discord.gg"


async def test_two_bots_and_a_person_hear_each_other(
    secure: Sandbox, secure_control: Control
) -> None:
    control = secure_control
    lounge = await control.channel("Lounge")
    sizes: list[int] = []
    secure.bus.listeners.append(lambda event: sizes.append(len(event.get("user_ids", ()))))
    async with running(secure) as bot, discord_py_guest(secure) as guest:
        assert bot.user
        assert guest.user
        first = await enter(bot, lounge, discord.VoiceClient)
        await control.post(f"/voice/{lounge}/join", {"user": "ana"})
        second = await enter(guest, lounge, FastVoice)
        await until(lambda: 3 in sizes)
        assert (await control.get("/state"))["voice"][lounge] == ["bot", "ana", "Guest Bot"]
        at_bot, at_guest = Ear(first, guest.user.id), Ear(second, bot.user.id)
        since = await play(first, packets(0.2))
        await play(second, packets(0.1))
        await until(lambda: (len(at_guest.opus), len(at_bot.opus)) == (15, 10))
        assert at_guest.opus[:10] == packets(0.2)
        assert at_bot.opus[:5] == packets(0.1)
        heard = (await control.get(f"/voice/{lounge}/frames", since=since))["frames"]
        assert len(heard) == 25
        assert all(frame["decoded"] for frame in heard)
        assert all(frame["encrypted"] or frame["silence"] for frame in heard)
        await second.disconnect()
        await first.disconnect()
        assert await control.rules() == []


async def enter(probe: Probe, channel: str, cls: type[discord.VoiceClient]) -> discord.VoiceClient:
    place = cast("discord.VoiceChannel", probe.get_channel(int(channel)))
    voice = await place.connect(cls=cls, timeout=5.0, reconnect=False)
    tolerate_poller(voice)
    return voice
