from typing import Any

import pytest

from services.tts.server_voices import KNOWN_VOICES, MAX_VOICES, ServerVoices


def names(voices: ServerVoices) -> list[str]:
    return [voice.name for voice in voices.offer().voices]


@pytest.mark.parametrize(
    "answer",
    [
        {"voices": ["b", "a"]},
        ["a", "b", "x" * 101],
        {"voices": [{"id": "a"}, {"name": "b"}, {"odd": 1}, 7]},
        [{"voice_id": "a"}, {"id": "b", "name": "B"}],
    ],
)
def test_a_server_s_list_is_read_in_its_usual_shapes(answer: Any) -> None:
    voices = ServerVoices()
    voices.learn(answer)
    assert names(voices) == ["a", "b"]
    assert voices.accepts("a")
    assert not voices.accepts("c")


@pytest.mark.parametrize("answer", [None, {}, {"voices": 3}, "x", [[]], 4])
def test_without_a_list_openai_s_names_are_offered_and_any_is_accepted(answer: Any) -> None:
    voices = ServerVoices()
    voices.learn(answer)
    assert names(voices) == list(KNOWN_VOICES)
    assert voices.accepts("my own")


def test_blends_of_listed_voices_are_accepted() -> None:
    voices = ServerVoices()
    voices.learn(["af_heart", "af_sky"])
    assert voices.accepts("af_heart(2)+af_sky(1)")
    assert voices.accepts("af_heart*0.6 + af_sky*0.4")
    assert not voices.accepts("af_heart+nobody")


def test_what_was_refused_is_remembered_within_bounds() -> None:
    voices = ServerVoices()
    for number in range(MAX_VOICES + 5):
        voices.refuse(f"v{number}")
    assert voices.refused("v0")
    assert not voices.accepts("v0")
    assert not voices.refused(f"v{MAX_VOICES}")


def test_a_list_without_end_is_cut() -> None:
    voices = ServerVoices()
    voices.learn([f"v{number}" for number in range(2 * MAX_VOICES)])
    assert len(names(voices)) == MAX_VOICES
