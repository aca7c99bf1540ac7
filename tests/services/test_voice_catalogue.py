from typing import cast

import pytest

from services.core.errors import BotError
from services.core.protocols import SpeechEngine
from services.core.types import VoiceOffer, VoiceOption
from services.voice_catalogue import LONGEST, VoiceCatalogue


class FakeEngine:
    """Offers what it is given; accepts its voices, and any variant of them."""

    def __init__(self, *voices: VoiceOption, variants: tuple[str, ...] = ()) -> None:
        self._offer = VoiceOffer(voices, variants)

    def offer(self) -> VoiceOffer:
        return self._offer

    def accepts(self, voice: str) -> bool:
        name, _, variant = voice.partition("+")
        known = name in {each.name for each in self._offer.voices}
        return known and (not variant or variant in self._offer.variants)


ESPEAK = FakeEngine(
    VoiceOption("de", "de", "German"),
    VoiceOption("en-gb", "en-gb", "English (Great Britain)"),
    VoiceOption("en-us", "en-us", "English (America)"),
    VoiceOption("fr-fr", "fr-fr", "French (France)"),
    variants=("croak", "f1", "f3", "m3"),
)
KOKORO = FakeEngine(VoiceOption("af_heart", "en-us"), VoiceOption("bf_emma", "en-gb"))


def catalogue(*engines: FakeEngine) -> VoiceCatalogue:
    return VoiceCatalogue(cast("list[SpeechEngine]", engines))


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("", ["de", "en-gb", "en-us", "fr-fr"]),
        ("EN", ["en-gb", "en-us", "fr-fr"]),
        ("ger", ["de"]),
        ("en-us+f", ["en-us+f1", "en-us+f3"]),
        ("zz", []),
    ],
)
def test_voices_are_suggested_for_what_is_typed(typed: str, names: list[str]) -> None:
    assert [each.name for each in catalogue(ESPEAK).suggest_voices(typed, limit=25)] == names


def test_no_more_is_suggested_than_wanted() -> None:
    many = FakeEngine(*(VoiceOption(f"v{n}") for n in range(100)))
    assert len(catalogue(many).suggest_voices("v", limit=25)) == 25
    assert len(catalogue(ESPEAK).suggest_languages("", limit=2)) == 2


def test_a_voice_is_found_with_its_language() -> None:
    assert catalogue(ESPEAK).voice("DE").language == "de"
    assert catalogue(ESPEAK).voice("en-us+f3") == VoiceOption("en-us+f3", "en-us")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("af_hart", "I have no voice `af_hart`. Did you mean `af_heart`?"),
        ("`*`", "I have no voice `*`. `/voice list` shows them."),
    ],
)
def test_an_unknown_voice_is_refused_with_near_names(name: str, sentence: str) -> None:
    with pytest.raises(BotError) as caught:
        catalogue(KOKORO, ESPEAK).voice(name)
    assert caught.value.user_message == sentence


def test_languages_are_those_of_all_engines() -> None:
    found = catalogue(KOKORO, ESPEAK)
    assert found.language("German") == "de"
    assert found.language("en_US") == "en-us"
    assert found.language("french") == "fr-fr"
    assert [each.label for each in found.suggest_languages("en-u", limit=9)] == [
        "English (America)"
    ]
    with pytest.raises(BotError, match="Did you mean `fr-fr`"):
        found.language("frensh")


def test_where_no_language_is_known_any_tag_will_do() -> None:
    server = FakeEngine(VoiceOption("alloy"))
    assert catalogue(server).language("pt-BR") == "pt-br"
    with pytest.raises(BotError):
        catalogue(server).language("not a language")


def test_the_list_is_grouped_by_language() -> None:
    assert catalogue(ESPEAK).listing("").split("\n") == [
        "**de**: `de`",
        "**en**: `en-gb`, `en-us`",
        "**fr**: `fr-fr`",
        "Each of them with another speaker: add one, as in `de+f3`, `de+m3`.",
    ]
    assert catalogue(KOKORO).listing("en") == "**en**: `af_heart`, `bf_emma`"
    assert catalogue(ESPEAK).listing("French").startswith("**fr**: `fr-fr`\n")
    assert catalogue(KOKORO, ESPEAK).listing("english") == "**en**: `af_heart`, `bf_emma`"
    assert "no voice for that" in catalogue(KOKORO).listing("fi")


@pytest.mark.parametrize("languages", [1, 7, 400])
def test_the_longest_list_fits_a_message(languages: int) -> None:
    voices = (VoiceOption(f"a_long_voice_{n}", f"l{n % languages}") for n in range(400))
    listing = catalogue(FakeEngine(*voices)).listing("")
    assert len(listing) <= LONGEST
    assert listing.endswith(("…", "name a language to see them"))
