"""Draw one spoken turn, its text and its sound: `python -m scripts.picture_speech`.

Writes docs/images/spoken-turn.svg from what a member of the sandbox's voice channel saw and heard.
"""

import asyncio
import io
import math
import sys
import time
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import takewhile
from pathlib import Path
from textwrap import wrap
from typing import Any

import aiohttp
import numpy as np
from numpy.typing import NDArray

from sandbox.control_client import ControlClient
from scripts.own_sandbox import running_sandbox

TARGET = Path("docs/images/spoken-turn.svg")
QUESTION = "who are you?"
QUIET = 1.5
"""Seconds without sound or edits after which the turn is over."""

WIDTH, HEIGHT, LEFT, RIGHT = 920, 540, 40, 880
TOP, BOTTOM = 290, 490
COLUMN = 1.4
"""Distance of two strokes of the waveform, pixels."""

LINE, MOST_LINES = 78, 4
"""Characters of a line of text, and lines for which there is room."""

SHADES = ("#ffffff", "#b5bac1", "#80848e")
"""Colours of the text: what came first, then, and last."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Hold what was seen and heard; times in seconds from the question.

    `versions` are the message's texts; `sound` begins at `sound_at`, `rate` samples a second.
    """

    versions: list[tuple[float, str]]
    first_sound: float
    sound_at: float
    sound: NDArray[np.int16]
    rate: int
    gaps: int

    @property
    def end(self) -> float:
        """Return when the last sound ended."""
        return self.sound_at + len(self.sound) / self.rate


async def play(url: str) -> Turn:
    """Ask in the sandbox at an address, and wait until all was written and said."""
    async with aiohttp.ClientSession() as session:
        control = ControlClient(url, session)
        state = await control.get("state")
        places = {each["name"]: each["id"] for each in state["guilds"][0]["channels"]}
        messages, voice = f"channels/{places['general']}/messages", f"voice/{places['Lounge']}"
        await control.post(f"{voice}/join", {"user": "ana"})
        command = {"user": "ana", "channel": places["general"], "name": "join", "options": {}}
        await control.post("commands", command)
        await asyncio.sleep(QUIET)
        content = f"<@{state['bot']['id']}> {QUESTION}"
        asked = await control.post(messages, {"user": "ana", "content": content})
        return await follow(control, asked, messages, voice)


async def follow(control: ControlClient, asked: Any, messages: str, voice: str) -> Turn:
    """Return the turn of a question when it is over."""
    began: float = asked["created"]
    while not (found := (await control.get(messages, after=asked["id"]))["messages"]):  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    beginning = found[0]["content"]
    last = time.monotonic()
    while time.monotonic() - last < QUIET:
        await asyncio.sleep(QUIET / 3)  # looking more often makes the sandbox late
        found = (await control.get(messages, after=asked["id"]))["messages"]
        heard = await control.get(f"{voice}/frames", since=began)
        frames = [frame["t"] for frame in heard["frames"] if not frame["silence"]]
        last = max(last, *(each["t"] for each in found[0]["edits"]), *frames)
    [answer] = found
    edits = [(each["t"] - began, each["content"]) for each in answer["edits"]]
    sound, rate = samples(await control.download(f"{voice}/recording.wav"))
    return Turn(
        versions=[(answer["created"] - began, beginning), *edits],
        first_sound=frames[0] - began,
        sound_at=(await control.get(f"{voice}/frames"))["frames"][0]["t"] - began,
        sound=sound,
        rate=rate,
        gaps=heard["gaps_over_40ms"],
    )


def samples(wav: bytes) -> tuple[NDArray[np.int16], int]:
    """Return the left channel of a WAV of 16 bits, and its samples a second."""
    with wave.open(io.BytesIO(wav)) as file:
        content = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        return content.reshape(-1, file.getnchannels())[:, 0], file.getframerate()


