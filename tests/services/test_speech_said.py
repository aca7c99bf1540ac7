# ruff: noqa: RUF001  (the signs people write are this module's matter)
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.speech_said import prepare, said

ENGLISH = [
    # plain numbers stay, marked ones become words
    ("The 3 of us had 12 apples.", "The 3 of us had 12 apples."),
    ("1,234.50", "one thousand two hundred thirty-four point five zero"),
    ("1,000,000 people", "one million people"),
    ("100 000 people", "one hundred thousand people"),
    ("It is 3.14.", "It is three point one four."),
    (".5 or 0.5", "zero point five or zero point five"),
    ("-5, −5 and +5", "minus five, minus five and plus five"),
    ("±5", "plus or minus five"),
    ("agent 007", "agent zero zero seven"),
    ("order 1234567", "order one two three, four five six, seven"),
    ("1000000 and 250000", "one million and 250000"),
    ("1, 2, 3 and 1,2,3", "1, 2, 3 and 1,2,3"),
    ("COVID-19, GPT-4, MP3, 5G, A4", "COVID-19, GPT-4, MP3, 5G, A4"),
    # fractions, ordinals, ranges, ratios
    ("½ cup and 2½ cups", "a half cup and two and a half cups"),
    ("3/4 of 1 1/2 miles", "three quarters of one and a half miles"),
    ("7/10 is fine, open 24/7", "seven out of ten is fine, open twenty-four seven"),
    ("the 1st, 2nd and 103rd", "the first, second and one hundred third"),
    ("pages 10-12", "pages ten to twelve"),
    ("3–5 apples", "three to five apples"),
    ("pages 3 - 5", "pages 3 to 5"),
    ("Mon–Fri, 1st–3rd", "Mon to Fri, first to third"),
    ("a 16:9 screen at 2:1 odds", "a sixteen to nine screen at two to one odds"),
    ("1-2-3", "1-2-3"),
    # money
    ("It costs $3.50.", "It costs three dollars fifty."),
    ("$1, $1.01 and $0.99", "one dollar, one dollar and one cent and ninety-nine cents"),
    ("$1,234.56", "one thousand two hundred thirty-four dollars fifty-six"),
    ("-$5", "minus five dollars"),
    ("$5/month", "five dollars per month"),
    ("$3-5 or $100–$200", "three to five dollars or one hundred to two hundred dollars"),
    ("$3 million and $2.5bn", "three million dollars and two point five billion dollars"),
    ("£5m, £3.20", "five million pounds, three pounds twenty"),
    ("€1.20 or 3 €", "one euro twenty or three euros"),
    ("¥500, 5 USD, 50¢", "five hundred yen, five US dollars, fifty cents"),
    ("$20k in $ and €", "twenty thousand dollars in dollars and euros"),
    # percentages, degrees, units
    ("50% or 3.5 %", "fifty percent or three point five percent"),
    ("10-15%, 10%–20%", "ten to fifteen percent, ten percent to twenty percent"),
    ("20 °C, -5°C, 98.6°F", "twenty degrees Celsius, minus five degrees Celsius, ninety-eight "
     "point six degrees Fahrenheit"),
    ("a 90° turn, 1°", "a ninety degree turn, one degree"),
    ("a 5 km run, an 8 GB stick, a $5 bill", "a five kilometer run, an eight gigabyte stick, "
     "a five dollar bill"),
    ("60 m.p.h., 0x8000", "sixty miles per hour, 0x8000"),
    ("5 km or 1 km", "five kilometers or one kilometer"),
    ("3.5 GB at 50 Mbit/s", "three point five gigabytes at fifty megabits per second"),
    ("100 km/h, 10 MB/s", "one hundred kilometers per hour, ten megabytes per second"),
    ("5kg, 2 m², 250 ml", "five kilograms, two square meters, two hundred fifty milliliters"),
    ("8 oz., 2 lbs", "eight ounces, two pounds"),
    ("5-6 km", "five to six kilometers"),
    ("a 24-hour day", "a twenty-four hour day"),
    ("60fps, 100ms, 16GB", "sixty frames per second, one hundred milliseconds, sixteen gigabytes"),
    ("5'11\" tall", "five foot eleven tall"),
    ("measured in km/h", "measured in kilometers per hour"),
    ("10k users, 2x faster", "ten thousand users, two times faster"),
    ("5 in the room, 4K, 7B", "5 in the room, 4K, 7B"),
    ("3×4 and 1920x1080", "three times four and nineteen twenty by ten eighty"),
    # dates and years
    ("on 2026-11-21", "on November twenty-first, twenty twenty-six"),
    ("on 11/21/2026", "on November twenty-first, twenty twenty-six"),
    ("on 21/11/2026", "on November twenty-first, twenty twenty-six"),
    ("On Nov. 21, 2026, we meet.", "On November twenty-first, twenty twenty-six, we meet."),
    ("21 November 2026", "November twenty-first, twenty twenty-six"),
    ("the 21st of November", "the twenty-first of November"),
    ("May 5 and May 2024", "May fifth and May twenty twenty-four"),
    ("2026-11-21T14:30", "November twenty-first, twenty twenty-six fourteen thirty"),
    ("in 1984 and by 1066", "in nineteen eighty-four and by ten sixty-six"),
    ("2019–2021, 1939-45", "twenty nineteen to twenty twenty-one, nineteen thirty-nine to "
     "forty-five"),
    ("the 1990s and the '60s", "the nineteen nineties and the sixties"),
    ("2024 users, 1500 people", "2024 users, 1500 people"),
    ("a 90s timeout, 30s", "a ninety second timeout, thirty seconds"),
    # times and durations
    ("at 14:30", "at fourteen thirty"),
    ("at 10:05 or 9:00", "at ten oh five or nine o'clock"),
    ("3:05 pm, 3 pm, 7 a.m.", "three oh five p.m., three p.m., seven a.m."),
    ("We meet at 3:00 p.m.", "We meet at three p.m."),
    ("9:00–17:00", "nine o'clock to seventeen hundred"),
    ("10:30:45", "ten thirty and forty-five seconds"),
    ("1h30, 1h 30m, 2m30s", "one hour thirty minutes, one hour thirty minutes, two minutes "
     "thirty seconds"),
    ("25:99 is no time", "twenty-five to ninety-nine is no time"),
    # machines' names
    ("ana.b_c@example.com", "ana dot b underscore c at example dot com"),
    ("v1.2.3 and version 2.0", "version one point two point three and version two point zero"),
    ("Python 3.11 and 1.10.3", "Python three point eleven and one point ten point three"),
    ("Python 3.11–3.13, gateway v10", "Python three point eleven to three point thirteen, gateway "
     "version ten"),
    ("v2.0.0-beta.1", "version two point zero point zero beta 1"),
    ("192.168.0.1", "one nine two dot one six eight dot zero dot one"),
    ("127.0.0.1:80", "one two seven dot zero dot zero dot one port eight zero"),
    ("+1 555 123 4567", "plus one, five five five, one two three, four five six seven"),
    ("(555) 123-4567", "five five five, one two three, four five six seven"),
    ("555.123.4567", "five five five, one two three, four five six seven"),
    ("555-1234", "five five five, one two three four"),
    ("main.py, node.js, .env", "main dot py, node dot JS, dot env"),
    ("a link to en.example.com", "a link to en.example.com"),
    ("press Ctrl+C or Cmd + Shift + P", "press Control C or Command Shift P"),
    # names, acronyms, abbreviations
    ("NASA uses HTTP and an API.", "NASA uses HTTP and an API."),
    ("Henry VIII in World War II", "Henry the eighth in World War two"),
    ("Chapter IV, if I am right", "Chapter four, if I am right"),
    ("Louis XIV's, Henry IIX", "Louis XIV's, Henry IIX"),
    ("Dr. Smith and Mrs. Lee", "Doctor Smith and Missus Lee"),
    ("St. John lives in Main St. now", "Saint John lives in Main St. now"),
    ("e.g. this, i.e. that", "for example this, that is that"),
    ("and so on, etc.", "and so on, et cetera."),
    ("cats, dogs, etc. They ran.", "cats, dogs, et cetera. They ran."),
    ("cats, dogs, etc., ran", "cats, dogs, et cetera, ran"),
    ("No. 5, #5, p. 5, Fig. 3", "number 5, number 5, page 5, Figure 3"),
    ("No. It is not.", "No. It is not."),
    ("btw, w/o it", "by the way, without it"),
    # signs
    ("R&D, fish & chips", "R and D, fish and chips"),
    ("2 + 2 = 4", "2 plus 2 equals 4"),
    ("5 - 3 = 2 and 3 * 4", "5 minus 3 equals 2 and 3 times 4"),
    ("a < b, x >= 5, x != y", "a is less than b, x is at least 5, x is not equal to y"),
    ("x² and x^3 and 10^6", "x squared and x cubed and 10 to the power of six"),
    ("H₂O, E=mc²", "H2O, E equals mc squared"),
    ("$E=mc^2$ is true", "E equals mc squared is true"),
    ("~5 minutes, ≈ 5, ≥ 18", "about five minutes, about 5, at least 18"),
    ("So it is.¹ And [1] said it.[2]", "So it is. And [1] said it."),
    ("a -> b => c", "a, b, c"),
    ("C++ and C#", "C plus plus and C sharp"),
    ("and/or TCP/IP", "and or TCP IP"),
    ("@ana in #MeToo @ home", "ana in hashtag MeToo at home"),
    ("Nice :) work ;-) <3", "Nice work"),
    ("§ 5 and 18+", "section 5 and 18 plus"),
    ("He paid $2.3 billion. He left.", "He paid two point three billion dollars. He left."),
    ("$3 bn. of debt", "three billion dollars of debt"),
    ("About >50%, <5 days or (>= $20)",
     "About more than fifty percent, less than five days or (at least twenty dollars)"),
    ("takes <5 min: > 3", "takes less than five minutes: more than 3"),
    ("6.02 × 10²³, 3 · 4, a − b",
     "six point zero two times 10 to the power of twenty-three, 3 times 4, a minus b"),
    ("10 / 2 = 5", "10 divided by 2 equals 5"),
    ("8 / 10 for that", "eight out of ten for that"),
    ("Click File > Save As. Open Home > My Apps > Notes",
     "Click File, Save As. Open Home, My Apps, Notes"),
    ("speed > limit, a List<String> and Map<K, List<V>> x",
     "speed more than limit, a List String> and Map K, List V>> x"),
    ("f(x) = 2x + 3 and y = 2x, 2x faster",
     "f(x) equals 2 x plus 3 and y equals 2 x, two times faster"),
    ("1.234,56 € and 1.234,5",
     "one thousand two hundred thirty-four euros fifty-six and one thousand two hundred "
     "thirty-four point five"),
    ("8-9 am, 9am-5pm, 9:30 – 10 p.m.",
     "8 to nine a.m., nine a.m. to five p.m., nine thirty to ten p.m."),
    ("on 2026/11/21", "on November twenty-first, twenty twenty-six"),
    ("9.8/10 and 4,500/500, 2023/24",
     "nine point eight out of ten and four thousand five hundred over five hundred, 2023/24"),
    ("4×4 m, 10 x 20 cm", "four by four meters, ten by twenty centimeters"),
    ("½ tsp, 2 1/2 tbsp and 1/4 km in 3/4 in",
     "a half teaspoon, two and a half tablespoons and a quarter kilometer in three quarters in"),
    ("$20/mo for 2 yrs, 1 tsp", "twenty dollars per month for two years, one teaspoon"),
    ("9.8 m/s²", "nine point eight meters per second squared"),
    ("So it is【4†source】. Yes 【1:0†a.pdf】.", "So it is. Yes."),
    ("on Windows 10/11 now", "on Windows ten, eleven now"),
    ("350°F/175°C, 330 m / 1,083 ft",
     "three hundred fifty degrees Fahrenheit, one hundred seventy-five degrees Celsius, "
     "three hundred thirty meters, one thousand eighty-three feet"),
    ("½ tsp. baking soda", "a half teaspoon baking soda"),
    ("on Sept. 1, 1939", "on September first, nineteen thirty-nine"),
    ("buy it if it's ≤ $50", "buy it if it's at most fifty dollars"),
    ("x >=2.5,<3", "x at least two point five,less than 3"),
    ("10%-20% of it", "ten percent to twenty percent of it"),
    ("UTC-08:00, GMT+1", "UTC minus 8, GMT plus 1"),
    ("~ Your friend <33", "Your friend"),
    ("XP: 1,250/2,000", "XP: one thousand two hundred fifty out of two thousand"),
    ("on 12/25, by 9/11, on 3/4, 12/25 of it",
     "on December twenty-fifth, by nine eleven, on three quarters, twelve out of "
     "twenty-five of it"),
]  # fmt: skip

