"""What is said in Italian."""

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

_CENT = Noun("centesimo", "centesimi", "m")
_EURO = Currency(Noun("euro", "euro", "m"), _CENT)
_DOLLAR = Currency(Noun("dollaro", "dollari", "m"), _CENT)
_POUND = Currency(Noun("sterlina", "sterline", "f"), Noun("penny", "penny", "m"))
_YEN = Currency(Noun("yen", "yen", "m"))

ITALIAN: Final = Language(
    code="it",
    decimal=",",
    grouping=". ",
    whole_fractions=True,
    singular_below_two=False,
    words=table(
        "minus = meno; plus = più; plus or minus = più o meno; times = per; by = per;"
        "over = su; divided = diviso; equals = uguale a; unequal = diverso da; about = circa;"
        "is = è; less = minore di; more = maggiore di; at most = al massimo;"
        "at least = almeno; root = radice di; infinity = infinito; power = alla;"
        "squared = al quadrato; cubed = al cubo; percent = per cento; permille = per mille;"
        "celsius = Celsius; fahrenheit = Fahrenheit; to = a; ratio = a; and = e;"
        "at = chiocciola; dot = punto; dash = trattino; underscore = trattino basso;"
        "port = porta; version = versione; version point = punto; point = virgola;"
        "number = numero; hashtag = hashtag; section = paragrafo; per = per; out of = su;"
        "mixed = e; control = Control; command = Command; sharp = sharp;"
        "times as much = volte"
    ),
    degree=Noun("grado", "gradi", "m"),
    units=nouns(
        "m/s² m/s^2 = metro al secondo quadrato | metri al secondo quadrato;"
        "km = chilometro | chilometri; m = metro | metri; cm = centimetro | centimetri;"
        "mm = millimetro | millimetri; µm μm = micrometro | micrometri;"
        "nm = nanometro | nanometri; kg = chilogrammo | chilogrammi; g = grammo | grammi;"
        "mg = milligrammo | milligrammi; l L = litro | litri; ml mL = millilitro | millilitri;"
        "cl = centilitro | centilitri; m² m^2 = metro quadrato | metri quadrati;"
        "km² km^2 = chilometro quadrato | chilometri quadrati;"
        "cm² cm^2 = centimetro quadrato | centimetri quadrati; m³ m^3 = metro cubo | metri cubi;"
        "cm³ = centimetro cubo | centimetri cubi; ha = ettaro | ettari; kB KB = kilobyte;"
        "MB = megabyte; GB = gigabyte; TB = terabyte; PB = petabyte; kbit Kbit = kilobit;"
        "Mbit = megabit; Gbit = gigabit; Hz = hertz; kHz = kilohertz; MHz = megahertz;"
        "GHz = gigahertz; W = watt; kW = kilowatt; MW = megawatt; GW = gigawatt;"
        "Wh = wattora; kWh = kilowattora; mAh = milliamperora; V = volt; kV = kilovolt;"
        "mA = milliampere; kJ = kilojoule; dB = decibel; px = pixel; bar = bar;"
        "ms = millisecondo | millisecondi; ns = nanosecondo | nanosecondi;"
        "µs μs = microsecondo | microsecondi; s sec = secondo | secondi;"
        "min = minuto | minuti; fps = fotogramma al secondo | fotogrammi al secondo",
        "m",
    )
    | nouns(
        "t = tonnellata | tonnellate; kcal = chilocaloria | chilocalorie; h = ora | ore;"
        "lb = libbra | libbre",
        "f",
    ),
    per={"h": "all'ora", "s": "al secondo", "min": "al minuto"},
    currencies={
        "€": _EURO, "EUR": _EURO, "$": _DOLLAR, "US$": _DOLLAR, "USD": _DOLLAR, "£": _POUND,
        "GBP": _POUND, "¥": _YEN, "JPY": _YEN,
        "CHF": Currency(Noun("franco svizzero", "franchi svizzeri", "m"), _CENT),
        "₿": Currency(Noun("bitcoin", "bitcoin", "m")), "¢": Currency(_CENT),
    },
    cents="{unit} e {cent}",
    few_cents="{unit} e {cent}",
    scales=nouns(
        "mila = mila; mln M milione milioni = milione | milioni;"
        "mld miliardo miliardi = miliardo | miliardi; k = mila",
        "m",
    ),
    of_scale=" di ",
    clock=Clock(Noun("", "", "f"), minutes="{hour} e {minute}", few="{hour} e {minute}"),
    dates=Dates(
        months=(
            *("gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto"),
            *("settembre", "ottobre", "novembre", "dicembre"),
        ),
        short_months=(
            *("gen", "feb", "mar", "apr", "mag", "giu", "lug", "ago", "set", "ott", "nov"),
            "dic",
        ),
        day_month="{day} {month}",
        day_month_year="{day} {month} {year}",
        first="-masculine",
        before="il|al|dal|del",
    ),
    fractions=table(
        "1/2 = mezzo; 1/3 = un terzo; 2/3 = due terzi; 1/4 = un quarto; 3/4 = tre quarti;"
        "1/5 = un quinto; 2/5 = due quinti; 3/5 = tre quinti; 4/5 = quattro quinti;"
        "1/6 = un sesto; 5/6 = cinque sesti; 1/8 = un ottavo; 3/8 = tre ottavi;"
        "5/8 = cinque ottavi; 7/8 = sette ottavi; 24/7 = ventiquattro sette;"
        "50/50 = cinquanta cinquanta"
    ),
    ordinals={"º": "-masculine", "ª": "-feminine", "°": "-masculine", "a": "-feminine"},
    articles={},
    abbreviations=table(
        "es. = esempio; ad es. = ad esempio; p.es. = per esempio; ecc. = eccetera;"
        "sig. = signor; Sig. = Signor; sig.ra = signora; Sig.ra = Signora; dott. = dottor;"
        "Dott. = Dottor; dott.ssa = dottoressa; Dott.ssa = Dottoressa; prof. = professor;"
        "Prof. = Professor; ing. = ingegner; Ing. = Ingegner; avv. = avvocato;"
        "tel. = telefono; max. = massimo; min. = minimo; a.C. = avanti Cristo;"
        "d.C. = dopo Cristo; vs. = contro; vs = contro; cmq = comunque; nn = non"
    ),
    before_numbers=table(
        "n. = numero; N. = numero; n° = numero; N° = numero; № = numero; nr. = numero;"
        "p. = pagina; pag. = pagina; pagg. = pagine; art. = articolo; cap. = capitolo;"
        "fig. = figura; vol. = volume"
    ),
    spelled=word_set("API USA CPU GPU UI UX IP IA UE ID IDE IBM AMD AWS UK"),
    years_after="",
    reign=Reign(
        "Enrico|Luigi|Carlo|Vittorio Emanuele|Umberto|Giovanni Paolo|Pio|Benedetto|Napoleone|"
        "Filippo|Elisabetta|Giorgio|Federico|Ferdinando|Alessandro|Leone|Gregorio",
        form="-masculine",
    ),
    numbered="capitolo|Capitolo|tomo|atto|fase|tipo|Apollo",
)  # fmt: skip
