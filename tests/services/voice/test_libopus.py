import re

import discord
import pytest

from services.core.errors import VoiceError
from services.voice import libopus
from services.voice.libopus import load_opus


def test_libopus_is_found_and_named() -> None:
    assert re.fullmatch(r"\d\S*", load_opus())
    assert load_opus() == load_opus()


def test_without_libopus_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing() -> str:
        raise discord.opus.OpusNotLoaded

    monkeypatch.setattr(discord.opus.Encoder, "get_opus_version", missing)
    monkeypatch.setattr(libopus, "_bundled_libraries", lambda: iter(()))
    with pytest.raises(VoiceError, match="install"):
        load_opus()