GERMAN = [
    ("1.234,50", "eintausendzweihundertvierunddreißig Komma fünf null"),
    ("3,14 und 2.5", "drei Komma eins vier und zwei Punkt fünf"),
    ("1.000.000 Leute", "eine Million Leute"),
    ("Das kostet 3,50 €.", "Das kostet drei Euro fünfzig."),
    ("1 €, 0,99 €, $5", "ein Euro, neunundneunzig Cent, fünf Dollar"),
    ("3,5 Mio. € im Jahr", "drei Komma fünf Millionen Euro im Jahr"),
    ("ca. 3 Mio. Menschen", "circa drei Millionen Menschen"),
    ("am 3. Oktober 2026", "am dritten Oktober zweitausendsechsundzwanzig"),
    ("der 3. Oktober", "der dritte Oktober"),
    ("am 21.11.2026", "am einundzwanzigsten November zweitausendsechsundzwanzig"),
    ("vom 1.5. bis 3.6.", "vom ersten Mai bis dritten Juni."),
    ("das 2. Kapitel, zum 3. Mal", "das zweite Kapitel, zum dritten Mal"),
    ("um 14:30 Uhr, um 1 Uhr", "um vierzehn Uhr dreißig, um ein Uhr"),
    ("9–17 Uhr, 14.30 Uhr", "neun bis siebzehn Uhr, vierzehn Uhr dreißig"),
    ("1 km, 1 Stunde, 2 h, 5 m²", "ein Kilometer, eine Stunde, zwei Stunden, fünf Quadratmeter"),
    ("100 km/h, 20 °C, 50 %", "einhundert Kilometer pro Stunde, zwanzig Grad Celsius, "
     "fünfzig Prozent"),
    ("z.B. das, z. B. dies, d.h. jenes", "zum Beispiel das, zum Beispiel dies, das heißt jenes"),
    ("Äpfel usw. Dann", "Äpfel und so weiter. Dann"),
    ("Dr. Müller, Nr. 5, S. 12", "Doktor Müller, Nummer 5, Seite 12"),
    ("die API und die APIs", "die A.P.I. und die A.P.I.s"),
    ("NATO und HTTP", "NATO und HTTP"),
    ("Ludwig XIV. war König.", "Ludwig der vierzehnte war König."),
    ("im Jahr 1984, die 1990er", "im Jahr neunzehnhundertvierundachtzig, die "
     "neunzehnhundertneunziger"),
    ("2½ Stunden, 3/4", "zweieinhalb Stunden, drei Viertel"),
    ("3 + 4 = 7, a < b", "3 plus 4 gleich 7, a ist kleiner als b"),
    ("ana@example.de", "ana ät example Punkt de"),
    ("030/1234567", "null drei null, eins zwei drei, vier fünf sechs, sieben"),
    ("1.234.567", "eine Million zweihundertvierunddreißigtausendfünfhundert"
     "siebenundsechzig"),
    ("Z. B. Äpfel, ca. 5. Ca. 50 kamen.", "Zum Beispiel Äpfel, circa 5. Circa 50 kamen."),
    ("Das ist Max. Er hat max. 5.", "Das ist Max. Er hat maximal 5."),
    ("Hr. Meier, Hrn. Meier", "Herr Meier, Herrn Meier"),
    ("nur < 5 % oder >90 %", "nur kleiner als fünf Prozent oder größer als neunzig Prozent"),
    ("$1,234.56 und 1,234,567.8",
     "eintausendzweihundertvierunddreißig Dollar sechsundfünfzig und eine Million "
     "zweihundertvierunddreißigtausendfünfhundertsiebenundsechzig Komma acht"),
    ("$1,500, 1,759 €", "eintausendfünfhundert Dollar, eins Komma sieben fünf neun Euro"),
    ("1,01 € und 2,21 €", "ein Euro eins und zwei Euro einundzwanzig"),
    ("Im 19. Jahrhundert. Am 5. Er ging.", "Im neunzehnten Jahrhundert. Am 5. Er ging."),
    ("am 5. und 6. Juni, der 5. oder 6. Mai",
     "am fünften und sechsten Juni, der fünfte oder sechste Mai"),
    ("1½ Tassen, 1 3/4 Liter", "eineinhalb Tassen, eindreiviertel Liter"),
    ("§§ 3 und 5", "Paragraf 3 und 5"),
    ("2 EL Öl, bzgl. Salz: 1 TL u. v. m.",
     "zwei Esslöffel Öl, bezüglich Salz: ein Teelöffel und vieles mehr."),
    ("5 Std. 30 Min.", "fünf Stunden dreißig Minuten."),
    ("Elisabeth II. und Karl III.", "Elisabeth die zweite und Karl der dritte."),
    ("½ TL, 1½ kg, 1/2 h", "ein halb Teelöffel, eineinhalb Kilogramm, ein halb Stunde"),
    ("1.000 000 km", "eine Million Kilometer"),
    ("insg. 5 Pers.", "insgesamt 5 Personen."),
    ("von 9.00 bis 17.30 Uhr", "von neun Uhr bis siebzehn Uhr dreißig"),
]  # fmt: skip

