# ruff: noqa: RUF001  (the signs people write are this module's matter)
import re
from typing import Final

from services.speech_language import Currency, Language, Noun
from services.speech_numbers import NumberWords
from services.speech_rule import END, RANGE, SIGN, START, Rule, any_of, rule

ATTACHED: Final = frozenset(("d", "t", "V", "W", "in"))
"""Units that behind a blank may as well be a word: "5 in the room"."""

_GAP: Final = r"[ \u00a0\u202f]?"
_NOT_WORD: Final = r"(?![^\W_]|\.[^\W\d_]\b)"
INSIDE: Final = r"\.(?=[,;:)]|\s[a-z]|\s\d+\s?(?:Min|min|Sek|sec|in)\b)"
"""A full stop behind an abbreviation inside a sentence."""

_THOUSANDS: Final = re.compile(r"\d{1,3},\d{3}")
_ARTICLE: Final = re.compile(r"(?:\A|\s|\()[Aa]n?\s\Z")


class Quantities:
    """Say money, percentages, degrees, measures and large round numbers."""

    def __init__(self, language: Language, numbers: NumberWords) -> None:
        self._language, self._numbers = language, numbers
        self._to = language.words["to"]
        money = (currency.unit for currency in language.currencies.values())
        written_out = [noun for noun in (*language.units.values(), *money) if len(noun.one) > 2]
        self._units = {
            **{form: noun for noun in written_out for form in (noun.one, noun.many)},
            **language.units,
        }
        figures = numbers.number
        self._figures = rf"(?P<low>{SIGN}{figures})(?:{RANGE}(?P<high>{figures}))?"

    def rules(self) -> list[Rule]:
        """Return the rules, the more particular first."""
        language, figures = self._language, self._figures
        units = self._units
        apart = any_of(set(units) - ATTACHED)
        per = rf"(?:/(?P<per>{any_of(units)}|[^\W\d_]{{2,12}}){_NOT_WORD})?"
        of_five = r"(?P<low>\d)['′](?P<high>\d{1,2})(?:\"|″|''|”)?(?!\w)"
        found = [
            *self._money(per),
            rule(rf"{START}{figures}{_GAP}%", self._percent, "%"),
            rule(rf"{START}{figures}{_GAP}‰", self._percent, "‰"),
            rule(rf"{START}{figures}{_GAP}°(?:\s?(?P<scale>[CF])\b)?", self._degrees, "°"),
            rule(
                rf"{START}(?P<low>[1-9]\d{{0,4}}){_GAP}[x×]{_GAP}(?P<high>\d{{1,5}})"
                rf"(?:{_GAP}[x×]{_GAP}(?P<third>\d{{1,5}}))?(?P<unit>{_GAP}(?:{apart}))?{END}",
                self._product,
            ),
            rule(
                rf"{START}{figures}(?:(?P<hyphen>-)?{_GAP}(?P<unit>{apart})|(?P<near>{any_of(units)}))"
                rf"{_NOT_WORD}{per}(?:{INSIDE})?",
                self._measure,
            ),
            rule(rf"{START}{figures}[x×](?!\w)", self._times),
        ]
        if language.code == "en":
            found.append(rule(rf"{START}{of_five}", self._feet, "'′"))
        return [*found, self._round_numbers()]

    def _money(self, per: str) -> list[Rule]:
        currencies, scales = self._language.currencies, any_of(self._language.scales)
        signs, marks = any_of(currencies), "".join(name[0] for name in currencies)
        scale = rf"(?:{_GAP}(?P<scale>{scales})(?!\w))?"
        sign = r"(?P<sign>[-−+±]\s?)?"
        low, high = f"(?P<low>{self._numbers.number})", f"(?P<high>{self._numbers.number})"
        before = rf"(?P<money>{signs}){_GAP}"
        return [
            rule(
                rf"(?<![\w.,]){sign}{before}{low}(?:{RANGE}(?:{signs})?{high})?"
                rf"{scale}(?!\d|\w)(?:{INSIDE})?{per}",
                self._sum,
                marks,
            ),
            rule(
                rf"{START}{sign}{low}(?:{RANGE}{high})?{scale}\.?{_GAP}(?P<money>{signs})"
                rf"{_NOT_WORD}{per}",
                self._sum,
                marks,
            ),
        ]

    def _round_numbers(self) -> Rule:
        scales = self._language.scales
        # other letters alone are names as often: "4K", "7B"
        letters = [key for key in ("k", "M") if key in scales]
        short = [key for key, noun in scales.items() if len(key) > 1 and key not in noun]
        near = rf"(?P<near>{any_of(letters)})"
        far = rf"|{_GAP}(?P<scale>{any_of(short)})\.?" if short else "(?P<scale>)"
        return rule(rf"{START}{self._figures}(?:{near}{far})(?!\w)", self._scaled)

    def _sum(self, match: re.Match[str]) -> str:
        currency = self._language.currencies[match["money"]]
        currency = currency._replace(unit=self._attribute(match, currency.unit))
        low, high, scale = self._low(match), match["high"], match["scale"]
        per = self._per(match["per"])
        if scale:
            noun = self._language.scales[scale]
            of = self._of_scale(currency) if noun.one != noun.many else " "
            said = f"{self._numbers.count(high or low, noun)}{of}"
            said += currency.unit.many
            said = f"{self._numbers.read(low)} {self._to} {said}" if high else said
        elif high:
            said = f"{self._numbers.read(low, currency.unit.gender)} {self._to} "
            said += self._amount(high, currency)
        else:
            said = self._amount(low, currency)
        return self._numbers.with_sign(match["sign"] or "", said + per)

    def _low(self, match: re.Match[str]) -> str:
        """Return the first figures; "$1,500" has no thousandths in any language."""
        low: str = match["low"]
        foreign = self._language.decimal == "," and match.string.startswith(
            ("$", "US$"), match.start("money")
        )
        before = match.start("money") < match.start("low")
        return low.replace(",", ".") if foreign and before and _THOUSANDS.fullmatch(low) else low

    def _amount(self, written: str, currency: Currency) -> str:
        numbers = self._numbers
        whole, fraction = numbers.split(written)
        cent = currency.cent
        if len(fraction) != 2 or cent is None:
            return numbers.count(written, currency.unit)
        value = int(fraction)
        if not value:
            return numbers.count(whole, currency.unit)
        if not int(whole):
            return numbers.count(str(value), cent)
        template = self._language.few_cents if value < 10 else self._language.cents
        cents = numbers.cardinal(value, cent.gender if "{cents}" in template else "")
        noun = cent.one if value == 1 else cent.many
        return template.format(unit=numbers.count(whole, currency.unit), cent=cents, cents=noun)

    def _of_scale(self, currency: Currency) -> str:
        of = self._language.of_scale
        elides = (
            of.endswith("e ") and currency.unit.many[0] in "aeiou" and self._language.code == "fr"
        )
        return f"{of[:-2]}'" if elides else of

    def _percent(self, match: re.Match[str]) -> str:
        name = "percent" if match[0].endswith("%") else "permille"
        return f"{self._span(match)} {self._language.words[name]}"

    def _degrees(self, match: re.Match[str]) -> str:
        noun = self._attribute(match, self._language.degree)
        form = self._numbers.form(match["high"] or match["low"], noun)
        said = f"{self._span(match, noun.gender)} {form}"
        names = {"C": "celsius", "F": "fahrenheit"}
        scale = match["scale"]
        return f"{said} {self._language.words[names[scale]]}" if scale else said

    def _measure(self, match: re.Match[str]) -> str:
        noun = self._attribute(match, self._units[match["unit"] or match["near"]])
        form = self._numbers.form(match["high"] or match["low"], noun)
        form = noun.one if match["hyphen"] else form
        return f"{self._span(match, noun.gender)} {form}{self._per(match['per'])}"

    def _product(self, match: re.Match[str]) -> str:
        parts = [part for part in (match["low"], match["high"], match["third"]) if part]
        sizes = len(parts) > 2 or match["unit"] or min(map(int, parts)) >= 100
        words = f" {self._language.words['by' if sizes else 'times']} "
        said = words.join(self._numbers.size(part) for part in parts)
        if unit := (match["unit"] or "").strip():
            said = f"{said} {self._units[unit].many}"
        return said

    def _times(self, match: re.Match[str]) -> str:
        gender = "n" if self._language.code == "de" else "f"
        return f"{self._span(match, gender)} {self._language.words['times as much']}"

    def _feet(self, match: re.Match[str]) -> str:
        feet, inches = self._numbers.read(match["low"]), self._numbers.read(match["high"])
        return f"{feet} foot {inches}"

    def _scaled(self, match: re.Match[str]) -> str:
        noun = self._language.scales[match["near"] or match["scale"]]
        last = "." if match[0].endswith(".") and match.end() == len(match.string) else ""
        form = self._numbers.form(match["high"] or match["low"], noun)
        return f"{self._span(match, noun.gender)} {form}{last}"

    def _span(self, match: re.Match[str], gender: str = "") -> str:
        low = self._numbers.read(match["low"], gender)
        if not match["high"]:
            return low
        return f"{low} {self._to} {self._numbers.read(match['high'], gender)}"

    def _attribute(self, match: re.Match[str], noun: Noun) -> Noun:
        """Return a noun as it stands in "a 5 km run": English keeps it singular there."""
        start = match.start()
        english = self._language.code == "en"
        attribute = english and _ARTICLE.search(match.string[max(0, start - 4) : start])
        return Noun(noun.one, noun.one) if attribute else noun

    def _per(self, unit: str | None) -> str:
        if not unit:
            return ""
        language = self._language
        if unit in language.per:
            return f" {language.per[unit]}"
        noun = language.units.get(unit, Noun(unit, unit))
        return f" {language.words['per']} {noun.one}"
