"""Compare the time that our client and the openai package spend on each chunk of an answer.

    python -m benchmarks.llm_client [--chunks 1500] [--rounds 5] [--json FILE]

A server in another process streams an answer on loopback, one chunk at a time so that each is
read alone, as tokens arrive ("paced"), or as fast as it can ("burst"). The clients take turns
within every round; the figures are this process's CPU time per chunk, the median of the rounds.
"own part" is what our decoding of the stream costs without the transport: events, JSON, hidden
thoughts.
"""

import asyncio
import json
import multiprocessing
import statistics
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from typing import Any

from aiohttp import web
from openai import AsyncOpenAI

from benchmarks.claims import Claim, parser, save
from services.core.types import ChatContext, ChatMessage
from services.llm.answer import AnswerReader
from services.llm.openai_compatible import OpenAICompatibleLLM
from services.llm.sse import SSEDecoder

PAUSE = 0.001
"""Between two chunks of the paced answer, seconds; 1000 tokens a second."""
CONTEXT = ChatContext((ChatMessage("user", "Hello"),), 5)
PACED, BURST = "paced", "burst"

Client = Callable[[str], Awaitable[int]]


def event(text: str, **choice: object) -> bytes:
    """Return one event as OpenAI sends it."""
    chunk = {
        "id": "chatcmpl-Bzv8Nn1fVYq0yqkJYq1q0yqkJYq1q",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": "gpt-4.1-mini-2025-04-14",
        "service_tier": "default",
        "system_fingerprint": "fp_6f2eabb9a5",
        "choices": [
            {
                "index": 0,
                "delta": {"content": text},
                "logprobs": None,
                "finish_reason": None,
                **choice,
            }
        ],
        "usage": None,
    }
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


END = event("", delta={}, finish_reason="stop") + b"data: [DONE]\n\n"


def serve(chunks: int, ready: Connection) -> None:
    """Stream `chunks` words to every request; the model's name chooses the pace."""

    async def answer(request: web.Request) -> web.StreamResponse:
        pause = PAUSE if (await request.json())["model"] == PACED else 0.0
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for number in range(chunks):
            await response.write(event(f" word{number}"))
            await asyncio.sleep(pause)
        await response.write(END)
        return response

    async def run() -> None:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ready.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(run())


async def own_chunks(llm: OpenAICompatibleLLM) -> int:
    """Read an answer with our client."""
    return sum([1 async for delta in llm.stream(CONTEXT) if delta.text])


async def typed_chunks(client: AsyncOpenAI, model: str) -> int:
    """Read an answer with the package's typed stream, as its documentation shows."""
    stream = await client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": "Hello"}], stream=True, max_tokens=9
    )
    return sum([1 async for chunk in stream if chunk.choices and chunk.choices[0].delta.content])


async def measure(url: str, rounds: int, chunks: int) -> dict[str, dict[str, float]]:
    """Return each pace's CPU time per chunk and client, seconds."""
    package = AsyncOpenAI(base_url=url, api_key="none", max_retries=0)
    result: dict[str, dict[str, float]] = {}
    for pace in (PACED, BURST):
        own = OpenAICompatibleLLM(base_url=url, api_key="", model=pace, max_tokens=9)
        readers: dict[str, Callable[[], Awaitable[int]]] = {
            "ours": lambda own=own: own_chunks(own),  # type: ignore[misc]
            "openai": lambda pace=pace: typed_chunks(package, pace),  # type: ignore[misc]
        }
        times: dict[str, list[float]] = {name: [] for name in readers}
        for turn in range(rounds + 1):
            for name, read in readers.items():
                began = time.process_time()
                count = await read()
                if count != chunks:
                    raise RuntimeError(f"{name} read {count} of {chunks} chunks")
                if turn:  # the first round opens connections and warms up
                    times[name].append((time.process_time() - began) / chunks)
        result[pace] = {name: statistics.median(values) for name, values in times.items()}
        await own.aclose()
    await package.close()
    return result


def own_part(chunks: int, rounds: int) -> float:
    """Return the CPU time of decoding one chunk that has arrived, seconds."""
    arrived = [event(f" word{number}") for number in range(chunks)]
    times = []
    for _ in range(rounds):
        decoder, answer = SSEDecoder(), AnswerReader(provider="p", thinks_first=False)
        began = time.process_time()
        for chunk in arrived:
            for payload in decoder.push(chunk):
                answer.push(payload)
        times.append((time.process_time() - began) / chunks)
    return statistics.median(times)


def show(result: dict[str, Any]) -> None:
    """Print the figures as a table."""
    print(f"{'µs CPU per chunk':20} {'ours':>8} {'openai':>8} {'ratio':>7}")
    for pace in (PACED, BURST):
        own, typed = result[pace]["ours"] * 1e6, result[pace]["openai"] * 1e6
        print(f"{pace:20} {own:8.1f} {typed:8.1f} {own / typed:7.2f}")
    print(f"{'own part':20} {result['own_part'] * 1e6:8.1f}")


def claims(result: dict[str, Any]) -> list[Claim]:
    """Return what performance.md claims."""
    against = [
        Claim(
            f"model client: CPU per chunk, {pace}",
            1e6 * result[pace]["ours"],
            "µs",
            competitor="openai package",
            theirs=1e6 * result[pace]["openai"],
        )
        for pace in (PACED, BURST)
    ]
    return [
        *against,
        Claim("model client: decoding of a chunk", 1e6 * result["own_part"], "µs", bar=10),
    ]


def main() -> None:
    """Measure and print."""
    options_parser = parser(__doc__)
    options_parser.add_argument("--chunks", type=int, default=1500)
    options_parser.add_argument("--rounds", type=int, default=5)
    options = options_parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    receiver, sender = spawn.Pipe(duplex=False)
    server = spawn.Process(target=serve, args=(options.chunks, sender), daemon=True)
    server.start()
    try:
        url = f"http://127.0.0.1:{receiver.recv()}/v1"
        result: dict[str, Any] = asyncio.run(measure(url, options.rounds, options.chunks))
    finally:
        server.terminate()
        server.join()
    result["own_part"] = own_part(options.chunks, options.rounds)
    show(result)
    save(options.json, claims(result), result)


if __name__ == "__main__":
    main()
