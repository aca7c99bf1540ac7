"""What is said in German."""

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

_CENT = Noun("Cent", "Cent", "m")
_EURO = Currency(Noun("Euro", "Euro", "m"), _CENT)
_DOLLAR = Currency(Noun("Dollar", "Dollar", "m"), _CENT)
_POUND = Currency(Noun("Pfund", "Pfund", "n"), Noun("Penny", "Pence", "m"))
_FRANC = Currency(
    Noun("Schweizer Franken", "Schweizer Franken", "m"), Noun("Rappen", "Rappen", "m")
)
_YEN = Currency(Noun("Yen", "Yen", "m"))

GERMAN: Final = Language(
    code="de",
    decimal=",",
    grouping=". ",
    whole_fractions=False,
    singular_below_two=False,
    words=table(
        "minus = minus; plus = plus; plus or minus = plus minus; times = mal; by = mal;"
        "over = zu; divided = geteilt durch; equals = gleich; unequal = ungleich; about = etwa;"
        "is = ist; less = kleiner als; more = größer als; at most = höchstens;"
        "at least = mindestens; root = Wurzel aus; infinity = unendlich; power = hoch;"
        "squared = Quadrat; cubed = hoch drei; percent = Prozent; permille = Promille;"
        "celsius = Celsius; fahrenheit = Fahrenheit; to = bis; ratio = zu; and = und; at = ät;"
        "dot = Punkt; dash = minus; underscore = Unterstrich; port = Port; version = Version;"
        "version point = Punkt; point = Komma; number = Nummer; hashtag = Hashtag;"
        "section = Paragraf; per = pro; out of = von; mixed = ; control = Steuerung;"
        "command = Command; sharp = sharp;"
        "times as much = mal"
    ),
    degree=Noun("Grad", "Grad", "m"),
    units=nouns(
        "m/s² m/s^2 = Meter pro Sekunde zum Quadrat;"
        "km = Kilometer; m = Meter; cm = Zentimeter; mm = Millimeter; µm μm = Mikrometer;"
        "nm = Nanometer; ft = Fuß; l L = Liter; ml mL = Milliliter; cl = Zentiliter;"
        "m² m^2 = Quadratmeter; km² km^2 = Quadratkilometer; cm² cm^2 = Quadratzentimeter;"
        "EL = Esslöffel; TL = Teelöffel; m³ m^3 = Kubikmeter; cm³ = Kubikzentimeter;"
        "ha = Hektar; dB = Dezibel; hPa = Hektopascal",
        "m",
    )
    | nouns(
        "kg = Kilogramm; g = Gramm; mg = Milligramm; µg μg = Mikrogramm; kB KB = Kilobyte;"
        "MB = Megabyte; GB = Gigabyte; TB = Terabyte; PB = Petabyte; KiB = Kibibyte;"
        "MiB = Mebibyte; GiB = Gibibyte; kbit Kbit = Kilobit; Mbit = Megabit; Gbit = Gigabit;"
        "Hz = Hertz; kHz = Kilohertz; MHz = Megahertz; GHz = Gigahertz; W = Watt; kW = Kilowatt;"
        "MW = Megawatt; GW = Gigawatt; V = Volt; kV = Kilovolt; mA = Milliampere;"
        "kJ = Kilojoule; px = Pixel; bar = Bar; J. = Jahr | Jahre; fps = Bild pro Sekunde | "
        "Bilder pro Sekunde",
        "n",
    )
    | nouns(
        "t = Tonne | Tonnen; Wh = Wattstunde | Wattstunden; kWh = Kilowattstunde | Kilowattstunden;"
        "mAh = Milliamperestunde | Milliamperestunden; kcal = Kilokalorie | Kilokalorien;"
        "ns = Nanosekunde | Nanosekunden; µs μs = Mikrosekunde | Mikrosekunden;"
        "ms = Millisekunde | Millisekunden; s Sek = Sekunde | Sekunden;"
        "min Min = Minute | Minuten; h Std = Stunde | Stunden",
        "f",
    ),
    per={},
    currencies={
        "€": _EURO, "EUR": _EURO, "$": _DOLLAR, "US$": _DOLLAR, "USD": _DOLLAR, "£": _POUND,
        "GBP": _POUND, "¥": _YEN, "JPY": _YEN, "CHF": _FRANC,
        "₿": Currency(Noun("Bitcoin", "Bitcoin", "m")), "¢": Currency(_CENT),
    },
    cents="{unit} {cent}",
    few_cents="{unit} {cent}",
    scales=nouns("Tsd k = tausend; hundert = hundert; tausend = tausend")
    | nouns(
        "Mio M Million Millionen = Million | Millionen;"
        "Mrd Milliarde Milliarden = Milliarde | Milliarden;"
        "Billion Billionen = Billion | Billionen",
        "f",
    ),
    of_scale=" ",
    clock=Clock(Noun("Uhr", "Uhr", "m")),
    dates=Dates(
        months=(
            *("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August"),
            *("September", "Oktober", "November", "Dezember"),
        ),
        short_months=(
            *("Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov"),
            "Dez",
        ),
        day_month="{day} {month}",
        day_month_year="{day} {month} {year}",
        first="-r",
        others="-r",
    ),
    fractions=table(
        "1/2 = ein halb; +1/2 = einhalb; +1/3 = eindrittel; +2/3 = zweidrittel;"
        "+1/4 = einviertel; +3/4 = dreiviertel; 1/3 = ein Drittel; 2/3 = zwei Drittel;"
        "1/4 = ein Viertel;"
        "3/4 = drei Viertel; 1/5 = ein Fünftel; 2/5 = zwei Fünftel; 3/5 = drei Fünftel;"
        "4/5 = vier Fünftel; 1/6 = ein Sechstel; 5/6 = fünf Sechstel; 1/8 = ein Achtel;"
        "3/8 = drei Achtel; 5/8 = fünf Achtel; 7/8 = sieben Achtel; 24/7 = vierundzwanzig sieben;"
        "50/50 = fünfzig fünfzig"
    ),
    ordinals={"te": "", "ten": "-n", "ter": "-r", "tes": "-s"},
    articles={
        "am": "-n", "vom": "-n", "zum": "-n", "beim": "-n", "im": "-n", "dem": "-n", "den": "-n",
        "des": "-n", "ab": "-n", "seit": "-n", "bis": "-n", "nach": "-n", "zur": "-n",
        "der": "", "die": "", "das": "", "jeder": "", "jede": "", "jedes": "", "jeden": "-n",
        "ein": "-r", "eine": "", "mein": "-r", "sein": "-r", "ihr": "-r",
    },
    abbreviations=table(
        "z.B. = zum Beispiel; d.h. = das heißt; u.a. = unter anderem; usw. = und so weiter;"
        "bzw. = beziehungsweise; ca. = circa; ggf. = gegebenenfalls; evtl. = eventuell;"
        "inkl. = inklusive; exkl. = exklusive; vgl. = vergleiche; etc. = et cetera;"
        "Dr. = Doktor; Prof. = Professor; Hr. = Herr; Hrn. = Herrn; Fr. = Frau;"
        "z.T. = zum Teil; o.ä. = oder ähnliches; u.U. = unter Umständen;"
        "i.d.R. = in der Regel; v.a. = vor allem; s.o. = siehe oben; s.u. = siehe unten;"
        "mind. = mindestens; max. = maximal; min. = minimal; sog. = sogenannt;"
        "zzgl. = zuzüglich; bzgl. = bezüglich; u.v.m. = und vieles mehr; o.g. = oben genannt;"
        "insg. = insgesamt; Pers. = Personen;"
        "bspw. = beispielsweise; bspw = beispielsweise; St. = Sankt; Str. = Straße;"
        "Mio. = Millionen; Mrd. = Milliarden; Std. = Stunden; Min. = Minuten; Sek. = Sekunden;"
        "vs. = gegen; mfg = mit freundlichen Grüßen; lg = liebe Grüße; z.Zt. = zur Zeit;"
        "n.Chr. = nach Christus; v.Chr. = vor Christus"
    ),
    before_numbers=table(
        "Nr. = Nummer; S. = Seite; Abb. = Abbildung; Kap. = Kapitel; Bd. = Band; Art. = Artikel;"
        "Abs. = Absatz; Tel. = Telefon; № = Nummer"
    ),
    spelled=word_set(
        "API USA CPU GPU USB URL UI UX IP AI KI EDV EU UN IT ID IDE IBM AMD AWS UK US"
    ),
    years_after=(
        "im Jahr|im Jahre|Jahr|Jahre|seit|von|bis|ab|um|vor|nach|anno|Januar|Februar|März|April|"
        "Mai|Juni|Juli|August|September|Oktober|November|Dezember|Frühjahr|Sommer|Herbst|Winter"
    ),
    reign=Reign(
        "Heinrich|Ludwig|Elisabeth|Karl|Georg|Friedrich|Wilhelm|Otto|Johannes Paul|Pius|Benedikt|"
        "Napoleon|Philipp|Katharina|Peter|Nikolaus|Alexander|Franz|Joseph|Leopold|Leo|Gregor",
        article="der ",
    ),
    numbered="Weltkrieg|Kapitel|Teil|Akt|Band|Phase|Typ|Klasse|Artikel|Stufe|Apollo|Fantasy",
)  # fmt: skip
