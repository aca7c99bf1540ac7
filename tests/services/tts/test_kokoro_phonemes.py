# ruff: noqa: RUF001 - phonemes look like letters
import sys
from importlib.util import find_spec
from types import ModuleType

import hypothesis
import pytest
from hypothesis import strategies as st

from services.core.phonemes import with_phonemes
from services.tts import kokoro_phonemes
from services.tts.kokoro_phonemes import (
    MAX_PHONEMES,
    Phonemes,
    given,
    has_misaki,
    runs,
    tag,
    to_misaki,
)
from services.tts.worker_backend import RefusedError

needs_misaki = pytest.mark.skipif(not has_misaki(), reason="misaki is not installed")


@hypothesis.given(st.text(alphabet="ab ,.?", max_size=2000))
def test_runs_are_short_and_lose_nothing_but_space(phonemes: str) -> None:
    cut = list(runs(phonemes.strip()))

    assert all(0 < len(run) <= MAX_PHONEMES for run in cut)
    assert "".join(cut).replace(" ", "") == phonemes.replace(" ", "")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("word " * 60 + "end.", "more " * 60 + "end"),
        ("word " * 60 + "end,", "more " * 60 + "end"),
        ("word " * 101 + "word", "more"),
    ],
)
def test_a_long_text_is_cut_where_people_pause(first: str, second: str) -> None:
    assert list(runs(f"{first} {second}")) == [first, second]


def test_words_are_tagged_as_far_as_pronunciation_needs() -> None:
    words = "I want to use the record ( $ 5.20 ) , but A is by 1990s ."
    expected = "PRP VBP TO VB DT NN -LRB- $ CD -RRB- , XX DT VBP IN CD ."

    assert tag(words.split(" ")) == expected.split(" ")


def test_a_language_that_kokoro_does_not_speak_is_refused() -> None:
    with pytest.raises(RefusedError):
        Phonemes().of("Guten Tag", "de", "af_heart")


@pytest.mark.kokoro
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # misaki's own
@needs_misaki
@pytest.mark.parametrize(
    ("text", "phonemes"),
    [
        ("Hello there.", "həlˈO ðˈɛɹ."),
        ("I use it.", "ˌI jˈuz ɪt."),
        ("It is of no use.", "ɪt ɪz ʌv nˈO jˈus."),
        ("It costs $5.", "ɪt kˈɔsts fˈIv dˈɑləɹz."),
        ("17 apples", "sˌɛvəntˈin ˈæpᵊlz"),
        ("[read](/zzz/)", "ɹˈid"),
    ],
)
def test_english_is_pronounced_without_any_download(text: str, phonemes: str) -> None:
    said = Phonemes().of(text, "en", "af_heart")[0]

    assert phonemes in said


@pytest.mark.kokoro
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # misaki's own
@needs_misaki
def test_plain_english_follows_the_voice_and_other_languages_work() -> None:
    phonemes = Phonemes()

    assert phonemes.of("tomato", "en", "af_heart") != phonemes.of("tomato", "en", "bf_emma")
    assert phonemes.of("tomato", "en-gb", "af_heart") == phonemes.of("tomato", "en", "bf_emma")
    assert phonemes.of("Bonjour", "fr", "ff_siwis")[0].startswith("bɔ")


@pytest.mark.kokoro
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # misaki's own
@needs_misaki
def test_spacys_english_model_is_used_where_it_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import spacy

    loaded: list[str] = []

    def load(name: str, **_: object) -> object:
        loaded.append(name)
        return kokoro_phonemes._tagged(spacy.blank("en"))

    monkeypatch.setattr(spacy.util, "is_package", lambda name: name == "en_core_web_sm")
    monkeypatch.setattr(spacy, "load", load)

    assert "həlˈO ðˈɛɹ." in Phonemes().of("Hello there.", "en", "af_heart")[0]
    assert loaded == ["en_core_web_sm"]


@pytest.mark.kokoro
@needs_misaki
@pytest.mark.parametrize(
    ("language", "package", "text"),
    [("ja", "pyopenjtalk", "こんにちは"), ("zh", "ordered_set", "你好")],
)
def test_a_language_whose_pronunciation_is_not_installed_is_refused_in_words(
    language: str, package: str, text: str
) -> None:
    if find_spec(package):
        pytest.skip(f"{package} is installed")
    with pytest.raises(RefusedError, match=rf"needs the package misaki\[{language}\]"):
        Phonemes().of(text, language, "af_heart")


@pytest.mark.parametrize("broken", ["at once", "at a text"])
def test_a_pronunciation_that_does_not_work_costs_its_language_alone(
    monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """OpenJTalk raises this without its dictionary, eSpeak for a language that it lacks."""

    class JAG2P:
        def __init__(self) -> None:
            if broken == "at once":
                raise RuntimeError("Failed to initialize Mecab")

        def __call__(self, text: str) -> None:
            raise RuntimeError(text)

    module = ModuleType("misaki.ja")
    monkeypatch.setattr(module, "JAG2P", JAG2P, raising=False)
    monkeypatch.setitem(sys.modules, "misaki", ModuleType("misaki"))
    monkeypatch.setitem(sys.modules, "misaki.ja", module)
    with pytest.raises(RefusedError, match="the pronunciation of 'ja' does not work here"):
        Phonemes().of("こんにちは", "ja", "jf_alpha")


@pytest.mark.kokoro
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # misaki's own
@needs_misaki
@pytest.mark.parametrize(
    ("voice", "text", "phonemes"),
    [
        ("af_heart", "I use nginx.", "ˌI jˈuz ˈɛnʤɪnˌɛks."),
        ("bf_emma", "nginx, please", "ˈɛnʤɪnˌɛks, plˈiːz"),
        ("af_heart", "nginx and nginx", "ˈɛnʤɪnˌɛks ænd ˈɛnʤɪnˌɛks"),
    ],
)
def test_given_phonemes_are_said(voice: str, text: str, phonemes: str) -> None:
    marked = text.replace("nginx", with_phonemes("nginx", "ˈɛndʒɪnˌɛks"))
    assert Phonemes().of(marked, "en-gb" if voice[0] == "b" else "en", voice) == [phonemes]


@pytest.mark.parametrize(
    ("phonemes", "american", "british"),
    [
        ("ˈdeɪtə", "ˈdAtə", "ˈdAtə"),
        ("ɡoʊ", "ɡO", "ɡQ"),
        ("t͡ʃɑːrt", "ʧɑɹt", "ʧɑːɹt"),
        ("bɝːd", "bɜɹd", "bɜːd"),
    ],
)
def test_ipa_becomes_the_models_own_signs(phonemes: str, american: str, british: str) -> None:
    assert to_misaki(phonemes, british=False) == american
    assert to_misaki(phonemes, british=True) == british


def test_phonemes_are_handed_over_with_their_words() -> None:
    text = f"Use {with_phonemes('New York', 'nu')}, now"
    assert given(text, british=False) == (
        "Use New York, now",
        ["Use", "New York", ",", "now"],
        {1: "/nu"},
    )