def draw(turn: Turn) -> str:
    """Return the picture as SVG."""
    written = turn.versions[-1][0]
    times = f"streamed text: first words after {turn.versions[0][0]:.2f} s, complete after"
    gaps = {0: "no gap", 1: "1 gap"}.get(turn.gaps, f"{turn.gaps} gaps")
    spoken = turn.end - turn.first_sound
    parts = [
        _text(LEFT, 44, "# general", size=15, colour="#80848e"),
        f'<rect x="{LEFT}" y="58" width="{RIGHT - LEFT}" height="1" fill="#3f4147"/>',
        *_head(98, "ana", "in the voice channel Lounge", "#eb459e"),
        _text(96, 112, f"@bot {QUESTION}", size=15, colour="#dbdee1"),
        *_head(168, "bot", f"{times} {written:.2f} s", "#5865f2"),
        *_answer(turn.versions),
        _text(
            LEFT,
            TOP - 14,
            f"What Ana hears, end-to-end encrypted: first sound {turn.first_sound:.2f} s after her "
            f"message, {gaps} in {spoken:.1f} s",
            size=15,
            colour="#dbdee1",
        ),
        f'<rect x="{LEFT}" y="{TOP}" width="{RIGHT - LEFT}" height="{BOTTOM - TOP}" rx="8" '
        'fill="#2b2d31"/>',
        *_waveform(turn),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="DejaVu Sans, Verdana, sans-serif" role="img" aria-label="One spoken turn: '
        'the message, the growing text and the waveform that was heard">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="14" fill="#313338"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _head(y: int, name: str, note: str, colour: str) -> Iterator[str]:
    yield f'<circle cx="62" cy="{y}" r="20" fill="{colour}"/>'
    yield _text(62, y + 6, name[0].upper(), size=16, colour="#fff", more='text-anchor="middle"')
    yield _text(96, y - 8, name, size=15, colour="#f2f3f5", more='font-weight="bold"')
    yield _text(137, y - 8, note, size=12, colour="#949ba4")


def _answer(versions: list[tuple[float, str]]) -> Iterator[str]:
    """Yield the lines of an answer, each word in the shade of the version that brought it."""
    whole = versions[-1][1]
    there = [_common(text, whole) for _, text in versions]
    bounds = (there[0], there[len(there) // 2])
    place = 0
    for number, line in enumerate(wrap(whole, LINE)[:MOST_LINES]):
        words = []
        for word in line.split():
            place = whole.index(word, place)
            shade = SHADES[sum(place >= bound for bound in bounds)]
            words.append(f'<tspan fill="{shade}">{escape(word)}</tspan>')
            place += len(word)
        yield f'<text x="96" y="{182 + 22 * number}" font-size="15">{" ".join(words)}</text>'


def _common(text: str, whole: str) -> int:
    """Return how many characters two texts have in common from their beginning."""
    return sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(text, whole, strict=False))
    )


def _waveform(turn: Turn) -> Iterator[str]:
    """Yield the strokes of the sound, the marks on them and the seconds below."""
    seconds = math.ceil(turn.end)
    scale = (RIGHT - LEFT) / seconds
    middle, half = (TOP + BOTTOM) / 2, (BOTTOM - TOP) / 2 - 10
    loudest = max(1, int(np.abs(turn.sound.astype(np.int32)).max(initial=0)))
    strokes = []
    for column in range(int(turn.end * scale / COLUMN)):
        start = round((column * COLUMN / scale - turn.sound_at) * turn.rate)
        part = turn.sound[max(0, start) : max(0, start + round(COLUMN / scale * turn.rate))]
        tall = half * int(np.abs(part.astype(np.int32)).max(initial=0)) / loudest
        if tall >= 0.1:
            x = LEFT + column * COLUMN
            strokes.append(f"M{x:.1f} {middle - tall:.1f}V{middle + tall:.1f}")
    yield f'<path d="{" ".join(strokes)}" stroke="#23a55a" stroke-width="1.3"/>'
    marks = [
        (turn.versions[0][0], "first words", "#ffffff", TOP + 18),
        (turn.first_sound, "first sound", "#23a55a", BOTTOM - 28),
        (turn.versions[-1][0], "text complete", "#5865f2", BOTTOM - 10),
    ]
    for at, words, colour, y in marks:
        x = LEFT + at * scale
        yield (
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{BOTTOM}" stroke="{colour}" '
            'stroke-width="1.2" stroke-dasharray="4 3"/>'
        )
        yield _text(x + 5, y, words, size=12, colour=colour)
    for second in range(seconds + 1):
        x = LEFT + second * scale
        yield _text(
            x, BOTTOM + 20, f"{second} s", size=12, colour="#949ba4", more='text-anchor="middle"'
        )


def _text(x: float, y: int, words: str, *, size: int, colour: str, more: str = "") -> str:
    return (
        f'<text x="{x:.1f}" y="{y}" font-size="{size}" fill="{colour}" {more}>'
        f"{escape(words)}</text>"
    )


def main() -> None:
    """Start a sandbox, play the turn in it and draw it."""
    with running_sandbox() as url:
        TARGET.write_text(draw(asyncio.run(play(url))), encoding="utf-8")
    sys.stdout.write(f"{TARGET}: {TARGET.stat().st_size / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()
