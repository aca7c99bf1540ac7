"""What is said in Portuguese, as it is spoken in Brazil."""

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

_CENT = Noun("centavo", "centavos", "m")
_REAL = Currency(Noun("real", "reais", "m"), _CENT)
_EURO = Currency(Noun("euro", "euros", "m"), Noun("cêntimo", "cêntimos", "m"))
_DOLLAR = Currency(Noun("dólar", "dólares", "m"), _CENT)
_POUND = Currency(Noun("libra", "libras", "f"), Noun("pêni", "pence", "m"))
_YEN = Currency(Noun("iene", "ienes", "m"))

PORTUGUESE: Final = Language(
    code="pt",
    decimal=",",
    grouping=". ",
    whole_fractions=True,
    singular_below_two=True,
    words=table(
        "minus = menos; plus = mais; plus or minus = mais ou menos; times = vezes; by = por;"
        "over = sobre; divided = dividido por; equals = igual a; unequal = diferente de;"
        "about = cerca de; is = é; less = menor que; more = maior que; at most = no máximo;"
        "at least = pelo menos; root = raiz de; infinity = infinito; power = elevado a;"
        "squared = ao quadrado; cubed = ao cubo; percent = por cento; permille = por mil;"
        "celsius = Celsius; fahrenheit = Fahrenheit; to = a; ratio = a; and = e; at = arroba;"
        "dot = ponto; dash = hífen; underscore = sublinhado; port = porta; version = versão;"
        "version point = ponto; point = vírgula; number = número; hashtag = hashtag;"
        "section = parágrafo; per = por; out of = de; mixed = e; control = Control;"
        "command = Command; sharp = sharp;"
        "times as much = vezes"
    ),
    degree=Noun("grau", "graus", "m"),
    units=nouns(
        "m/s² m/s^2 = metro por segundo ao quadrado | metros por segundo ao quadrado;"
        "km = quilômetro | quilômetros; m = metro | metros; cm = centímetro | centímetros;"
        "mm = milímetro | milímetros; µm μm = micrômetro | micrômetros;"
        "nm = nanômetro | nanômetros; kg = quilograma | quilogramas; g = grama | gramas;"
        "mg = miligrama | miligramas; l L = litro | litros; ml mL = mililitro | mililitros;"
        "cl = centilitro | centilitros; m² m^2 = metro quadrado | metros quadrados;"
        "km² km^2 = quilômetro quadrado | quilômetros quadrados;"
        "cm² cm^2 = centímetro quadrado | centímetros quadrados;"
        "m³ m^3 = metro cúbico | metros cúbicos; cm³ = centímetro cúbico | centímetros cúbicos;"
        "ha = hectare | hectares; kB KB = quilobyte | quilobytes; MB = megabyte | megabytes;"
        "GB = gigabyte | gigabytes; TB = terabyte | terabytes; PB = petabyte | petabytes;"
        "kbit Kbit = quilobit | quilobits; Mbit = megabit | megabits; Gbit = gigabit | gigabits;"
        "Hz = hertz; kHz = quilohertz; MHz = megahertz; GHz = gigahertz; W = watt | watts;"
        "kW = quilowatt | quilowatts; MW = megawatt | megawatts; GW = gigawatt | gigawatts;"
        "Wh = watt hora | watts hora; kWh = quilowatt hora | quilowatts hora;"
        "mAh = miliampere hora | miliamperes hora; V = volt | volts; kV = quilovolt | quilovolts;"
        "mA = miliampere | miliamperes; kJ = quilojoule | quilojoules; dB = decibel | decibéis;"
        "px = pixel | pixels; bar = bar | bars; ms = milissegundo | milissegundos;"
        "ns = nanossegundo | nanossegundos; µs μs = microssegundo | microssegundos;"
        "s seg = segundo | segundos; min = minuto | minutos;"
        "fps = quadro por segundo | quadros por segundo",
        "m",
    )
    | nouns(
        "t = tonelada | toneladas; kcal = quilocaloria | quilocalorias; h = hora | horas;"
        "lb = libra | libras",
        "f",
    ),
    per={},
    currencies={
        "R$": _REAL, "BRL": _REAL, "€": _EURO, "EUR": _EURO, "$": _DOLLAR, "US$": _DOLLAR,
        "USD": _DOLLAR, "£": _POUND, "GBP": _POUND, "¥": _YEN, "JPY": _YEN,
        "₿": Currency(Noun("bitcoin", "bitcoins", "m")), "¢": Currency(_CENT),
    },
    cents="{unit} e {cent}",
    few_cents="{unit} e {cent}",
    scales=nouns(
        "k mil = mil; mi M milhão milhões = milhão | milhões;"
        "bi bilhão bilhões = bilhão | bilhões",
        "m",
    ),
    of_scale=" de ",
    clock=Clock(Noun("hora", "horas", "f"), minutes="{hour} e {minute}", few="{hour} e {minute}"),
    dates=Dates(
        months=(
            *("janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto"),
            *("setembro", "outubro", "novembro", "dezembro"),
        ),
        short_months=(
            *("jan", "fev", "mar", "abr", "mai", "jun", "jul", "ago", "set", "out", "nov"),
            "dez",
        ),
        day_month="{day} de {month}",
        day_month_year="{day} de {month} de {year}",
        first="-masculine",
        before="em|dia|no",
    ),
    fractions=table(
        "1/2 = meio; 1/3 = um terço; 2/3 = dois terços; 1/4 = um quarto; 3/4 = três quartos;"
        "1/5 = um quinto; 2/5 = dois quintos; 3/5 = três quintos; 4/5 = quatro quintos;"
        "1/6 = um sexto; 5/6 = cinco sextos; 1/8 = um oitavo; 3/8 = três oitavos;"
        "5/8 = cinco oitavos; 7/8 = sete oitavos; 24/7 = vinte e quatro sete;"
        "50/50 = cinquenta cinquenta"
    ),
    ordinals={
        "º": "-masculine", ".º": "-masculine", "ª": "-feminine", ".ª": "-feminine",
        "°": "-masculine",
    },
    articles={},
    abbreviations=table(
        "p.ex. = por exemplo; D. = Dom; Sr. = senhor; Sra. = senhora; Dr. = doutor; Dra. = doutora;"
        "Prof. = professor; etc. = etcétera; aprox. = aproximadamente; tel. = telefone;"
        "máx. = máximo; mín. = mínimo; a.C. = antes de Cristo; d.C. = depois de Cristo;"
        "Av. = avenida; vs. = contra; vs = contra; vc = você; tb = também; pq = porque"
    ),
    before_numbers=table(
        "n.º = número; N.º = número; nº = número; Nº = número; n° = número; № = número;"
        "pág. = página; págs. = páginas; p. = página; art. = artigo; cap. = capítulo;"
        "fig. = figura"
    ),
    spelled=word_set("API USA CPU GPU USB URL UI UX IP IA UE EUA ID IDE IBM AMD AWS"),
    years_after="",
    reign=Reign(
        "Pedro|João|João Paulo|José|Manuel|Afonso|Henrique|Luís|Carlos|Filipe|Pio|Bento|"
        "Napoleão|Isabel|Elizabeth|Eduardo|Guilherme|Nicolau|Alexandre|Leão|Gregório",
        form="-masculine",
        last_ordinal=10,
    ),
    numbered="século|Século|Mundial|capítulo|Capítulo|tomo|ato|fase|tipo|Apolo",
)  # fmt: skip