FRENCH = [
    ("1 234,50", "mille deux cent trente-quatre virgule cinquante"),
    ("3,05", "trois virgule zéro cinq"),
    ("Ça coûte 3,50 €.", "Ça coûte trois euros cinquante."),
    ("3 M€, 3 millions d'euros", "trois millions d'euros, 3 millions d'euros"),
    ("1 €, 0,99 €", "un euro, quatre-vingt-dix-neuf centimes"),
    ("le 1er mai 2026", "le premier mai deux mille vingt-six"),
    ("le 21/11/2026", "le vingt-et-un novembre deux mille vingt-six"),
    ("à 14h30, à 14:30", "à quatorze heures trente, à quatorze heures trente"),
    ("à 1h, 21 h, 8h05", "à une heure, vingt-et-une heures, huit heures cinq"),
    ("1,5 km, 3 Go, 50 %", "un virgule cinq kilomètre, trois gigaoctets, cinquante pour cent"),
    ("1er, 1re, 2e, 3ème", "premier, première, deuxième, troisième"),
    ("au XIXe siècle", "au dix-neuvième siècle"),
    ("Louis XIV et François Ier", "Louis quatorze et François premier"),
    ("M. Dupont et Mme Durand, etc.", "Monsieur Dupont et Madame Durand, et cetera."),
    ("n° 5, p. 12", "numéro 5, page 12"),
    ("2½ et 3/4", "deux et demi et trois quarts"),
    ("01 23 45 67 89", "zéro un, deux trois, quatre cinq, six sept, huit neuf"),
    ("ana@example.fr", "ana arobase example point fr"),
    ("en 2de classe, le 2nd", "en deuxième classe, le deuxième"),
    ("le 14/07 et le 1/3 restant", "le quatorze juillet et le un tiers restant"),
    ("5 k€, 5 M€", "cinq mille euros, cinq millions d'euros"),
    (
        "Ier siècle, XVIIe et XVIIIe siècles, Élisabeth Ire",
        "premier siècle, dix-septième et dix-huitième siècles, Élisabeth première",
    ),
]

