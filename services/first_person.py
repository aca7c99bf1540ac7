"""Which messages may tell something about their author; a cheap test before a model is asked."""

# ruff: noqa: RUF001 - letters of many languages look alike

import re
from typing import Final

_BY_WORDS: Final = (
    # English
    r"i'm|i am|im (?:an?|from|called|not)|call me|i was (?:born|raised)|mine is"
    r"|i've (?:got|been|moved|just|always)"
    r"|i (?:want to (?:be|become|learn|live|move|start|stop)|hope to|plan to) \w+"
    r"|i (?:do not|don't|cannot|can't) (?!know|understand|think|see|get|want|find|believe)\w+"
    r"|i (?:\w+ly |also |just |never |always )*(?!\w+ly |also |just |never |always )"
    r"(?!(?:think|thought|guess|mean|meant|see|saw|wonder|know|knew|understand|need|want|wanted"
    r"|try|tried|get|got|ask|asked|say|said|will|would|could|should|can|cannot|might|may|must|did"
    r"|do|does|hope|hoped|believe|suppose|agree|forgot|hear|heard|find|found|feel|appreciate"
    r"|thank|tell|told|keep|am|was|were|had|gave|give|put|made|make|went|noticed)\b)[a-z]{2,}(?!')"
    r"|my (?:\w+ ){0,2}(?:name's|is|are|was)",
    # German
    r"ich (?:bin|heiße|heisse|wohne|lebe|arbeite|studiere|lerne|liebe|mag|hasse|komme|habe|hab"
    r"|spiele|spreche|esse|trinke|bevorzuge|möchte|will|kann|gehe|fahre)"
    r"|(?:mein|meine) (?:\w+ )?(?:ist|sind|heißt|war)|nennt? mich",
    # French
    r"je (?:suis|m'appelle|vis|habite|travaille|étudie|préfère|parle|joue|viens|déteste|fais|veux"
    r"|ne (?:suis|mange|bois|parle|vis))|j'(?:ai|aime|adore|habite|étudie|apprends|utilise)"
    r"|(?:mon|ma|mes) (?:\w+ )?(?:est|sont|s'appelle)|appelle(?:z)?-moi|moi c'est",
    # Spanish
    r"me llamo|soy|vivo|trabajo|estudio|(?:me|no me) (?:gusta|gustan|encanta|encantan)|odio"
    r"|prefiero|tengo|hablo|juego|nací|quiero ser|aprendo|mis? (?:\w+ )?(?:es|son)|llámame",
    # Italian
    r"mi chiamo|sono|vivo|abito|lavoro|studio|mi piac(?:e|ciono)|amo|preferisco|parlo|gioco"
    r"|(?:io )?ho|(?:il mio|la mia) (?:\w+ )?è|chiamami",
    # Portuguese
    r"(?:me chamo|chamo-me|sou|moro|trabalho|estudo|gosto|adoro|odeio|prefiro|tenho|falo|jogo|nasci"
    r"|quero ser|(?:meu|minha) (?:\w+ )?é)",
    # Dutch
    r"ik (?:ben|heet|woon|werk|studeer|leer|hou|haat|heb|speel|spreek|kom|eet|drink|wil)"
    r"|mijn (?:\w+ )?(?:is|zijn)|noem me",
    # Polish, Swedish, Turkish, Russian, Ukrainian
    r"nazywam się|mam na imię|jestem|mieszkam|pracuję|studiuję|lubię|kocham|wolę|mam",
    r"jag (?:heter|är|bor|jobbar|arbetar|gillar|älskar|hatar|har|pratar|spelar)|min \w+ är",
    r"(?:benim )?adım|yaşıyorum|çalışıyorum|seviyorum|okuyorum",
    r"меня зовут|мне \d+|у меня|я (?:живу|работаю|учусь|люблю|из|не|умею|говорю|играю)",
    r"мене звати|мені \d+|у мене|я (?:живу|працюю|вчуся|люблю|з|не|граю)",
)

_UNSPACED: Final = (
    r"私は|私の|わたしは|僕は|僕の|俺は|と申します|といいます|と呼んで",
    r"我(?:叫|是|住|喜欢|喜歡|爱|愛|讨厌|討厭|来自|來自|在|有|会|會|不|的)",
    r"저는|나는|제 이름|내 이름|전 |난 ",
)

_STATEMENT: Final = re.compile(
    rf"(?<![\w'])(?:{'|'.join(_BY_WORDS)})(?!\w)|{'|'.join(_UNSPACED)}", re.I
)
_SENTENCE: Final = re.compile(r"[^.!?。！？\n]+[.!?。！？]*")
_FENCE: Final = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.S)
_QUOTED: Final = re.compile(r"^ *(?:>>> (?s:.*)|>.*)|^\[About this, which .*:\]$", re.M)
_MARKUP: Final = re.compile(r"<[@#:a-z][^<>\s]*\d>|https?://\S+")


def own_words(text: str) -> str:
    """Return what a person says themselves: no quotations, code, addresses or Discord's markup."""
    for foreign in (_FENCE, _QUOTED, _MARKUP):
        text = foreign.sub(" ", text)
    return text.strip()


def may_tell(text: str) -> bool:
    """Tell whether a person's own words may state something about themselves, in many languages.

    Of a question only its beginning counts: "I row, what boat suits me?", not "Can I row?".
    """
    for sentence in _SENTENCE.findall(text.replace("’", "'")):
        words = sentence.strip()
        found = _STATEMENT.search(words)
        if found and (found.start() == 0 or words[-1] not in "?？"):
            return True
    return False
