import asyncio
import os
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import asdict, fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import discord
import pytest
import pytest_asyncio
from annotated_types import Le
from discord import app_commands

from bot import assemble
from cogs.client import Client, edit_limits
from composition import answering, phrases, privacy, speaking, stores
from composition.profiles import open_profiles
from config import Settings
from services.background_model import BackgroundModel
from services.channel_pacer import ChannelPacers
from services.core.errors import ConfigurationError, ProviderConnectionError, ProviderRequestError
from services.core.files import replace_private
from services.core.protocols import LLM
from services.core.types import ChatContext, ChatMessage, HistoryEntry, ImagePart, Place
from services.facts import Fact
from services.llm.tokens import TokenCounter
from services.personal_data import PersonalStore
from services.preferences import UserPreferences
from services.summary_store import Summary
from services.trim_thresholds import Reached
from services.tts import espeak, kokoro, openai
from services.tts.cache import CachedTTS
from services.tts.phrases import Phrase
from tests.services.chat_fakes import ScriptedLLM
from tests.services.llm.scripted_server import Reply, refusal, scripted_server

SERVER = "http://127.0.0.1:9/v1"
ENTRY = {
    "role": "user",
    "text": "hi",
    "at": 1.0,
    "author_id": 7,
    "author": "ana",
    "message_ids": (1,),
    "about": (),
    "guild_id": 0,
}


@pytest.fixture
def chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    monkeypatch.setattr("services.tts.kokoro_files.find_spec", lambda name: name)

    def chosen(**settings: object) -> list[str]:
        made = Settings(KOKORO_MODEL_DIR=tmp_path, **settings)  # type: ignore[arg-type]
        return [name for name, _ in speaking.speech_engines(made)]

    return chosen


def put_models(folder: Path) -> None:
    for name in ("kokoro-v1.0.onnx", "voices-v1.0.bin"):
        (folder / name).touch()


def test_the_best_engine_that_can_speak_comes_first(
    chosen: Callable[..., list[str]], tmp_path: Path
) -> None:
    assert chosen() == ["eSpeak NG"]
    assert chosen(TTS_BASE_URL=SERVER) == ["speech server", "eSpeak NG"]
    put_models(tmp_path)
    assert chosen() == ["Kokoro", "eSpeak NG"]
    assert chosen(TTS_BASE_URL=SERVER) == ["Kokoro", "speech server", "eSpeak NG"]
    assert chosen(TTS_LANGUAGE="de") == ["eSpeak NG"]


def test_an_engine_can_be_asked_for_by_name(
    chosen: Callable[..., list[str]], tmp_path: Path
) -> None:
    assert chosen(TTS_ENGINE="kokoro", TTS_BASE_URL=SERVER) == ["Kokoro", "eSpeak NG"]
    put_models(tmp_path)
    assert chosen(TTS_ENGINE="espeak", TTS_BASE_URL=SERVER) == ["eSpeak NG"]
    assert chosen(TTS_ENGINE="openai", TTS_BASE_URL=SERVER) == ["speech server", "eSpeak NG"]


def test_every_engine_says_the_longest_piece_that_may_be_set() -> None:
    bounds = Settings.model_fields["TTS_SENTENCE_MAX_LENGTH"].metadata
    (longest,) = [bound.le for bound in bounds if isinstance(bound, Le)]
    assert longest <= min(each.MAX_CHARACTERS for each in (espeak, kokoro, openai))


def nobody(_user_id: int) -> bool:
    return False


@pytest.mark.parametrize(("enabled", "kept_by"), [(True, ["speech server"]), (False, [])])
async def test_what_slow_engines_say_is_kept_or_not(enabled: bool, kept_by: list[str]) -> None:
    made = Settings(TTS_BASE_URL=SERVER, TTS_ENGINE="openai", TTS_CACHE_ENABLED=enabled)
    engines = speaking.speech_engines(made)
    cache = await phrases.phrase_cache(made, private=nobody)
    around = await asyncio.to_thread(phrases.with_cache, made, engines, cache, speaking.new_encoder)
    assert [name for name, _ in around] == ["speech server", "eSpeak NG"]
    assert [name for name, engine in around if isinstance(engine, CachedTTS)] == kept_by
    for _, engine in around:
        await engine.aclose()