SPANISH = [
    ("1.234,50 y 3,14", "mil doscientos treinta y cuatro coma cincuenta y tres coma catorce"),
    ("Cuesta 3,50 €.", "Cuesta tres euros con cincuenta."),
    ("21 €, 21 km, 21 h", "veintiún euros, veintiún kilómetros, veintiuna horas"),
    ("el 21/11/2026", "el veintiuno de noviembre de dos mil veintiséis"),
    ("a las 14:30, a la 1:00, 3:05", "a las catorce treinta, a la una, tres y cinco"),
    ("100 km/h, 50 %", "cien kilómetros por hora, cincuenta por ciento"),
    ("1.º, 2ª, 1er piso", "primero, segunda, primer piso"),
    ("Felipe II, siglo XXI, Alfonso XIII", "Felipe segundo, siglo veintiuno, Alfonso trece"),
    ("EE. UU. y p. ej. esto", "Estados Unidos y por ejemplo esto"),
    ("Sr. López, n.º 5, pág. 12", "señor López, número 5, página 12"),
    (
        "P. ej. esto, p.ej. eso. Aprox. 5. Pág. 3.",
        "Por ejemplo esto, por ejemplo eso. Aproximadamente 5. Página 3.",
    ),
    ("3x mejor, 3 × 4", "tres veces mejor, tres por cuatro"),
    ("$1,234.56", "mil doscientos treinta y cuatro dólares con cincuenta y seis"),
    ("Cuesta $1,500.", "Cuesta mil quinientos dólares."),
    ("1,01 €", "un euro con uno"),
    ("Isabel II", "Isabel segunda"),
    (
        "Llame al 912 345 678 o al 91 321 10 00.",
        "Llame al nueve uno dos, tres cuatro cinco, seis siete ocho o al nueve uno, tres dos "
        "uno, uno cero, cero cero.",
    ),
    ("el 1 sep. 2024", "el uno de septiembre de dos mil veinticuatro"),
    ("el 25/12", "el veinticinco de diciembre"),
]

