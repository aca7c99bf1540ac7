"""What is said in Dutch."""

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

_CENT = Noun("cent", "cent")
_EURO = Currency(Noun("euro", "euro"), _CENT)
_DOLLAR = Currency(Noun("dollar", "dollar"), _CENT)
_POUND = Currency(Noun("pond", "pond"), Noun("penny", "pence"))
_YEN = Currency(Noun("yen", "yen"))

DUTCH: Final = Language(
    code="nl",
    decimal=",",
    grouping=". ",
    whole_fractions=True,
    singular_below_two=False,
    words=table(
        "minus = min; plus = plus; plus or minus = plus of min; times = keer; by = bij;"
        "over = op; divided = gedeeld door; equals = is; unequal = ongelijk aan;"
        "about = ongeveer; is = is; less = kleiner dan; more = groter dan;"
        "at most = hoogstens; at least = minstens; root = wortel van; infinity = oneindig;"
        "power = tot de macht; squared = kwadraat; cubed = tot de derde; percent = procent;"
        "permille = promille; celsius = Celsius; fahrenheit = Fahrenheit; to = tot;"
        "ratio = tegen; and = en; at = apenstaartje; dot = punt; dash = streepje;"
        "underscore = laag streepje; port = poort; version = versie; version point = punt;"
        "point = komma; number = nummer; hashtag = hashtag; section = paragraaf; per = per;"
        "out of = van de; mixed = en; control = Control; command = Command; sharp = sharp;"
        "times as much = keer"
    ),
    degree=Noun("graad", "graden"),
    units=nouns(
        "m/s² m/s^2 = meter per seconde kwadraat;"
        "km = kilometer; m = meter; cm = centimeter; mm = millimeter; µm μm = micrometer;"
        "nm = nanometer; kg = kilogram; g = gram; mg = milligram; t = ton; l L = liter;"
        "ml mL = milliliter; cl = centiliter; m² m^2 = vierkante meter;"
        "km² km^2 = vierkante kilometer; cm² cm^2 = vierkante centimeter;"
        "m³ m^3 = kubieke meter; cm³ = kubieke centimeter; ha = hectare; kB KB = kilobyte;"
        "MB = megabyte; GB = gigabyte; TB = terabyte; PB = petabyte; kbit Kbit = kilobit;"
        "Mbit = megabit; Gbit = gigabit; Hz = hertz; kHz = kilohertz; MHz = megahertz;"
        "GHz = gigahertz; W = watt; kW = kilowatt; MW = megawatt; GW = gigawatt;"
        "Wh = wattuur; kWh = kilowattuur; mAh = milliampère-uur; V = volt; kV = kilovolt;"
        "mA = milliampère; kJ = kilojoule; kcal = kilocalorie; dB = decibel;"
        "px = pixel | pixels; bar = bar; ns = nanoseconde | nanoseconden;"
        "µs μs = microseconde | microseconden; ms = milliseconde | milliseconden;"
        "s sec = seconde | seconden; min = minuut | minuten; h = uur; u = uur;"
        "fps = beeld per seconde | beelden per seconde"
    ),
    per={},
    currencies={
        "€": _EURO, "EUR": _EURO, "$": _DOLLAR, "US$": _DOLLAR, "USD": _DOLLAR, "£": _POUND,
        "GBP": _POUND, "¥": _YEN, "JPY": _YEN, "₿": Currency(Noun("bitcoin", "bitcoin")),
        "¢": Currency(_CENT),
    },
    cents="{unit} {cent}",
    few_cents="{unit} {cent}",
    scales=nouns(
        "k duizend = duizend; honderd = honderd; mln M miljoen = miljoen; mld miljard = miljard"
    ),
    of_scale=" ",
    clock=Clock(Noun("uur", "uur")),
    dates=Dates(
        months=(
            *("januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus"),
            *("september", "oktober", "november", "december"),
        ),
        short_months=(
            *("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov"),
            "dec",
        ),
        day_month="{day} {month}",
        day_month_year="{day} {month} {year}",
        before="op|tot|vanaf",
    ),
    fractions=table(
        "1/2 = een half; 1/3 = een derde; 2/3 = twee derde; 1/4 = een kwart;"
        "3/4 = drie kwart; 1/5 = een vijfde; 2/5 = twee vijfde; 3/5 = drie vijfde;"
        "4/5 = vier vijfde; 1/6 = een zesde; 5/6 = vijf zesde; 1/8 = een achtste;"
        "3/8 = drie achtste; 5/8 = vijf achtste; 7/8 = zeven achtste;"
        "24/7 = vierentwintig zeven; 50/50 = vijftig vijftig"
    ),
    ordinals={"e": "", "ste": "", "de": "", "ᵉ": ""},
    articles={},
    abbreviations=table(
        "bijv. = bijvoorbeeld; bv. = bijvoorbeeld; d.w.z. = dat wil zeggen; o.a. = onder andere;"
        "enz. = enzovoort; etc. = et cetera; dhr. = de heer; mevr. = mevrouw; dr. = dokter;"
        "Dr. = dokter; prof. = professor; drs. = doctorandus; ir. = ingenieur; ca. = circa;"
        "m.b.t. = met betrekking tot; i.p.v. = in plaats van; t.o.v. = ten opzichte van;"
        "a.u.b. = alstublieft; aub = alstublieft; incl. = inclusief; excl. = exclusief;"
        "evt. = eventueel; max. = maximaal; min. = minimaal; nl. = namelijk; vs. = tegen;"
        "vs = tegen; t/m = tot en met; iig = in ieder geval; mss = misschien"
    ),
    before_numbers=table(
        "nr. = nummer; Nr. = nummer; no. = nummer; № = nummer; blz. = bladzijde; p. = pagina;"
        "art. = artikel; hfst. = hoofdstuk; fig. = figuur"
    ),
    spelled=word_set("API USA CPU GPU USB URL UI UX IP AI EU ID IDE IT IBM AMD AWS UK"),
    years_after=(
        "in|sinds|van|tot|vanaf|rond|voor|na|jaar|anno|begin|eind|januari|februari|maart|april|"
        "mei|juni|juli|augustus|september|oktober|november|december|zomer|winter|herfst|lente"
    ),
    reign=Reign(
        "Willem|Hendrik|Lodewijk|Karel|Filips|Elizabeth|Johannes Paulus|Pius|Benedictus|"
        "Napoleon|Leopold|George|Frederik|Peter|Nicolaas|Alexander|Leo|Gregorius",
        article="de ",
    ),
    numbered="Wereldoorlog|hoofdstuk|Hoofdstuk|deel|Deel|akte|fase|type|Apollo|Fantasy",
)  # fmt: skip
