# ruff: noqa: RUF001  (the signs people write are this module's matter)
import re
from typing import Final

from services.speech_language import Language
from services.speech_numbers import NumberWords
from services.speech_rule import END, RANGE, START, Rule, any_of, rule

_YEARS: Final = range(1000, 2100)
_SURE_YEARS: Final = range(1900, 2100)
"""Four figures that are a year without a word before them that says so."""

_LAST_WORD: Final = re.compile(r"([^\W\d_]+)(?=\W{1,2}\Z)")
_BEFORE_TWO_DAYS: Final = re.compile(r"([^\W\d_]+)\s\d{1,2}\.\s(?:und|oder)\s\Z")
_BEFORE: Final = 24  # characters looked back at
_THINGS: Final = re.compile(
    r"\s(?!was\b|is\b|has\b|as\b|this\b)(?:[a-z]{2,}s|people|men|women|children)\b"
)
_PERIOD: Final = re.compile(r"(?<![^\W\d_])([ap])\.?\s?m\b", re.IGNORECASE)
_HOUR_WORDS: Final = r"(?:\s?(?:Uhr|uur|heures?|horas|hs?|ore)(?![\w]))?"


class Moments:
    """Say dates, times of day, durations and years."""

    def __init__(self, language: Language, numbers: NumberWords) -> None:
        self._language, self._numbers = language, numbers
        self._dates, self._clock = language.dates, language.clock
        months = (*self._dates.months, *self._dates.short_months)
        count = len(self._dates.months)
        self._months = {name: at % count for at, name in enumerate(months)}
        for name in [
            short[:3] for short in self._dates.short_months if short[:3] in ("Sep", "sep")
        ]:
            self._months |= {name: 8, f"{name}t": 8}
        self._month_names = any_of(self._months)
        self._year_context = re.compile(rf"(?:\b(?i:{language.years_after})\s|[(])\Z")

    def rules(self) -> list[Rule]:
        """Return the rules, those first that would be spoiled by others."""
        suffix = f"(?:{any_of([*self._language.ordinals, '.'])})?"
        year = r"(?:,?\s(?:del?\s|do\s)?(?P<year>\d{4})(?!\d))?"
        day = rf"(?P<day>\d{{1,2}}){suffix}"
        month = rf"(?P<month>{self._month_names})\b\.?"
        found = [
            rule(
                rf"{START}(\d{{4}})(?P<sep>[/-])(\d\d)(?P=sep)(\d\d)(?:T(?=\d)|{END})",
                self._iso_date,
                "-/",
            ),
            rule(
                rf"{START}(\d{{1,2}})(?P<sep>[/.-])(\d{{1,2}})(?P=sep)(\d{{4}}|\d\d){END}",
                self._figures,
            ),
            rule(rf"{START}{day}\s(?P<of>of\s|de\s)?{month}{year}", self._named_date),
            rule(rf"(?<!\w){month}\s{day}(?![\w:]|[.,]\d){year}", self._named_date),
            rule(rf"(\d{{1,2}}:\d\d){RANGE}(?=\d{{1,2}}:\d\d)", rf"\1 {self._word('to')} ", ":"),
            rule(
                rf"{START}(\d{{1,2}}):(\d\d)(?::(\d\d))?Z?(?!\w|:?\d|[ap]m){_HOUR_WORDS}"
                r"(?P<period>)",
                self._time,
                ":",
            ),
            rule(r"(?<![\w.,:/])(?P<year>\d{3}0)(?P<decade>s|ern?)(?!\w)", self._decade, "0"),
            rule(
                r"(?:(?<=the )|(?<=early )|(?<=late )|(?<=mid-)|(?<!\w)['’])([2-9])0s\b",
                self._short_decade,
                "0",
            ),
            *self._durations(),
        ]
        if self._dates.before:
            words = rf"\b(?i:{self._dates.before})\s"
            found.append(
                rule(rf"({words})(\d{{1,2}})/(\d{{1,2}})(?![\w/%]|[.,]\d)", self._short, "/")
            )
        if self._language.code == "it":
            hour = r"(?:(?i:\bd?alle|\bore|\bd?all['’])\s?)"
            found.insert(
                2, rule(rf"({hour})(\d{{1,2}})\.(\d\d)(?![\d%€]|[.,]\d)", self._of_hours, ".")
            )
        until = r"(?=\s(?:bis|und|tot|en)\s\d{1,2}\.\d\d\s?(?:Uhr|uur)\b)"
        found.insert(2, rule(rf"(){START}(\d{{1,2}})\.(\d\d){until}", self._of_hours, "."))
        if self._language.articles:
            found[2:2] = [rule(rf"{START}(\d{{1,2}})\.(\d{{1,2}})\.(?!\d)", self._day_and_month)]
        if self._language.code == "en":
            found[5:5] = [self._hour_range(), self._twelve_hours()]
        return found

    def year_rules(self) -> list[Rule]:
        """Return the rules for years, which come after those for counted things."""
        if not self._language.years_after:
            return []
        return [
            rule(rf"{START}(\d{{4}}){RANGE}(\d{{4}}|\d\d){END}", self._years),
            rule(rf"(?<![\w.,:/-])(?P<year>\d{{4}}){END}", self._year),
        ]

    def _durations(self) -> list[Rule]:
        hours = rf"{START}(\d{{1,3}})\s?h\s?(?:(\d\d)(?:\s?min|m)?|(\d{{1,2}})(?:\s?min|m))"
        found = [
            rule(rf"{hours}(?:\s?(\d{{1,2}})\s?s)?{END}", self._duration, "h"),
            rule(rf"{START}(\d{{1,3}})m\s?(\d{{1,2}})s{END}", self._minutes, "m"),
        ]
        if self._clock.hour.one:
            words = r"(?:Uhr|uur)(?!\w)" if self._clock.hour.many != "heures" else r"h(?![\w/])"
            full = rf"{START}(?:(\d{{1,2}}){RANGE})?(\d{{1,2}})(?:\.(\d\d)(?=\s))?\s?{words}"
            found.append(rule(full, self._hours))
        return found

    def _twelve_hours(self) -> Rule:
        period = r"\s?(?P<period>[ap]\.?\s?m\b\.?)"
        time = rf"{START}(\d{{1,2}})(?:[:.](\d\d))?(?::(\d\d))?{period}"
        return rule(re.compile(time, re.IGNORECASE), self._time)

    def _hour_range(self) -> Rule:
        time, period = r"\d{1,2}(?::\d\d)?", r"[ap]\.?\s?m\b"
        pattern = rf"{START}({time}(?:\s?{period}\.?)?){RANGE}(?={time}\s?{period})"
        return rule(re.compile(pattern, re.IGNORECASE), rf"\1 {self._word('to')} ", "-–—")

    def _iso_date(self, match: re.Match[str]) -> str:
        said = self._date(match, int(match[4]), int(match[3]), int(match[1]))
        return f"{said} " if match[0].endswith("T") and said != match[0] else said

    def _figures(self, match: re.Match[str]) -> str:
        day, month = int(match[1]), int(match[3])
        if match["sep"] == "/" and self._dates.order == "mdy":
            day, month = month, day
        if month > 12 >= day:
            day, month = month, day
        short = len(match[4]) == 2
        if short and (match["sep"] == "-" or (match["sep"] == "." and len(match[0]) < 8)):
            return match[0]
        return self._date(match, day, month, int(match[4]) + (2000 if short else 0))

    def _short(self, match: re.Match[str]) -> str:
        """Say "on 12/25"; what is a fraction by name stays one."""
        day, month = int(match[2]), int(match[3])
        if self._dates.order == "mdy":
            day, month = month, day
        named = f"{match[2]}/{match[3]}" in self._language.fractions
        if named or not (1 <= month <= 12 and 1 <= day <= 31):
            return match[0]
        said = self._day(day, "")
        month_name = self._dates.months[month - 1]
        return match[1] + self._dates.day_month.format(day=said, month=month_name)

    def _date(self, match: re.Match[str], day: int, month: int, year: int) -> str:
        if not (1 <= month <= 12 and 1 <= day <= 31):
            return match[0]
        return self._dates.day_month_year.format(
            day=self._day(day, _word_before(match)),
            month=self._dates.months[month - 1],
            year=self._numbers.year(year),
        )

    def _day_and_month(self, match: re.Match[str]) -> str:
        day, month = int(match[1]), int(match[2])
        if not (1 <= month <= 12 and 1 <= day <= 31):
            return match[0]
        said = self._day(day, _word_before(match))
        last = "." if match.end() == len(match.string) else ""
        return f"{said} {self._dates.months[month - 1]}{last}"

    def _named_date(self, match: re.Match[str]) -> str:
        day, before = int(match["day"]), _word_before(match)
        if not 1 <= day <= 31:
            return match[0]
        month = self._dates.months[self._months[match["month"]]]
        said, year = self._day(day, before), match["year"]
        of = match.groupdict().get("of")
        if self._language.code == "en" and (of or before == "the"):
            words = f"{said} of {month}"
            return f"{words}, {self._numbers.year(int(year))}" if year else words
        last = "." if match[0].endswith(".") and match.end() == len(match.string) else ""
        if not year:
            return self._dates.day_month.format(day=said, month=month) + last
        spoken = self._numbers.year(int(year))
        return self._dates.day_month_year.format(day=said, month=month, year=spoken)

    def _day(self, day: int, before: str) -> str:
        form = self._dates.first if day == 1 else self._dates.others
        if self._language.articles:
            form = self._language.articles.get(before.lower(), form)
        return self._numbers.cardinal(day) if form is None else self._numbers.ordinal(day, form)

    def _time(self, match: re.Match[str]) -> str:
        hour, minute, second = (int(part) if part else 0 for part in match.groups()[:3])
        if hour > 24 or minute > 59 or second > 59:
            return match[0]
        period = f" {match['period'][0].lower()}.m." if match["period"] else ""
        if period and hour > 12:
            return match[0]
        said = self._of_day(hour, minute, exact=not period)
        if second:
            seconds = self._numbers.count(str(second), self._language.units["s"])
            said = f"{said} {self._word('and')} {seconds}"
        return said + period

    def _of_hours(self, match: re.Match[str]) -> str:
        hour, minute = int(match[2]), int(match[3])
        if hour > 24 or minute > 59:
            return match[0]
        return match[1] + self._of_day(hour, minute, exact=True)

    def _of_day(self, hour: int, minute: int, *, exact: bool) -> str:
        clock, numbers = self._clock, self._numbers
        whole = (hour > 12 and clock.late) or clock.full
        template = whole if not minute else clock.few if minute < 10 else clock.minutes
        if not minute and not exact:
            template = "{hour}"
        hours = numbers.count(str(hour), clock.hour)
        return template.format(hour=hours, minute=numbers.cardinal(minute))

    def _hours(self, match: re.Match[str]) -> str:
        hour, minute = int(match[2]), int(match[3] or 0)
        if hour > 24 or minute > 59:
            return match[0]
        said = self._of_day(hour, minute, exact=True)
        return f"{self._numbers.read(match[1])} {self._word('to')} {said}" if match[1] else said

    def _duration(self, match: re.Match[str]) -> str:
        hours, minutes, seconds = match[1], match[2] or match[3], match[4]
        if self._clock.hour.one == self._language.units["h"].one and not seconds:
            return self._of_day(int(hours), int(minutes), exact=True)
        return self._counted({"h": hours, "min": minutes, "s": seconds})

    def _minutes(self, match: re.Match[str]) -> str:
        return self._counted({"min": match[1], "s": match[2]})

    def _counted(self, parts: dict[str, str | None]) -> str:
        units, count = self._language.units, self._numbers.count
        return " ".join(count(str(int(n)), units[unit]) for unit, n in parts.items() if n)

    def _years(self, match: re.Match[str]) -> str:
        first = int(match[1])
        last = int(match[2]) + (0 if len(match[2]) == 4 else first // 100 * 100)
        if first not in _YEARS or last not in _YEARS or last < first:
            return match[0]
        spoken = last if len(match[2]) == 4 else int(match[2])
        return f"{self._numbers.year(first)} {self._word('to')} {self._numbers.year(spoken)}"

    def _year(self, match: re.Match[str]) -> str:
        year = int(match["year"])
        if year not in _YEARS:
            return match[0]
        text, start, end = match.string, match.start(), match.end()
        sure = year in _SURE_YEARS and not _THINGS.match(text, end)
        told = self._year_context.search(text[max(0, start - _BEFORE) : start])
        return self._numbers.year(year) if sure or told else match[0]

    def _decade(self, match: re.Match[str]) -> str:
        year = int(match["year"])
        return _decade(self._numbers.year(year), match["decade"]) if year in _YEARS else match[0]

    def _short_decade(self, match: re.Match[str]) -> str:
        return _decade(self._numbers.cardinal(10 * int(match[1])), "s")

    def _word(self, name: str) -> str:
        return self._language.words[name]


def _word_before(match: re.Match[str]) -> str:
    start = match.start()
    before = match.string[max(0, start - _BEFORE) : start]
    found = _BEFORE_TWO_DAYS.search(before) or _LAST_WORD.search(before)
    return found[1] if found else ""


def _decade(year: str, suffix: str) -> str:
    if suffix == "s" and year.endswith("y"):
        return f"{year[:-1]}ies"
    return year + suffix