ITALIAN = [
    ("1.234,50 e 3,14", "milleduecentotrentaquattro virgola cinquanta e tre virgola quattordici"),
    ("Costa 3,50 €, 3 mln di persone", "Costa tre euro e cinquanta, tre milioni di persone"),
    ("il 21/11/2026, 1/5/2026", "il ventuno novembre duemilaventisei, primo maggio "
     "duemilaventisei"),
    ("alle 14:30, alle 14:00", "alle quattordici e trenta, alle quattordici"),
    ("100 km/h, 50%", "cento chilometri all'ora, cinquanta per cento"),
    ("1º, 2ª, Luigi XIV", "primo, seconda, Luigi quattordicesimo"),
    ("n. 5, dott. Rossi, ecc.", "numero 5, dottor Rossi, eccetera."),
    ("p.es. la Sig.ra Neri, la Dott.ssa Verdi", "per esempio la Signora Neri, la Dottoressa Verdi"),
    ("3x meglio", "tre volte meglio"),
    ("+39 333 123 4567", "più tre nove, tre tre tre, uno due tre, quattro cinque sei sette"),
    ("alle 15.30, ore 9.05, alle 15.75",
     "alle quindici e trenta, ore nove e cinque, alle quindici punto settantacinque"),
    ("Elisabetta II", "Elisabetta seconda"),
]  # fmt: skip

