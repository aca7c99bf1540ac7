# ruff: noqa: RUF001  (other scripts' words and punctuation are this module's matter)
from enum import Enum, auto


class Rule(Enum):
    """Say when a terminator and white space end a sentence; `LOWER` is a lower-case letter."""

    ENDS = auto()
    NEVER = auto()
    UNLESS_LOWER = auto()
    UNLESS_DIGIT = auto()
    UNLESS_LOWER_OR_DIGIT = auto()
    UNLESS_LOWER_OR_LETTER = auto()
    UNLESS_TIME_WORD = auto()
    UNLESS_ORDINAL = auto()
    BEFORE_STARTER = auto()


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _both_cases(text: str) -> frozenset[str]:
    words = text.split()
    return frozenset(words) | frozenset(word[:1].upper() + word[1:] for word in words)


_BY_RULE = {
    Rule.NEVER: _both_cases(
        "dr mr mrs prof messrs vs viz cf ca approx esp incl excl resp dept fig figs eq "  # English
        "bzw ggf evtl vgl inkl exkl sog bspw zzgl abzgl bzgl insg "  # German
        "mme mlle env av apr "  # French
        "sr sra srta dra ud uds pág núm aprox avda "  # Spanish and Portuguese
        "sig dott avv ing gent egr "  # Italian
        "bijv dhr mevr ca circa drs "  # Dutch
        "np tzw prof ul "  # Polish
        "им ул напр проф акад тов гр "  # Russian
    )
    | _words(
        "vol Vol "
        "Ms Mx Gen Col Sen Rep Gov Capt Lt Maj Sgt Cpl Rev Hon Pres Supt Cmdr Adm Mt Ft Hr Fr Hrn "
        "Exmo Exma e.g i.e a.k.a w.r.t i.a N.B n.b z.B d.h u.U m.E i.d.R v.a z.T o.ä "
        "d.w.z o.a t.ex bl.a m.in EE т.е т.н т.к"
    ),
    Rule.UNLESS_LOWER: _both_cases(
        "etc usw enz osv ecc itd itp ej ex ibid min max sec hrs lb lbs oz yd mi km cm mm kg "
        "mg ml cl ext est avg std misc ref orig temp ver др пр руб коп"
    )
    | _words("hr ft"),
    Rule.UNLESS_DIGIT: _both_cases("no nos nr n° nº ch sect abs pos op стр"),
    Rule.UNLESS_LOWER_OR_DIGIT: _both_cases("tel art cap chap pag pagg págs kap abb bd blz hfst")
    | _words(
        "Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu Thur Thurs Fri "
        "Sat Sun Sec p pp al Apt Bldg Hwy Univ univ Assn Intl Natl Govt"
    ),
    Rule.BEFORE_STARTER: _both_cases("inc ltd corp co bros jr llc plc gmbh г гг")
    | _words("Mio Mrd Tsd Std Min Sek")
    | _words("UU St st Ave ave Blvd Rd rd Str Sq Esq Ph.D Ph.Ds B.Sc M.Sc Ed.D LL.B LL.M D.Phil"),
    Rule.UNLESS_TIME_WORD: _words("a.m p.m A.M P.M"),
}

ABBREVIATIONS: dict[str, Rule] = {word: rule for rule, words in _BY_RULE.items() for word in words}
"""Words before a full stop, without it, and what they make of it."""

EXCLAMATORY_NAMES = _words("yahoo jeopardy wham oklahoma hamilton panic mia joomla yum")
"""Names written with an exclamation mark, in lower case."""

LABEL_NOUNS = _words(
    "plan vitamin option grade class type group part section point team hepatitis appendix figure "
    "answer drive note question door gate room building zone level letter variable choice column "
    "row schedule exhibit version model block terminal platform side case study influenza omega"
)
"""Nouns that a single capital letter completes: "Plan B." may end a sentence."""

TIME_WORDS = _words(
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday Mon Tue Tues Wed Thu Thurs Fri Sat "
    "Sun January February March April May June July August September October November December "
    "EST EDT ET CST CDT CT MST MDT MT PST PDT PT UTC GMT BST CET CEST IST JST AEST Eastern Pacific "
    "Central Mountain"
)
"""Capitalised words that go on after "5 p.m."."""

ORDINAL_NOUNS = _words(
    "Januar Februar März April Mai Juni Juli August September Oktober November Dezember Jänner "
    "Jahrhundert Jahrhunderts Jahrtausend Weltkrieg Weltkriegs Platz Stock Klasse Mal Tag Etage "
    "Auflage Kapitel Geburtstag Lebensjahr Semester Bundesliga Minute Runde Stunde Jahrestag"
)
"""Capitalised words that follow a German ordinal: "am 3. Oktober"."""

ORDINAL_CONTEXTS = _words("der das den dem des vom zum im beim zur")
"""Words before a German ordinal."""

STARTERS = _words(
    "The A An This That These Those It He She They We You I His Her Their Our My Your Its In On At "
    "As If When While Where What Who Why How Which But And Or So Then There However Also After "
    "Before Since Because Although Though Let Is Are Was Were Do Does Did Can Could Would Should "
    "Will Has Have Had Not No Yes Please Thanks Once Now Today Yesterday Tomorrow Some Many Most "
    "All Each Every Both Here For From With By To Of Maybe Perhaps Sure Well Just Even Still Yet "
    "Another Only Until Unless Such Later Finally Meanwhile Instead Nobody Everyone Everybody "
    "Someone Nothing Everything During Under Over Did Don Doesn Isn Wasn Aren Won "
    "Der Die Das Ein Eine Er Sie Es Wir Ich Ihr Und Aber Dann Im Am Danach Heute Dort Hier Auch "
    "Le La Les Il Elle Ils Elles Un Une Nous Vous Je On Et Mais Puis Ce Cette Ces "
    "El Los Las Una Él Ella Ellos Nosotros Pero Luego Este Esta "
    "Lo Gli Io Lui Lei Noi Ma Poi Questo Questa "
    "O Os As Um Uma Ele Ela Eles Nós Mas Depois "
    "De Het Een Hij Zij Wij Ik Maar Daarna Dit Dat "
    "Он Она Оно Они Мы Вы Я Это Эта Этот Но И А В На Потом Затем Там Здесь"
)
"""Words that open a sentence and hardly ever follow an abbreviation inside a name."""
