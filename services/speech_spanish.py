"""What is said in Spanish."""

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

_CENT = Noun("céntimo", "céntimos", "m")
_CENTAVO = Noun("centavo", "centavos", "m")
_EURO = Currency(Noun("euro", "euros", "m"), _CENT)
_DOLLAR = Currency(Noun("dólar", "dólares", "m"), _CENTAVO)
_POUND = Currency(Noun("libra", "libras", "f"), Noun("penique", "peniques", "m"))
_YEN = Currency(Noun("yen", "yenes", "m"))

SPANISH: Final = Language(
    code="es",
    decimal=",",
    grouping=". ",
    whole_fractions=True,
    singular_below_two=False,
    words=table(
        "minus = menos; plus = más; plus or minus = más menos; times = por; by = por;"
        "over = sobre; divided = entre; equals = igual a; unequal = distinto de;"
        "about = unos; is = es; less = menor que; more = mayor que; at most = como máximo;"
        "at least = al menos; root = raíz de; infinity = infinito; power = elevado a;"
        "squared = al cuadrado; cubed = al cubo; percent = por ciento; permille = por mil;"
        "celsius = Celsius; fahrenheit = Fahrenheit; to = a; ratio = a; and = y; at = arroba;"
        "dot = punto; dash = guion; underscore = guion bajo; port = puerto; version = versión;"
        "version point = punto; point = coma; number = número; hashtag = hashtag;"
        "section = sección; per = por; out of = de; mixed = y; control = Control;"
        "command = Comando; sharp = sharp;"
        "times as much = veces"
    ),
    degree=Noun("grado", "grados", "m"),
    units=nouns(
        "m/s² m/s^2 = metro por segundo al cuadrado | metros por segundo al cuadrado;"
        "km = kilómetro | kilómetros; m = metro | metros; cm = centímetro | centímetros;"
        "mm = milímetro | milímetros; µm μm = micrómetro | micrómetros;"
        "nm = nanómetro | nanómetros; kg = kilogramo | kilogramos; g = gramo | gramos;"
        "mg = miligramo | miligramos; l L = litro | litros; ml mL = mililitro | mililitros;"
        "cl = centilitro | centilitros; m² m^2 = metro cuadrado | metros cuadrados;"
        "km² km^2 = kilómetro cuadrado | kilómetros cuadrados;"
        "cm² cm^2 = centímetro cuadrado | centímetros cuadrados;"
        "m³ m^3 = metro cúbico | metros cúbicos; cm³ = centímetro cúbico | centímetros cúbicos;"
        "kB KB = kilobyte | kilobytes; MB = megabyte | megabytes; GB = gigabyte | gigabytes;"
        "TB = terabyte | terabytes; PB = petabyte | petabytes; kbit Kbit = kilobit | kilobits;"
        "Mbit = megabit | megabits; Gbit = gigabit | gigabits; Hz = hercio | hercios;"
        "kHz = kilohercio | kilohercios; MHz = megahercio | megahercios;"
        "GHz = gigahercio | gigahercios; W = vatio | vatios; kW = kilovatio | kilovatios;"
        "MW = megavatio | megavatios; GW = gigavatio | gigavatios;"
        "Wh = vatio hora | vatios hora; kWh = kilovatio hora | kilovatios hora;"
        "mAh = miliamperio hora | miliamperios hora; V = voltio | voltios;"
        "kV = kilovoltio | kilovoltios; mA = miliamperio | miliamperios;"
        "kJ = kilojulio | kilojulios; dB = decibelio | decibelios; px = píxel | píxeles;"
        "bar = bar | bares; ms = milisegundo | milisegundos; ns = nanosegundo | nanosegundos;"
        "µs μs = microsegundo | microsegundos; s seg = segundo | segundos;"
        "min = minuto | minutos; fps = fotograma por segundo | fotogramas por segundo",
        "m",
    )
    | nouns(
        "t = tonelada | toneladas; kcal = kilocaloría | kilocalorías; h = hora | horas;"
        "ha = hectárea | hectáreas; lb = libra | libras",
        "f",
    ),
    per={},
    currencies={
        "€": _EURO, "EUR": _EURO, "$": _DOLLAR, "US$": _DOLLAR, "USD": _DOLLAR, "£": _POUND,
        "GBP": _POUND, "¥": _YEN, "JPY": _YEN,
        "MXN": Currency(Noun("peso mexicano", "pesos mexicanos", "m"), _CENTAVO),
        "₿": Currency(Noun("bitcoin", "bitcoins", "m")), "¢": Currency(_CENTAVO),
    },
    cents="{unit} con {cent}",
    few_cents="{unit} con {cent}",
    scales=nouns(
        "k mil = mil; M millón millones = millón | millones; billón billones = billón | billones",
        "m",
    ),
    of_scale=" de ",
    clock=Clock(Noun("", "", "f"), few="{hour} y {minute}"),
    dates=Dates(
        months=(
            *("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto"),
            *("septiembre", "octubre", "noviembre", "diciembre"),
        ),
        short_months=(
            *("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov"),
            "dic",
        ),
        day_month="{day} de {month}",
        day_month_year="{day} de {month} de {year}",
        before="el|al|del",
    ),
    fractions=table(
        "1/2 = un medio; +1/2 = medio; 1/3 = un tercio; 2/3 = dos tercios; 1/4 = un cuarto;"
        "3/4 = tres cuartos; 1/5 = un quinto; 2/5 = dos quintos; 3/5 = tres quintos;"
        "4/5 = cuatro quintos; 1/6 = un sexto; 5/6 = cinco sextos; 1/8 = un octavo;"
        "3/8 = tres octavos; 5/8 = cinco octavos; 7/8 = siete octavos;"
        "24/7 = veinticuatro siete; 50/50 = cincuenta cincuenta"
    ),
    ordinals={
        ".º": "-masculine", "º": "-masculine", ".ª": "-feminine", "ª": "-feminine",
        "er": "-masculine-adjective", ".er": "-masculine-adjective",
    },
    articles={},
    abbreviations=table(
        "p.ej. = por ejemplo; Sr. = señor; Sra. = señora; Srta. = señorita; Dr. = doctor;"
        "Dra. = doctora; Ud. = usted; Uds. = ustedes; etc. = etcétera; aprox. = aproximadamente;"
        "EE.UU. = Estados Unidos; a.C. = antes de Cristo; d.C. = después de Cristo;"
        "tel. = teléfono; máx. = máximo; mín. = mínimo; vs. = contra; vs = contra;"
        "Avda. = avenida; D. = don; Dña. = doña; a.m. = a eme; p.m. = pe eme"
    ),
    before_numbers=table(
        "n.º = número; N.º = número; nº = número; Nº = número; núm. = número; № = número;"
        "pág. = página; págs. = páginas; art. = artículo; cap. = capítulo; fig. = figura"
    ),
    spelled=word_set("API USA CPU GPU USB URL UI UX IP IA UE ID IDE IBM AMD AWS UK"),
    years_after="",
    reign=Reign(
        "Felipe|Carlos|Alfonso|Fernando|Isabel|Juan Pablo|Enrique|Luis|Pío|Benedicto|Napoleón|"
        "Jorge|Eduardo|Guillermo|Pedro|Nicolás|Alejandro|León|Gregorio",
        form="-masculine",
        last_ordinal=10,
    ),
    numbered="siglo|Siglo|Mundial|capítulo|Capítulo|tomo|Tomo|acto|fase|tipo|Apolo",
)  # fmt: skip