PORTUGUESE = [
    ("1.234,50", "mil duzentos e trinta e quatro vírgula cinquenta"),
    ("Custa R$ 3,50 ou R$ 1", "Custa três reais e cinquenta ou um real"),
    ("R$ 3 milhões", "três milhões de reais"),
    ("21/11/2026", "vinte e um de novembro de dois mil e vinte e seis"),
    ("às 14:30, às 14:00", "às catorze horas e trinta, às catorze horas"),
    ("2 h, 100 km/h", "duas horas, cem quilômetros por hora"),
    ("1º, 2ª, século XXI, Pedro II", "primeiro, segunda, século vinte e um, Pedro segundo"),
    ("Sr. Silva, pág. 12", "senhor Silva, página 12"),
    ("Custa R$ 3 bi. Sim.", "Custa três bilhões de reais. Sim."),
    ("p.ex. isto", "por exemplo isto"),
    ("Ligue (11) 91234-5678.", "Ligue um um, nove um dois, três quatro, cinco seis sete oito."),
    ("Isabel II", "Isabel segunda"),
    ("D. Pedro I proclamou", "Dom Pedro primeiro proclamou"),
    ("R$ 5 mil", "cinco mil reais"),
    ("2x mais", "duas vezes mais"),
]

DUTCH = [
    ("1.234,50", "duizendtweehonderdvierendertig komma vijftig"),
    ("Het kost € 3,50, € 3 mln", "Het kost drie euro vijftig, drie miljoen euro"),
    ("21-11-2026, 1 mei 2026", "eenentwintig november tweeduizendzesentwintig, één mei "
     "tweeduizendzesentwintig"),
    ("om 14:30 uur, 9–17 uur", "om veertien uur dertig, negen tot zeventien uur"),
    ("1 km, 50%, 20 °C", "één kilometer, vijftig procent, twintig graden Celsius"),
    ("1e, 2de, 20ste", "eerste, tweede, twintigste"),
    ("bijv. dit, d.w.z. dat, enz.", "bijvoorbeeld dit, dat wil zeggen dat, enzovoort."),
    ("nr. 5, blz. 12, in 1984", "nummer 5, bladzijde 12, in negentienvierentachtig"),
    ("Mail ana@example.nl. Dhr. Smit, nl. Jan",
     "Mail ana apenstaartje example punt nl. De heer Smit, namelijk Jan"),
    ("€ 1, tel. 020 111 2222", "één euro, tel. nul twee nul, één één één, twee twee twee twee"),
]  # fmt: skip

