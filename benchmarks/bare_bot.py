"""The least bot that discord.py can be: what a start costs without any feature."""

import asyncio
import os

import aiohttp
import discord
from discord.ext import commands

INTENTS = discord.Intents(
    guilds=True,
    voice_states=True,
    guild_messages=True,
    dm_messages=True,
    guild_typing=True,
    dm_typing=True,
)
"""Ours."""


async def main() -> None:
    """Be online until ended."""
    connector = aiohttp.UnixConnector(os.environ["DISCORD_SOCKET"], limit=0)
    async with commands.Bot("!", intents=INTENTS, connector=connector) as bot:
        await bot.start(os.environ["DISCORD_TOKEN"])


if __name__ == "__main__":
    asyncio.run(main())