@pytest.mark.parametrize(
    "change",
    [
        {"TTS_BASE_URL": f"{SERVER}/2"},
        {"TTS_MODEL": "kokoro"},
        {"TTS_VOICE": "nova"},
        {"TTS_SAMPLE_RATE": 48_000},
    ],
)
async def test_a_speech_server_set_up_otherwise_says_nothing_that_was_kept_before(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    before: dict[str, Any] = {"TTS_BASE_URL": SERVER, "TTS_ENGINE": "openai"}
    before["KOKORO_MODEL_DIR"] = tmp_path
    names = []
    for made in (Settings(**before), Settings(**{**before, **change})):
        cache, engines = (
            await phrases.phrase_cache(made, private=nobody),
            speaking.speech_engines(made),
        )
        (_, server), *_ = await asyncio.to_thread(
            phrases.with_cache, made, engines, cache, speaking.new_encoder
        )
        assert isinstance(server, CachedTTS)
        names.append(server._identity)
        await server.aclose()
    assert names[0] != names[1]


@pytest.mark.parametrize(("megabytes", "kept"), [(1, 1), (3, 2)])
async def test_phrases_are_kept_up_to_so_many_megabytes(megabytes: int, kept: int) -> None:
    cache = await phrases.phrase_cache(Settings(TTS_CACHE_SIZE_MB=megabytes), private=nobody)
    for key in (b"1", b"2"):
        await cache.keep(key, Phrase.of([bytes(60_000)] * 16, {1}))
    assert cache.statistics().entries == kept


@pytest.mark.parametrize("disk", [True, False])
async def test_phrases_are_kept_on_the_disk_where_that_is_set(tmp_path: Path, disk: bool) -> None:
    made = Settings(TEMP_DIR=tmp_path, TTS_CACHE_DISK=disk)
    await (await phrases.phrase_cache(made, private=nobody)).keep(b"1", Phrase.of([b"sound"], {1}))
    again = await phrases.phrase_cache(made, private=nobody)
    assert again.has(b"1") is disk


async def test_phrases_go_from_the_disk_where_they_are_no_longer_wanted(tmp_path: Path) -> None:
    made = Settings(TEMP_DIR=tmp_path, TTS_CACHE_DISK=True)
    await (await phrases.phrase_cache(made, private=nobody)).keep(b"1", Phrase.of([b"sound"], {1}))
    await phrases.phrase_cache(Settings(TEMP_DIR=tmp_path, TTS_CACHE_DISK=False), private=nobody)
    assert not (await phrases.phrase_cache(made, private=nobody)).has(b"1")


async def no_image(_url: str) -> bytes:
    raise FileNotFoundError


async def ask(**settings: Any) -> str:
    """Return the answer of the model that these settings describe, and its notes."""
    made = Settings(**{"LLM_RETRIES": 0, **settings})
    llm = answering.language_model(made, TokenCounter(), fetch_image=no_image)
    context = ChatContext((ChatMessage("user", "hello"),), tokens=10)
    try:
        async with aclosing(llm.stream(context)) as deltas:
            return "".join([delta.text + delta.note async for delta in deltas])
    finally:
        await llm.aclose()


async def test_a_second_model_on_the_same_server_has_its_address_key_and_options() -> None:
    async with scripted_server(refusal(500, {})) as server:
        told = await ask(
            OPENAI_BASE_URL=server.url,
            OPENAI_API_KEY="first",
            LLM_MODEL="m1",
            LLM_FALLBACK_MODEL="m2",
            LLM_TEMPERATURE=0.5,
            LLM_EXTRA_BODY='{"top_k": 3}',
        )
    assert told == "Helloanswered by m2"
    assert [body["model"] for body in server.bodies] == ["m1", "m2"]
    assert {(body["top_k"], body["temperature"]) for body in server.bodies} == {(3, 0.5)}
    assert {headers["Authorization"] for headers in server.headers} == {"Bearer first"}


@pytest.mark.parametrize("key", ["", "second"])
async def test_a_second_server_gets_neither_key_nor_options_of_the_first(key: str) -> None:
    async with scripted_server(Reply([30.0])) as one, scripted_server() as two:
        told = await ask(
            OPENAI_BASE_URL=one.url,
            OPENAI_API_KEY="first",
            LLM_MODEL="m1",
            LLM_FIRST_TOKEN_TIMEOUT=0.4,  # of which the first model has a quarter
            LLM_FALLBACK_BASE_URL=two.url,
            LLM_FALLBACK_API_KEY=key,
            LLM_EXTRA_BODY='{"top_k": 3}',
        )
    assert told == "Helloanswered by m1"
    assert two.headers[0].get("Authorization") == (f"Bearer {key}" if key else None)
    assert "top_k" not in two.bodies[0]


@pytest.mark.parametrize(("retries", "asked"), [(0, 1), (2, 3)])
async def test_a_failure_is_tried_again_as_often_as_set(
    retries: int, asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.llm.openai_compatible.FIRST_PAUSE", 0.001)
    async with scripted_server(*[refusal(500, {})] * 3) as server:
        with pytest.raises(ProviderConnectionError):
            await ask(OPENAI_BASE_URL=server.url, LLM_RETRIES=retries)
    assert len(server.bodies) == asked


@pytest.mark.parametrize(("places", "at_once"), [(1, 1), (32, 3), (200, 120)])
async def test_as_many_answers_as_set_are_written_at_once(places: int, at_once: int) -> None:
    count = max(3, at_once)
    async with scripted_server(*[Reply([9.0])] * count) as server:
        made = Settings(OPENAI_BASE_URL=server.url, LLM_MAX_CONCURRENT=places)
        llm = answering.language_model(made, TokenCounter(), fetch_image=no_image)
        asked = [asyncio.create_task(first_delta(llm, str(n))) for n in range(count)]
        async with asyncio.timeout(5):
            while len(server.bodies) < at_once:
                server.asked.clear()
                await server.asked.wait()
        await asyncio.sleep(0.03)  # time for one too many
        assert len(server.bodies) == at_once
        for task in asked:
            task.cancel()
        await asyncio.wait(asked)
        await llm.aclose()


async def first_delta(llm: LLM, text: str) -> None:
    context = ChatContext((ChatMessage("user", text),), tokens=10)
    async with aclosing(llm.stream(context)) as deltas:
        await anext(deltas)


@pytest.mark.parametrize(("vision", "told"), [("auto", "Hello"), ("on", "refused")])
async def test_images_are_insisted_on_or_not(vision: str, told: str) -> None:
    async def image(_url: str) -> bytes:
        return b"GIF89a"

    async with scripted_server(refusal(400, {"error": "no image input here"})) as server:
        made = Settings(OPENAI_BASE_URL=server.url, LLM_VISION=vision)  # type: ignore[arg-type]
        llm = answering.language_model(made, TokenCounter(), fetch_image=image)
        context = ChatContext((ChatMessage("user", "x", (ImagePart("u"),)),), tokens=10)
        answer = ""
        try:
            async with aclosing(llm.stream(context)) as deltas:
                async for delta in deltas:
                    answer += delta.text
        except ProviderRequestError:
            answer = "refused"
        finally:
            await llm.aclose()
    assert answer == told
    assert isinstance(server.bodies[0]["messages"][0]["content"], list)


@pytest_asyncio.fixture
async def tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[app_commands.CommandTree[Client]]:
    """Build the whole bot, without a Discord."""
    monkeypatch.setattr("bot.prepare", AsyncMock())
    settings = Settings(TEMP_DIR=tmp_path / "temp", HISTORY_DIR=tmp_path / "history")
    pacers = ChannelPacers()
    async with AsyncExitStack() as stack:
        client = Client(socket="", trace=edit_limits(pacers))
        await assemble(settings, client, pacers, stack)
        yield client.tree


def usage(command: app_commands.Command[Any, ..., Any]) -> str:
    """Return a command as the README writes it: required options plain or by their few choices."""
    words = ["/" + command.qualified_name]
    for option in command.parameters:
        choices = [str(choice.value) for choice in option.choices]
        shown = "\\|".join(choices) if 0 < len(choices) < 6 else option.display_name
        words.append(shown if option.required else f"[{option.display_name}]")
    return " ".join(words)


async def test_the_readme_lists_the_commands_that_there_are(
    tree: app_commands.CommandTree[Client],
) -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text()
    cells = re.findall(r"^\| (`/.+?) \|", readme, flags=re.MULTILINE)
    listed = [name for cell in cells for name in re.findall(r"`(/.+?)`", cell)]
    commands = [each for each in tree.walk_commands() if isinstance(each, app_commands.Command)]
    assert sorted(listed) == sorted(map(usage, commands))
    for menu in tree.walk_commands(type=discord.AppCommandType.message):
        assert f"Apps → {menu.name}" in readme


async def test_every_command_is_short_enough_for_discord(
    tree: app_commands.CommandTree[Client],
) -> None:
    for command in tree.walk_commands():
        assert 0 < len(command.description) <= 100
        assert "\n" not in command.description


async def test_nothing_is_left_of_what_a_crash_left_half_written(tmp_path: Path) -> None:
    made = Settings(HISTORY_DIR=tmp_path / "history", TEMP_DIR=tmp_path / "temp")
    places = (
        "history/profiles/7.json",
        "history/summaries/channel-1.json",
        "temp/phrases/1.phrase",
    )
    for place in places:
        await asyncio.to_thread(replace_private, tmp_path / place, b"her words")
        await asyncio.to_thread((tmp_path / place).rename, tmp_path / f"{place}.part")
    async with AsyncExitStack() as stack:
        client = Client(socket="", trace=edit_limits(ChannelPacers()))
        await stores.open_stores(made, client, stack)
        left = await asyncio.to_thread(lambda: list(tmp_path.rglob("*.part")))
        assert left == []


async def test_a_bot_that_could_keep_nothing_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.touch()
    client: Any = None
    for folder in (file, file / "history"):
        async with AsyncExitStack() as stack:
            with pytest.raises(ConfigurationError, match=r"HISTORY_DIR: .*file.* \((File|Not)"):
                await stores.open_stores(Settings(HISTORY_DIR=folder), client, stack)
    monkeypatch.setattr("os.access", lambda _path, mode: not mode & os.W_OK)
    async with AsyncExitStack() as stack:
        with pytest.raises(ConfigurationError, match=r"HISTORY_DIR: .* \(Permission denied\)"):
            await stores.open_stores(Settings(HISTORY_DIR=tmp_path), client, stack)


async def test_every_store_is_open_to_those_of_whom_it_keeps_something(tmp_path: Path) -> None:
    made = Settings(HISTORY_DIR=tmp_path / "history", TEMP_DIR=tmp_path / "temp")
    async with AsyncExitStack() as stack:
        client = Client(socket="", trace=edit_limits(ChannelPacers()))
        kept = await stores.open_stores(made, client, stack)
        model = BackgroundModel(ScriptedLLM([]), count=len, limits=answering.limits(made, kept))
        people = open_profiles(made, client, kept, model, stack)
        found = privacy.personal_stores(made, kept, people)
        names = {each.name for each in found}
        assert names | privacy.IMPERSONAL == {each.name for each in fields(stores.Stores)}
        assert not names & privacy.IMPERSONAL
        await kept.history.append("channel-1", [HistoryEntry("user", "hi", 1.0, 7, "ana", (1,))])
        await kept.users.change(7, lambda now: replace(now, voice="x", opted_out=True))
        await kept.guilds.change(5, lambda now: replace(now, denied_users=frozenset({7})))
        kept.budget.spend("tokens of user 7", 12)
        summed_up = Summary("Ana said hi.", Reached(1.0, "user", 1), frozenset({7}))
        await kept.summaries.put(
            "channel-1", summed_up, version=kept.summaries.version("channel-1")
        )
        fact = Fact("pet", "Has a cat.", Place(1, None), 1, 1.0, (1,))
        await kept.profiles.change(7, lambda _: (fact,))
        await kept.phrases.keep(b"1", Phrase.of([b"sound"], {7}))
        exported = {each.name: await each.export(7) for each in found}
        assert exported == {
            "history": [{"conversation": "channel-1", **ENTRY}],
            "summaries": [{"conversation": "channel-1"}],
            "profiles": [asdict(fact)],
            "phrases": [{"seconds": 0.02}],
            "users": [{"voice": "x"}, {"opted_out": True}],
            "guilds": [{"guild_id": 5, "list": "denied"}],
            "budget": [{"what": "tokens of user 7", "used": 12}],
        }
        assert [await each.forget(7) for each in found if each.forget] == [1, 1, 1, 1, 1]
        assert kept.users.get(7) == UserPreferences(opted_out=True)
        assert [await each.forget(7) for each in found if each.forget] == [0, 0, 0, 0, 0]


async def stores_of_people(
    folder: Path, stack: AsyncExitStack, **more: Any
) -> dict[str, PersonalStore]:
    """Return the places where something about people is kept, `more` in the place of some."""
    made = Settings(HISTORY_DIR=folder / "history", TEMP_DIR=folder / "temp")
    client = Client(socket="", trace=edit_limits(ChannelPacers()))
    kept = replace(await stores.open_stores(made, client, stack), **more)
    model = BackgroundModel(ScriptedLLM([]), count=len, limits=answering.limits(made, kept))
    people = open_profiles(made, client, kept, model, stack)
    return {each.name: each for each in privacy.personal_stores(made, kept, people)}


async def test_choices_that_could_not_be_read_go_with_their_person(tmp_path: Path) -> None:
    chosen = tmp_path / "history" / "preferences" / "users" / "7.json"
    await asyncio.to_thread(replace_private, chosen, b"damaged: her voice")
    async with AsyncExitStack() as stack:
        people = await stores_of_people(tmp_path, stack)
        forget = people["users"].forget
        assert forget is not None
        assert await forget(7) == 0
        left = await asyncio.to_thread(lambda: [each.name for each in chosen.parent.iterdir()])
        assert left == ["7.json"]
        assert await people["users"].export(7) == [{"opted_out": True}]


async def test_a_long_export_lets_others_have_their_turn(tmp_path: Path) -> None:
    turns = 0

    async def entries_of(_: int) -> AsyncGenerator[tuple[str, HistoryEntry], None]:
        for number in range(2000):
            yield "channel-1", HistoryEntry("user", "hi", 1.0, 7, "ana", (number,))

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with AsyncExitStack() as stack:
        history = SimpleNamespace(entries_of=entries_of, forget_author=None)
        people = await stores_of_people(tmp_path, stack, history=history)
        at_once = asyncio.create_task(others())
        assert len(await people["history"].export(7)) == 2000
        at_once.cancel()
        assert turns >= 9


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ({}, "until others take their place"),
        ({"TTS_CACHE_DISK": True}, "until others take their place, on the disk 30 h at most"),
        (
            {"TTS_CACHE_DISK": True, "MEMORY_CLEANUP_ENABLED": False},
            "until others take their place",
        ),
    ],
)
async def test_how_long_phrases_stay_is_told_as_it_is(
    tmp_path: Path, chosen: dict[str, bool], told: str
) -> None:
    made = Settings(
        HISTORY_DIR=tmp_path / "history",
        TEMP_DIR=tmp_path / "temp",
        **chosen,  # type: ignore[arg-type]
    )
    async with AsyncExitStack() as stack:
        client = Client(socket="", trace=edit_limits(ChannelPacers()))
        kept = await stores.open_stores(made, client, stack)
        model = BackgroundModel(ScriptedLLM([]), count=len, limits=answering.limits(made, kept))
        found = privacy.personal_stores(made, kept, open_profiles(made, client, kept, model, stack))
        assert [each.how_long for each in found if each.name == "phrases"] == [told]


@pytest.mark.parametrize("enabled", [True, False])
async def test_people_are_remembered_where_the_bot_may_and_they_want_it(
    tmp_path: Path, enabled: bool
) -> None:
    made = Settings(HISTORY_DIR=tmp_path / "history", MEMORY_OF_PEOPLE_ENABLED=enabled)
    async with AsyncExitStack() as stack:
        client = Client(socket="", trace=edit_limits(ChannelPacers()))
        kept = await stores.open_stores(made, client, stack)
        model = BackgroundModel(ScriptedLLM([]), count=len, limits=answering.limits(made, kept))
        people = open_profiles(made, client, kept, model, stack)
        assert people.may_remember(7) == enabled
        await kept.users.change(7, lambda now: replace(now, remember=False))
        await kept.users.change(8, lambda now: replace(now, opted_out=True))
        assert not people.may_remember(7)
        assert not people.may_remember(8)


def test_who_else_reads_is_named_once() -> None:
    made = Settings(OPENAI_BASE_URL=SERVER, TTS_BASE_URL=SERVER)
    assert privacy.readers(made) == ["`127.0.0.1`"]
