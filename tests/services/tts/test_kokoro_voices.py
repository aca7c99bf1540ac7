import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.tts.kokoro_voices import choose, leading, needed, parse, unknown_parts

KNOWN = ("af_heart", "af_sky", "bf_emma", "ff_siwis", "im_nicola")


@pytest.mark.parametrize(
    ("name", "blend"),
    [
        ("af_heart", (("af_heart", 1.0),)),
        ("AF_Heart*0.6+af_sky*0.4", (("af_heart", 0.6), ("af_sky", 0.4))),
        (" af_heart * 3 + af_sky ", (("af_heart", 0.75), ("af_sky", 0.25))),
        ("af_sky+af_sky", (("af_sky", 1.0),)),
        ("af_sky*.5+af_heart*1.5", (("af_sky", 0.25), ("af_heart", 0.75))),
    ],
)
def test_blends_are_read_and_their_shares_add_up(
    name: str, blend: tuple[tuple[str, float], ...]
) -> None:
    assert parse(name) == blend


@pytest.mark.parametrize(
    "name",
    ["", "+", "af_heart+", "af_heart*0", "af_heart*", "af_heart*.", "a*1e9", "a*-1", "../x", "a b"],
)
def test_what_is_no_blend_is_told_in_a_sentence(name: str) -> None:
    with pytest.raises(ValueError, match="is no voice and no blend"):
        parse(name)


def test_a_blend_has_a_bounded_number_of_voices() -> None:
    with pytest.raises(ValueError, match="at most 8"):
        parse("+".join(f"voice{number}" for number in range(9)))


@given(st.text(max_size=100))
def test_any_text_is_a_blend_or_a_value_error(name: str) -> None:
    try:
        blend = parse(name)
    except ValueError as error:
        assert "\n" not in str(error)
    else:
        assert math.isclose(sum(share for _, share in blend), 1.0)
        assert leading(blend) in dict(blend)


@pytest.mark.parametrize(
    ("wanted", "default", "language", "spoken"),
    [
        ("af_sky", "af_heart", "en", "af_sky"),
        ("af_sky*1+bf_emma*3", "af_heart", "en", "af_sky*1+bf_emma*3"),
        ("af_sky+nobody", "af_heart", "en", "af_heart"),
        ("not a name", "af_heart+af_sky", "en", "af_heart+af_sky"),
        ("", "af_heart", "en-gb", "bf_emma"),
        ("", "af_heart", "fr", "ff_siwis"),
        ("", "af_heart", "it", "im_nicola"),
        ("", "af_heart", "es", "af_heart"),
        ("af_sky", "af_heart", "fr", "af_sky"),
        ("", "nobody", "en", "af_heart"),
        ("", "nobody", "es", "af_heart"),
    ],
)
def test_the_nearest_voice_that_is_there_speaks(
    wanted: str, default: str, language: str, spoken: str
) -> None:
    assert choose(wanted, default=default, language=language, known=KNOWN) == parse(spoken)


def test_the_largest_share_leads() -> None:
    assert leading(parse("af_heart+bf_emma*2")) == "bf_emma"


def test_unknown_parts_are_named() -> None:
    assert unknown_parts("af_heart+x+y", KNOWN) == ["x", "y"]
    assert unknown_parts("what is this", KNOWN) == ["what is this"]


@pytest.mark.parametrize(
    ("name", "language", "voices"),
    [
        ("af_heart", "en", ["af_heart"]),
        ("bf_emma*2+af_sky", "en", ["bf_emma", "af_sky"]),
        ("af_heart", "fr", ["af_heart", "ff_siwis"]),
        ("ff_siwis", "fr", ["ff_siwis"]),
        ("af_heart", "de", ["af_heart"]),
    ],
)
def test_a_language_needs_a_voice_of_its_own(name: str, language: str, voices: list[str]) -> None:
    assert needed(name, language) == voices
