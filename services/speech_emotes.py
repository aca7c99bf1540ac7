# ruff: noqa: RUF001  (faces are made of letters of many scripts)
"""Gestures that people and models write between their words: *waves*, (laughs), [sighs], (•‿•).

Emphasis is written with the same signs. So only known verbs count, and only where a sentence may
begin or a line ends: in "she *smiles* at me" the verb is said.
"""

import re
from typing import Final

from services.sentence_boundary import NEWLINES
from services.speech_marks import Kind, Mark

_DONE: Final = (
    "waves|smiles|laughs|giggles|chuckles|grins|smirks|beams|nods|shrugs|sighs|winks|blinks|blushes|"
    "bows|claps|cheers|cries|sobs|sniffs|sniffles|gasps|gulps|coughs|yawns|stretches|hugs|pats|pokes|"
    "dances|jumps|hops|spins|twirls|whispers|mumbles|mutters|frowns|pouts|snorts|groans|growls|purrs|"
    "shivers|trembles|stares|gazes|glances|leans|tilts|clears|rolls|facepalms|looks|thinks|pauses|"
    "scratches|raises|crosses|squeals|screams|"
    "winkt|lächelt|lacht|kichert|grinst|nickt|seufzt|zwinkert|weint|hustet|gähnt|umarmt|klatscht|tanzt|"
    "verbeugt|schmunzelt|errötet|flüstert|räuspert|"
    "sourit|rit|soupire|hausse|rougit|applaudit|bâille|tousse|pleure|chuchote|salue|"
    "sonríe|ríe|suspira|asiente|guiña|llora|saluda|aplaude|bosteza|tose|susurra|abraza|"
    "sorride|ride|sospira|annuisce|arrossisce|saluta|sbadiglia|tossisce|piange|sussurra|abbraccia|"
    "sorri|ri|acena|pisca|chora|abraça|boceja|tosse|"
    "glimlacht|zucht|knikt|knipoogt|zwaait|giechelt|bloost|geeuwt|hoest|fluistert|knuffelt"
)
_SOUND: Final = (
    "sigh|laugh|giggle|chuckle|grin|nod|shrug|wink|blush|bow|clap|cough|yawn|hug|pat|poke|facepalm|"
    "wave|gasp|sob|laughter|applause|pause"
)
_CLOSING: Final = {"*": "*", "_": "_", "(": ")", "[": "]"}
_LONGEST: Final = {"*": 60, "_": 60, "(": 20, "[": 20}
"""Characters that may follow the verb; what is in brackets is more often a remark."""


def _begun(sign: str) -> str:
    more = rf"[ ,][^{re.escape(_CLOSING[sign])}{NEWLINES}]{{0,{_LONGEST[sign]}}}"
    return rf"{re.escape(sign)}(?:(?:\w{{2,12}}ly )?(?:{_DONE})(?:{more})?|{_SOUND})"


def _whole(sign: str) -> re.Pattern[str]:
    return re.compile(rf"{_begun(sign)}{re.escape(_CLOSING[sign])}(?![\w*_(])", re.IGNORECASE)


def _unfinished(sign: str) -> re.Pattern[str]:
    first = rf"{re.escape(sign)}(?:\w{{0,15}}|\w{{2,12}}ly \w{{0,15}})"
    more = rf"{_begun(sign)}{re.escape(_CLOSING[sign])}?"
    return re.compile(rf"(?:{first}|{more})\Z", re.IGNORECASE)


_EMOTE: Final = {sign: _whole(sign) for sign in _CLOSING}
_MAYBE: Final = {sign: _unfinished(sign) for sign in _CLOSING}
_LINE_ENDS: Final = re.compile(rf"[^\S{NEWLINES}]*(?:[{NEWLINES}]|\Z)")


FACES_BEGIN: Final = "(ʕヽヾ٩ᕙᕦლ୧"
"""Brackets and raised arms."""
_EYE: Final = r"[°•◕◔◉●º‿ω´｀・･ﾟಠಥ˘ᵔ■▽≧≦∀Д╥◡¬ಡʘ\u0300\u0301\u0361]"
_PART: Final = r"(?:[^\w\n()ʕʔ]|[_oOTQuUvVwWxXωДಠಥಡʖᴥºヮノﾉづつっ益ェงᴗᗜᵔʘ])"
_ARMS: Final = r"[╯ノﾉづつっ۶งᕗᕤ︵彡･✧]*"
_FACE: Final = re.compile(
    rf"[{FACES_BEGIN[2:]}]?(?:[(ʕ](?=(?:{_PART}{{0,16}}?{_EYE}){{2}}){_PART}{{2,16}}[)ʔ]"
    rf"|\([oOTQuUxX;=.^>-][_.wo]?[oOTQuUxX;=.^<-]\)){_ARMS}"
)
_FACE_BEGUN: Final = re.compile(rf"[{FACES_BEGIN[2:]}]?(?:[(ʕ]{_PART}{{0,16}}(?:[)ʔ]{_ARMS})?)?\Z")


def read_face(text: str, at: int, end: int, *, final: bool) -> Mark | None:
    """Read a face such as "(•‿•)", which is not said; an empty Mark where there is none."""
    if not final and _FACE_BEGUN.match(text, at, end):
        return None
    face = _FACE.match(text, at, end)
    return Mark(face.end(), kind=Kind.ASIDE) if face else Mark(at)


def read_emote(
    text: str, at: int, end: int, *, in_line: bool, between: bool, final: bool
) -> Mark | None:
    """Read a gesture that begins here, which is not said; an empty Mark where there is none.

    `between` tells that a sentence may begin here, `in_line` that the line has words already.
    """
    sign = text[at]
    if at and text[at - 1].isalnum():
        return Mark(at)
    if not final and _MAYBE[sign].match(text, at, end):
        return None
    found = _EMOTE[sign].match(text, at, end)
    if found is None:
        return Mark(at)
    rest = _LINE_ENDS.match(text, found.end(), end)
    if rest is not None and rest.end() == end and not final and text[end - 1] not in NEWLINES:
        return None
    if text[at + 1].isupper():  # a title may begin so
        counts = rest is not None and not in_line
    else:
        counts = rest is not None or between
    return Mark(found.end(), kind=Kind.ASIDE) if counts else Mark(at)