OTHERS = [
    ("en-GB", "1/2/2026", "February first, twenty twenty-six"),
    ("en_US", "1/2/2026", "January second, twenty twenty-six"),
    ("pt-BR", "16 km", "dezesseis quilômetros"),
    ("pt-PT", "16 km", "dezasseis quilômetros"),
    ("pl", "3,5 km i 1 234", "3,5 km i 1 234"),
    ("", "3.5 km", "3.5 km"),
]

TABLE = [
    *(("en", *case) for case in ENGLISH),
    *(("de", *case) for case in GERMAN),
    *(("fr", *case) for case in FRENCH),
    *(("es", *case) for case in SPANISH),
    *(("it", *case) for case in ITALIAN),
    *(("pt", *case) for case in PORTUGUESE),
    *(("nl", *case) for case in DUTCH),
    *OTHERS,
]
LANGUAGES = st.sampled_from(["en", "de", "fr", "es", "it", "pt", "nl"])
NUMBERS = st.from_regex(r"[0-9]{1,9}([.,][0-9]{1,4}){0,3}", fullmatch=True)
WRITTEN = st.tuples(
    st.sampled_from(["", "-", "$", "€", "v", "(", "am ", "in ", "No. ", "the ", "~", "+", "#"]),
    NUMBERS,
    st.sampled_from(["-", "–", "/", ":", " - ", "x", " × ", "h", ", ", " ", " + "]),
    NUMBERS,
    st.sampled_from(
        ["", " km", "%", " €", "°C", "s", "th", " Uhr", "pm", "k", "/h", "²", ")", "."]
    ),
).map("".join)
SIGNS = st.sampled_from(
    [
        *("1", "12", "2026", "3.5", "1,000", "007", "½", "²", "₂", " ", " ", ".", ",", ":", "-"),
        *("–", "/", "$", "€", "%", "°", "C", "km", "h", "m", "x", "×", "=", "<", ">", "^", "*"),
        *("@", "#", "&", "~", "a", "word", "Henry", "VIII", "e.g.", "z.B.", "etc.", "Nov.", "am"),
        *("[", "]", "(", ")", ":)", "->", "+", "'", '"', "\n", "π", "中", "😀", "٣", "v1.2", "pm"),
    ]
)
TEXTS = st.one_of(st.lists(SIGNS, max_size=30).map("".join), st.text(max_size=60))


def test_the_table_is_as_large_as_promised() -> None:
    assert len(TABLE) >= 150
    assert len(ENGLISH) >= 80


@pytest.mark.parametrize(("language", "written", "spoken"), TABLE)
def test_says_it_as_people_do(language: str, written: str, spoken: str) -> None:
    assert said(written, language=language) == spoken


@pytest.mark.parametrize(("language", "written", "spoken"), TABLE)
def test_what_is_said_stays_the_same_when_said_again(
    language: str, written: str, spoken: str
) -> None:
    assert said(spoken, language=language) == spoken


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it", "pt", "nl"])
def test_a_language_can_be_loaded_before_it_is_needed(language: str) -> None:
    prepare(language)


@given(TEXTS, LANGUAGES)
def test_takes_any_text(text: str, language: str) -> None:
    spoken = said(text, language=language)
    assert spoken == " ".join(spoken.split())


@pytest.mark.parametrize("blank", ["", " ", "\n\t"])
def test_says_nothing_for_nothing(blank: str) -> None:
    assert said(blank, language="en") == ""


@given(WRITTEN, LANGUAGES, st.data())
def test_every_figure_is_heard(written: str, language: str, data: st.DataObject) -> None:
    places = [at for at, character in enumerate(written) if character.isdecimal()]
    at = data.draw(st.sampled_from(places))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != written[at]]))
    changed = written[:at] + other + written[at + 1 :]
    assert said(changed, language=language) != said(written, language=language)


@pytest.mark.parametrize(
    "part",
    ["1", "1 ", "1.", "1,", "1-", "1/", "1:", "x^", "=", "a.", "$1 ", "a@", "<-", "²", "etc. "],
)
def test_a_very_long_text_is_said_in_one_pass(part: str) -> None:
    written = part * (20_000 // len(part))
    assert len(said(written, language="en")) >= len(written.split()[0]) // 2


def test_a_number_too_long_for_words_is_said_by_figures() -> None:
    assert said("9" * 20_000, language="en").count("nine") == 20_000
