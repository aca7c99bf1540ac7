from collections.abc import AsyncGenerator, Sequence
from typing import Any
from unittest.mock import MagicMock

import discord
import pytest

from cogs.doctor import Doctor, Finding
from cogs.permissions import NEEDED
from services.core.errors import ProviderAuthError, ProviderConnectionError
from services.core.types import AudioChunk, ChatContext, ChatDelta, VoiceStyle
from services.preferences import GuildPreferences

FREE = GuildPreferences(free_channels=frozenset({7}))
ALOUD = GuildPreferences(read_chat_aloud=True)


class Model:
    def __init__(self, failure: Exception | None = None, *, note: str = "") -> None:
        self._failure = failure
        self._note = note

    async def stream(self, _context: ChatContext) -> AsyncGenerator[ChatDelta, None]:
        if self._failure:
            raise self._failure
        yield ChatDelta("Ready.")
        if self._note:
            yield ChatDelta(note=self._note)

    async def prewarm(self) -> None:
        pass

    async def aclose(self) -> None:
        pass


async def examined(
    *,
    reads: bool = True,
    choices: GuildPreferences = FREE,
    model: Model | None = None,
    permissions: discord.Permissions | None = None,
    better: str = "",
    engines: Sequence[tuple[str, Any]] = (),
) -> dict[str, Finding]:
    parts: Any = {"load_opus": lambda: "1.5", "better": lambda: better}
    doctor = Doctor(
        needed=NEEDED,
        reads_everything=lambda: reads,
        choices=lambda _: choices,
        llm=model or Model(),
        engines=engines,
        style=VoiceStyle(),
        **parts,
    )
    allowed = permissions or discord.Permissions.all()
    asked: Any = MagicMock(guild_id=5, app_permissions=allowed)
    return {each.name: each for each in await doctor.examine(asked)}


@pytest.mark.parametrize(
    ("reads", "choices", "healthy"),
    [
        (True, FREE, True),
        (False, GuildPreferences(), True),
        (False, FREE, False),
        (False, ALOUD, False),
    ],
)
async def test_a_missing_intent_is_a_fault_where_something_needs_it(
    reads: bool, choices: GuildPreferences, healthy: bool
) -> None:
    findings = await examined(reads=reads, choices=choices)
    assert findings["Messages"].healthy is healthy
    assert ("Message Content Intent" in str(findings["Messages"])) is not healthy
    assert findings["Permissions here"].healthy


async def test_what_the_bot_may_not_is_said_in_words() -> None:
    allowed = discord.Permissions.all()
    allowed.update(speak=False, add_reactions=False)
    found = (await examined(permissions=allowed))["Permissions here"]
    assert not found.healthy
    assert found.words == "I may not put ⏳ under a message that waits, speak in voice"


async def test_the_model_is_asked_a_word() -> None:
    assert (await examined())["Model"].healthy
    refused = ProviderAuthError("api.example.org answered 401", provider="model", status=401)
    found = (await examined(model=Model(refused)))["Model"]
    assert not found.healthy
    assert str(found).endswith(f"{refused.user_message} — api.example.org answered 401")
    found = (await examined(model=Model(note="answered by spare")))["Model"]
    assert not found.healthy
    assert "answered by spare" in str(found)


class Engine:
    """Fail as a server does whose gateway answers with a web page."""

    async def prewarm(self) -> None:
        pass

    async def synthesize(self, _text: str, _voice: VoiceStyle) -> AsyncGenerator[AudioChunk, None]:
        raise ProviderConnectionError("speech answered 502", said="<p>Bad\ngateway</p>" * 500)
        yield AudioChunk()


async def test_whatever_a_speech_server_says_the_findings_fit_into_a_message() -> None:
    nothing = discord.Permissions.none()
    engines = [(name, Engine()) for name in ("Kokoro", "speech server", "eSpeak NG")]
    found = await examined(permissions=nothing, engines=engines, reads=False, better="b" * 200)
    assert found["Voice: Kokoro"].words.startswith("speech answered 502: <p>Bad gateway</p>")
    assert len("\n".join(map(str, found.values()))) <= 2000


async def test_a_voice_that_could_be_better_is_a_hint_and_no_fault() -> None:
    hinted = await examined(better="Kokoro is not installed.")
    assert str(hinted["Better voice"]) == "💡 **Better voice**: Kokoro is not installed."
    assert "Better voice" not in await examined()
