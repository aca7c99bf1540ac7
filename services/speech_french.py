"""What is said in French."""

from typing import Final

from services.speech_language import (
    Clock,
    Currency,
    Dates,
    Language,
    Noun,
    Reign,
    nouns,
    table,
    word_set,
)

_CENTIME = Noun("centime", "centimes", "m")
_EURO = Currency(Noun("euro", "euros", "m"), _CENTIME)
_DOLLAR = Currency(Noun("dollar", "dollars", "m"), Noun("cent", "cents", "m"))
_POUND = Currency(Noun("livre", "livres", "f"), Noun("penny", "pence", "m"))
_FRANC = Currency(Noun("franc suisse", "francs suisses", "m"), _CENTIME)
_YEN = Currency(Noun("yen", "yens", "m"))

FRENCH: Final = Language(
    code="fr",
    decimal=",",
    grouping=". ",
    whole_fractions=True,
    singular_below_two=True,
    words=table(
        "minus = moins; plus = plus; plus or minus = plus ou moins; times = fois; by = par;"
        "over = sur; divided = divisé par; equals = égale; unequal = différent de;"
        "about = environ; is = est; less = inférieur à; more = supérieur à; at most = au plus;"
        "at least = au moins; root = racine de; infinity = l'infini; power = puissance;"
        "squared = au carré; cubed = au cube; percent = pour cent; permille = pour mille;"
        "celsius = Celsius; fahrenheit = Fahrenheit; to = à; ratio = contre; and = et;"
        "at = arobase; dot = point; dash = tiret; underscore = tiret bas; port = port;"
        "version = version; version point = point; point = virgule; number = numéro;"
        "hashtag = hashtag; section = paragraphe; per = par; out of = sur; mixed = et;"
        "control = Contrôle; command = Commande; sharp = sharp;"
        "times as much = fois"
    ),
    degree=Noun("degré", "degrés", "m"),
    units=nouns(
        "m/s² m/s^2 = mètre par seconde au carré | mètres par seconde au carré;"
        "km = kilomètre | kilomètres; m = mètre | mètres; cm = centimètre | centimètres;"
        "mm = millimètre | millimètres; µm μm = micromètre | micromètres;"
        "nm = nanomètre | nanomètres; kg = kilogramme | kilogrammes; g = gramme | grammes;"
        "mg = milligramme | milligrammes; l L = litre | litres; ml mL = millilitre | millilitres;"
        "cl = centilitre | centilitres; m² m^2 = mètre carré | mètres carrés;"
        "km² km^2 = kilomètre carré | kilomètres carrés;"
        "cm² cm^2 = centimètre carré | centimètres carrés; m³ m^3 = mètre cube | mètres cubes;"
        "cm³ = centimètre cube | centimètres cubes; ha = hectare | hectares;"
        "Ko ko kB KB = kilooctet | kilooctets; Mo MB = mégaoctet | mégaoctets;"
        "Go GB = gigaoctet | gigaoctets; To TB = téraoctet | téraoctets;"
        "Po PB = pétaoctet | pétaoctets; kbit Kbit = kilobit | kilobits;"
        "Mbit = mégabit | mégabits; Gbit = gigabit | gigabits; Hz = hertz; kHz = kilohertz;"
        "MHz = mégahertz; GHz = gigahertz; W = watt | watts; kW = kilowatt | kilowatts;"
        "MW = mégawatt | mégawatts; GW = gigawatt | gigawatts;"
        "Wh = wattheure | wattheures; kWh = kilowattheure | kilowattheures;"
        "mAh = milliampèreheure | milliampèreheures; V = volt | volts; kV = kilovolt | kilovolts;"
        "mA = milliampère | milliampères; kJ = kilojoule | kilojoules; dB = décibel | décibels;"
        "px = pixel | pixels; bar = bar | bars; hPa = hectopascal | hectopascals",
        "m",
    )
    | nouns(
        "t = tonne | tonnes; kcal = kilocalorie | kilocalories; lb = livre | livres;"
        "ns = nanoseconde | nanosecondes; µs μs = microseconde | microsecondes;"
        "ms = milliseconde | millisecondes; s sec = seconde | secondes;"
        "min = minute | minutes; h = heure | heures;"
        "fps = image par seconde | images par seconde",
        "f",
    ),
    per={},
    currencies={
        "€": _EURO, "EUR": _EURO, "$": _DOLLAR, "US$": _DOLLAR, "USD": _DOLLAR, "£": _POUND,
        "GBP": _POUND, "¥": _YEN, "JPY": _YEN, "CHF": _FRANC,
        "₿": Currency(Noun("bitcoin", "bitcoins", "m")), "¢": Currency(_CENTIME),
    },
    cents="{unit} {cent}",
    few_cents="{unit} {cent}",
    scales=nouns(
        "k = mille; mille = mille; M million millions = million | millions;"
        "Md Mds milliard milliards = milliard | milliards",
        "m",
    ),
    of_scale=" de ",
    clock=Clock(Noun("heure", "heures", "f")),
    dates=Dates(
        months=(
            *("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août"),
            *("septembre", "octobre", "novembre", "décembre"),
        ),
        short_months=(
            *("janv", "févr", "mars", "avr", "mai", "juin", "juil", "août", "sept", "oct", "nov"),
            "déc",
        ),
        day_month="{day} {month}",
        day_month_year="{day} {month} {year}",
        first="-masculine",
        before="le|au|du",
    ),
    fractions=table(
        "1/2 = un demi; +1/2 = demi; 1/3 = un tiers; 2/3 = deux tiers; 1/4 = un quart;"
        "3/4 = trois quarts;"
        "1/5 = un cinquième; 2/5 = deux cinquièmes; 3/5 = trois cinquièmes;"
        "4/5 = quatre cinquièmes; 1/6 = un sixième; 5/6 = cinq sixièmes; 1/8 = un huitième;"
        "3/8 = trois huitièmes; 5/8 = cinq huitièmes; 7/8 = sept huitièmes;"
        "24/7 = vingt-quatre sept; 50/50 = cinquante cinquante"
    ),
    ordinals={
        "er": "-masculine", "re": "-feminine", "ère": "-feminine", "e": "-masculine",
        "ème": "-masculine", "eme": "-masculine", "es": "-masculine-plural",
        "nd": "-masculine", "nde": "-feminine", "de": "-feminine",
    },
    articles={},
    abbreviations=table(
        "p.ex. = par exemple; c.-à-d. = c'est-à-dire; etc. = et cetera; M. = Monsieur;"
        "Mme = Madame; Mlle = Mademoiselle; MM. = Messieurs; Dr = Docteur; Dr. = Docteur;"
        "env. = environ; cf. = confer; St = Saint; Ste = Sainte; av. = avenue; bd = boulevard;"
        "svp = s'il vous plaît; SVP = s'il vous plaît; stp = s'il te plaît; mdr = mort de rire;"
        "tél. = téléphone; max. = maximum; min. = minimum; vs = contre; vs. = contre"
    ),
    before_numbers=table(
        "n° = numéro; N° = numéro; no. = numéro; № = numéro; p. = page; pp. = pages;"
        "art. = article; chap. = chapitre; fig. = figure; vol. = volume"
    ),
    spelled=word_set("API USA CPU GPU USB URL UI UX IP IA UE ID IDE IBM AMD AWS UK"),
    years_after="",
    reign=Reign(
        "Henri|Louis|Charles|François|Philippe|Napoléon|Jean-Paul|Pie|Benoît|Élisabeth|"
        "Elizabeth|Georges|Guillaume|Édouard|Léopold|Nicolas|Alexandre|Léon|Grégoire",
        form="-masculine",
        last_ordinal=1,
    ),
    numbered="Guerre|guerre|chapitre|Chapitre|tome|Tome|acte|Acte|partie|Partie|phase|type|Apollo",
)  # fmt: skip
