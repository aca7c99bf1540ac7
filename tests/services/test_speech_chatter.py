# ruff: noqa: RUF001  (faces are made of letters of many scripts)
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.speech_text import SpeechText, speakable

CASES = [
    # gestures are not said
    ("*waves*", ""),
    ("*waves at you* Hello!", "Hello!"),
    ("Hello *smiles*", "Hello"),
    ("Well. *slowly nods* I see.", "Well. I see."),
    ("*coughs*\nYes.", "Yes."),
    ("*Waves and smiles, at last*\nYes.", "Yes."),
    ("_sighs_ fine", "fine"),
    ("*sigh* fine", "fine"),
    ("Sure. (chuckles softly) Go on.", "Sure. Go on."),
    ("[laughs] ok", "ok"),
    ("(laughter) Thank you.", "Thank you."),
    ("*winkt* Hallo! *lacht*", "Hallo!"),
    ("*sourit*", ""),
    # emphasis is
    ("this is *very* important", "this is very important"),
    ("*really* good", "really good"),
    ("She *smiles* at me.", "She smiles at me."),
    ("*Dances with Wolves* is a film", "Dances with Wolves is a film"),
    ("**laughs** and **waves**", "laughs and waves"),
    ("(see below) ok", "(see below) ok"),
    ("It (smiles are free for everybody here) is", "It (smiles are free for everybody here) is"),
    ("*wavestorm* is", "wavestorm is"),
    ("call f(laughs)", "call f(laughs)"),
    # laughter is said once, and alone where it says nothing else
    ("haha", "ha ha"),
    ("hahahahahaha yes", "ha ha yes"),
    ("Haha, that is funny", "Ha ha, that is funny"),
    ("ahahah", "ha ha"),
    ("hehehe", "he he"),
    ("jajaja", "ja ja"),
    ("hat, ha, hahn, Jojo", "hat, ha, hahn, Jojo"),
    ("lol", "ha ha"),
    ("LOL!!!", "ha ha"),
    ("loooool lmao", "ha ha"),
    ("lol that is good", "that is good"),
    ("that is good, lol.", "that is good."),
    ("good lmao. Really.", "good. Really."),
    ("I said lol, and left.", "I said lol, and left."),
    ("trololo and lollipop", "trololo and lollipop"),
    # faces are not
    ("xD", ""),
    ("that :3", "that"),
    ("hi :-D ok >:( no", "hi ok no"),
    ("T_T why o_O", "why"),
    ("uwu ok owo", "ok"),
    (r"¯\_(ツ)_/¯ who knows", "who knows"),
    ("(╯°□°)╯︵ ┻━┻ no", "no"),
    ("ok (•‿•) ʕ•ᴥ•ʔ (◕‿◕)! Yes", "ok! Yes"),
    ("no ( ͡° ͜ʖ ͡°), (ノಠ益ಠ)ノ彡 ಠ_ಠ", "no,"),
    ("(づ｡◕‿‿◕｡)づ hi ヽ(•‿•)ノ (⌐■_■) (^_^) (T_T) (>_<) (´・ω・`) bye", "hi bye"),
    ("(o) (5°) (°F, °C) (x, u) (^) f(x)", "(o) (five degrees) (°F, °C) (x, u) (^) f(x)"),
    ("Plan D: go. Grade D", "Plan D: go. Grade D"),
    # what is stretched is shortened
    ("noooooo!!!!", "nooo!"),
    ("sooooo yesssss", "sooo yesss"),
]


@pytest.mark.parametrize(("shown", "spoken"), CASES)
def test_chatter_is_said_as_people_would(shown: str, spoken: str) -> None:
    assert speakable(shown) == spoken


@pytest.mark.parametrize(("shown", "spoken"), CASES)
def test_a_stream_is_filtered_as_a_whole(shown: str, spoken: str) -> None:
    speech = SpeechText()
    letters = "".join(map(speech.push, shown)) + speech.flush()
    assert letters == speech.push(shown) + speech.flush()


@pytest.mark.parametrize(
    ("language", "shown", "spoken"),
    [("fr", "c'est bon mdr", "c'est bon"), ("en", "mdr", "mdr"), ("de", "lol, gut", "gut")],
)
def test_a_language_has_its_own_laughs(language: str, shown: str, spoken: str) -> None:
    assert speakable(shown, language=language) == spoken


@given(
    st.lists(
        st.sampled_from(
            [
                "*",
                "waves",
                " ",
                "(",
                ")",
                "_",
                "laughs",
                ".",
                "\n",
                "x",
                "ly ",
                "•",
                "ʕ",
                "ʔ",
                "ヽ",
                "^",
            ]
        )
    )
)
def test_how_gestures_come_never_changes_what_is_said(parts: list[str]) -> None:
    speech = SpeechText()
    pieces = "".join(map(speech.push, parts)) + speech.flush()
    text = "".join(parts)
    assert pieces == "".join(map(speech.push, text)) + speech.flush()
    assert pieces == speech.push(text) + speech.flush()
