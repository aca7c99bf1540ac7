"""What is said in English."""

from typing import Final

from services.speech_language import Clock, Currency, Dates, Language, Noun, Reign, nouns, table

_CENT = Noun("cent", "cents")

ENGLISH: Final = Language(
    code="en",
    decimal=".",
    grouping=", ",
    whole_fractions=False,
    singular_below_two=False,
    words=table(
        "version point = point; is = is;"
        "minus = minus; plus = plus; plus or minus = plus or minus; times = times; by = by;"
        "equals = equals; unequal = not equal to; about = about; less = less than;"
        "more = more than; at most = at most; at least = at least; root = square root of;"
        "infinity = infinity; power = to the power of; squared = squared; cubed = cubed;"
        "percent = percent; permille = per mille; celsius = Celsius;"
        "fahrenheit = Fahrenheit; to = to; ratio = to; and = and; at = at; dot = dot; dash = dash;"
        "underscore = underscore; port = port; version = version; point = point; number = number;"
        "hashtag = hashtag; section = section; per = per; out of = out of; over = over;"
        "divided = divided by; mixed = and;"
        "control = Control; command = Command; sharp = sharp;"
        "times as much = times"
    ),
    degree=Noun("degree", "degrees"),
    units=nouns(
        "m/s² m/s^2 = meter per second squared | meters per second squared;"
        "km = kilometer | kilometers; m = meter | meters; cm = centimeter | centimeters;"
        "mm = millimeter | millimeters; µm μm = micrometer | micrometers;"
        "nm = nanometer | nanometers; mi = mile | miles; ft = foot | feet; in = inch | inches;"
        "yd = yard | yards; kg = kilogram | kilograms; g = gram | grams;"
        "mg = milligram | milligrams; µg μg = microgram | micrograms; t = ton | tons;"
        "tsp = teaspoon | teaspoons; tbsp = tablespoon | tablespoons; mo = month | months;"
        "yr yrs = year | years; lb lbs = pound | pounds; oz = ounce | ounces; l L = liter | liters;"
        "ml mL = milliliter | milliliters; cl = centiliter | centiliters; gal = gallon | gallons;"
        "m² m^2 = square meter | square meters; km² km^2 = square kilometer | square kilometers;"
        "cm² cm^2 = square centimeter | square centimeters; ft² = square foot | square feet;"
        "m³ m^3 = cubic meter | cubic meters; cm³ = cubic centimeter | cubic centimeters;"
        "mph m.p.h. = mile per hour | miles per hour;"
        "kph = kilometer per hour | kilometers per hour;"
        "kB KB = kilobyte | kilobytes; MB = megabyte | megabytes;"
        "GB = gigabyte | gigabytes; TB = terabyte | terabytes; PB = petabyte | petabytes;"
        "KiB = kibibyte | kibibytes; MiB = mebibyte | mebibytes; GiB = gibibyte | gibibytes;"
        "kbit Kbit = kilobit | kilobits; Mbit = megabit | megabits; Gbit = gigabit | gigabits;"
        "kbps Kbps = kilobit per second | kilobits per second;"
        "Mbps = megabit per second | megabits per second;"
        "Gbps = gigabit per second | gigabits per second;"
        "Hz = hertz; kHz = kilohertz; MHz = megahertz; GHz = gigahertz; W = watt | watts;"
        "kW = kilowatt | kilowatts; MW = megawatt | megawatts; GW = gigawatt | gigawatts;"
        "Wh = watt hour | watt hours; kWh = kilowatt hour | kilowatt hours;"
        "mAh = milliamp hour | milliamp hours; V = volt | volts; kV = kilovolt | kilovolts;"
        "mA = milliamp | milliamps; "
        "kJ = kilojoule | kilojoules; kcal = kilocalorie | kilocalories;"
        "cal = calorie | calories; hPa = hectopascal | hectopascals; bar = bar;"
        "psi = pound per square inch | pounds per square inch; dB = decibel | decibels;"
        "px = pixel | pixels; fps = frame per second | frames per second;"
        "rpm = revolution per minute | revolutions per minute; ppm = part per million | "
        "parts per million; ns = nanosecond | nanoseconds; µs μs = microsecond | microseconds;"
        "ms = millisecond | milliseconds; s sec secs = second | seconds;"
        "min mins = minute | minutes; h hr hrs = hour | hours; d = day | days"
    ),
    per={},
    currencies={
        "$": Currency(Noun("dollar", "dollars"), _CENT),
        "US$": Currency(Noun("US dollar", "US dollars"), _CENT),
        "CA$": Currency(Noun("Canadian dollar", "Canadian dollars"), _CENT),
        "A$": Currency(Noun("Australian dollar", "Australian dollars"), _CENT),
        "USD": Currency(Noun("US dollar", "US dollars"), _CENT),
        "€": Currency(Noun("euro", "euros"), _CENT),
        "EUR": Currency(Noun("euro", "euros"), _CENT),
        "£": Currency(Noun("pound", "pounds"), Noun("penny", "pence")),
        "GBP": Currency(Noun("pound", "pounds"), Noun("penny", "pence")),
        "¥": Currency(Noun("yen", "yen")),
        "JPY": Currency(Noun("yen", "yen")),
        "CHF": Currency(Noun("Swiss franc", "Swiss francs"), _CENT),
        "₹": Currency(Noun("rupee", "rupees"), Noun("paisa", "paise")),
        "₩": Currency(Noun("won", "won")),
        "₽": Currency(Noun("ruble", "rubles")),
        "₿": Currency(Noun("bitcoin", "bitcoins")),
        "¢": Currency(_CENT),
    },
    cents="{unit} {cent}",
    few_cents="{unit} and {cent} {cents}",
    scales=nouns(
        "k K thousand = thousand; M m mn million = million; B b bn billion = billion;"
        "T tn trillion = trillion; hundred = hundred"
    ),
    of_scale=" ",
    clock=Clock(
        Noun("", ""), "{hour} o'clock", "{hour} {minute}", "{hour} oh {minute}", "{hour} hundred"
    ),
    dates=Dates(
        months=(
            *("January", "February", "March", "April", "May", "June", "July", "August"),
            *("September", "October", "November", "December"),
        ),
        short_months=(
            *("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov"),
            "Dec",
        ),
        day_month="{month} {day}",
        day_month_year="{month} {day}, {year}",
        first="",
        others="",
        order="mdy",
        before="on|by|until|since",
    ),
    fractions=table(
        "1/2 = a half; 1/3 = a third; 2/3 = two thirds; 1/4 = a quarter; 3/4 = three quarters;"
        "1/5 = one fifth; 2/5 = two fifths; 3/5 = three fifths; 4/5 = four fifths;"
        "1/6 = one sixth; 5/6 = five sixths; 1/8 = one eighth; 3/8 = three eighths;"
        "5/8 = five eighths; 7/8 = seven eighths; 24/7 = twenty-four seven; 9/11 = nine eleven;"
        "50/50 = fifty fifty"
    ),
    ordinals={"st": "", "nd": "", "rd": "", "th": ""},
    articles={},
    abbreviations=table(
        "e.g. = for example; i.e. = that is; a.k.a. = also known as; etc. = et cetera;"
        "vs. = versus; vs = versus; Dr. = Doctor; Mr. = Mister; Mrs. = Missus; Ms. = Miz;"
        "Prof. = Professor; Jr. = Junior; Sr. = Senior; approx. = approximately;"
        "dept. = department; Dept. = Department; est. = estimated; Inc. = Incorporated;"
        "Ltd. = Limited; Corp. = Corporation; Gov. = Governor; Capt. = Captain;"
        "Gen. = General; Lt. = Lieutenant; Col. = Colonel; Sgt. = Sergeant;"
        "Rev. = Reverend; cf. = compare;"
        "w/ = with; w/o = without; btw = by the way; imo = in my opinion; BTW = by the way;"
        "imho = in my humble opinion; IMO = in my opinion; IMHO = in my humble opinion;"
        "afaik = as far as I know; AFAIK = as far as I know; tbh = to be honest;"
        "idk = I don't know; IDK = I don't know; brb = be right back; thx = thanks; pls = please;"
        "St. = Saint"
    ),
    before_numbers=table(
        "No. = number; no. = number; Nos. = numbers; № = number; p. = page; pp. = pages;"
        "Fig. = Figure; fig. = figure; Ch. = Chapter; ch. = chapter; Vol. = Volume;"
        "vol. = volume; Sec. = Section; Eq. = Equation; Art. = Article; ca. = about; c. = about"
    ),
    spelled=frozenset(),
    years_after=(
        "in|since|from|until|till|by|before|after|around|circa|year|early|late|mid|of|to|and|"
        "between|during|spring|summer|autumn|fall|winter|January|February|March|April|May|June|"
        "July|August|September|October|November|December|Copyright"
    ),
    reign=Reign(
        "Henry|Louis|Elizabeth|Charles|George|Edward|William|James|Richard|Paul|Pius|Benedict|"
        "Napoleon|Philip|Frederick|Catherine|Peter|Nicholas|Alexander|Ramesses|Gregory|Leo|Otto|"
        "Ptolemy|Mary|Robert",
        article="the ",
    ),
    numbered=(
        "War|Chapter|chapter|Part|part|Act|Volume|volume|Phase|phase|Type|type|Class|class|"
        "Section|section|Book|Episode|Article|Level|level|Stage|stage|Bowl|Tier|tier|Mark|"
        "Fantasy|Apollo|Rocky"
    ),
)
