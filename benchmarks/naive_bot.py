"""A voice bot as most are written, for comparison.

Every stage waits for the whole of the one before. The model's answer is read to its end and posted;
then its whole text becomes sound in one request, the sound a temporary file, and the file is played
with discord.py's own player. Write "join" or "stop" to it.
"""

import asyncio
import os
import tempfile
from pathlib import Path

import aiohttp
import discord
import numpy as np
import openai
from discord.ext import commands

from services.voice.libopus import load_opus


class NaiveBot(commands.Bot):
    """Answer every message that mentions the bot."""

    def __init__(self, socket: str) -> None:
        intents = discord.Intents.default()
        intents.message_content = True
        connector = aiohttp.UnixConnector(socket, limit=0)
        super().__init__(commands.when_mentioned, intents=intents, connector=connector)
        self.openai = openai.AsyncOpenAI()

    async def on_message(self, message: discord.Message) -> None:
        """Join, stop, or answer."""
        if message.author.bot or message.guild is None:
            return
        words = message.clean_content.split()
        voice = message.guild.voice_client
        if "join" in words and isinstance(message.author, discord.Member) and message.author.voice:
            if message.author.voice.channel:
                await message.author.voice.channel.connect()
        elif "stop" in words and isinstance(voice, discord.VoiceClient):
            voice.stop()
        else:
            await self.answer(message)

    async def answer(self, message: discord.Message) -> None:
        """Think, then write, then speak."""
        async with message.channel.typing():
            text = await self.think(message.clean_content)
        await message.reply(text)
        voice = message.guild.voice_client if message.guild else None
        if isinstance(voice, discord.VoiceClient):
            path = await self.speech_file(text)
            source = discord.PCMAudio(path.open("rb"))
            voice.play(source, after=lambda _: path.unlink())

    async def think(self, question: str) -> str:
        """Return the model's whole answer."""
        stream = await self.openai.chat.completions.create(
            model="sandbox-talker", messages=[{"role": "user", "content": question}], stream=True
        )
        return "".join(
            [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
        )

    async def speech_file(self, text: str) -> Path:
        """Return a file of the whole text's sound, 48 kHz stereo."""
        response = await self.openai.audio.speech.create(
            model="tts-1", voice="alloy", input=text, response_format="pcm"
        )
        return await asyncio.to_thread(write_sound, response.content)


def write_sound(pcm: bytes) -> Path:
    """Write 24 kHz mono as 48 kHz stereo."""
    descriptor, name = tempfile.mkstemp(suffix=".pcm")
    with os.fdopen(descriptor, "wb") as file:
        file.write(np.repeat(np.frombuffer(pcm, np.int16), 4).tobytes())
    return Path(name)


async def main() -> None:
    """Run until ended."""
    load_opus()
    async with NaiveBot(os.environ["DISCORD_SOCKET"]) as bot:
        await bot.start(os.environ["DISCORD_TOKEN"])


if __name__ == "__main__":
    asyncio.run(main())
