from types import SimpleNamespace
from typing import Any, cast

import pytest

from services.core.errors import BotError
from services.core.protocols import SpeechEngine
from services.core.types import VoiceOffer, VoiceOption
from services.persona import Persona
from services.persona_draft import EMPTY, NO_NUMBER, PersonaDraft
from services.voice_catalogue import VoiceCatalogue

VOICES = (VoiceOption("de", "de", "German"), VoiceOption("nova"))
ENGINE = SimpleNamespace(offer=lambda: VoiceOffer(VOICES), accepts=lambda name: name == "de")
CATALOGUE = VoiceCatalogue([cast("SpeechEngine", ENGINE)])
BEFORE = Persona(name="Owl", prompt="Hoot.", voice="nova", language="de", temperature=0.5)


def draft(**written: str) -> PersonaDraft:
    empty = {"voice": "", "language": "", "temperature": "", "greeting": ""}
    return PersonaDraft(**{"prompt": "Hoot.", **empty, **written})


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ({}, {}),
        ({"prompt": "  You.  ", "greeting": " Hi "}, {"prompt": "You.", "greeting": "Hi"}),
        ({"temperature": " 1,25 "}, {"temperature": 1.25}),
        ({"voice": "NOVA"}, {"voice": "nova"}),
        ({"voice": "de"}, {"voice": "de", "language": "de"}),
        ({"voice": "nova", "language": "german"}, {"voice": "nova", "language": "de"}),
    ],
)
def test_what_was_written_makes_the_persona(written: dict[str, str], made: dict[str, Any]) -> None:
    persona, problems = draft(**written).made_of(BEFORE, CATALOGUE)
    assert persona == Persona(**{"name": "Owl", "prompt": "Hoot.", **made})
    assert problems == []


@pytest.mark.parametrize("number", ["warm", "3", "-1", "nan", "inf"])
def test_what_is_no_good_stays_as_it_was_and_is_told(number: str) -> None:
    written = draft(prompt="New.", voice="nowa", language="klingon", temperature=number)
    persona, problems = written.made_of(BEFORE, CATALOGUE)
    assert persona == Persona(
        name="Owl", prompt="New.", voice="nova", language="de", temperature=0.5
    )
    assert len(problems) == 3
    assert "Did you mean `nova`?" in problems[0]
    assert "klingon" in problems[1]
    assert problems[2] == NO_NUMBER


@pytest.mark.parametrize(
    ("written", "words"), [({"prompt": " "}, EMPTY), ({"greeting": "x" * 301}, "greeting: ")]
)
def test_without_a_prompt_or_beyond_a_bound_nothing_is_made(
    written: dict[str, str], words: str
) -> None:
    with pytest.raises(BotError) as refusal:
        draft(**written).made_of(BEFORE, CATALOGUE)
    assert words in refusal.value.user_message
