# ruff: noqa: RUF001  (the signs people write are this module's matter)
"""What machines are named by: e-mail, hosts, files, versions, phone numbers, keys."""

import re
from typing import Final

from services.speech_language import Language
from services.speech_numbers import NumberWords
from services.speech_rule import Rule, rule

_VERSIONED: Final = (
    r"[Vv]ersion|[Rr]elease|Python|PHP|Ruby|Go|Rust|Java|Node|Node\.js|iOS|iPadOS|Android|macOS|"
    r"Ubuntu|Debian|Fedora|Windows|Linux|[Kk]ernel|Unity|Minecraft|Django|Bootstrap|Angular|Swift"
)
_EXTENSION: Final = re.compile(r"[b-df-hj-np-tv-xz]{2,4}")
_SHORTEST_PHONE: Final = 7
_MAX_OCTET: Final = 255
_DOMAINS: Final = "com|org|net|edu|gov|io|dev|app|ai|gg|tv|me|co|uk|de|fr|es|it|nl|eu|us|ca|au"
_KEYS: Final = r"(?:Ctrl|Strg|Control|Alt|AltGr|Shift|Umschalt|Cmd|Command|Win|Option|Super|Fn)"


class Addresses:
    """Say what stands in machines' writing, where a point is no full stop."""

    def __init__(self, language: Language, numbers: NumberWords) -> None:
        self._words, self._numbers = language.words, numbers
        self._grouping = language.grouping
        self._english, self._spanish = language.code == "en", language.code == "es"

    def early_rules(self) -> list[Rule]:
        """Return the rules whose figures and signs must not be taken for others."""
        return [
            rule(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}", self._email, "@"),
            rule(rf"\b{_KEYS}(?:\s?\+\s?\w{{1,10}}){{1,4}}", self._keys, "+"),
        ]

    def rules(self) -> list[Rule]:
        """Return the rules for what has figures, the more particular first."""
        suffix = r"(?P<suffix>[-+]?(?:alpha|beta|rc|dev|pre|post|a|b)[-.]?\d{0,4})?"
        numbers = r"(?P<numbers>\d{1,5}(?:\.\d{1,5}){0,4})"
        end = r"(?![^\W_]|\.\d)"
        group = r"\d{2,4}"
        spaced = r"(?: \d{3} \d\d \d\d|\d \d{3} \d{3}|\d \d\d \d\d \d\d)"
        spanish = rf"(?<![\d.,+] )(?<![\w.,+])[6-9]\d{spaced}(?!\s?\d|[\w.,]\d|\w)"
        return [
            *([rule(spanish, self._phone)] if self._spanish else []),
            rule(
                r"(?<![\w.])(?P<host>\d{1,3}(?:\.\d{1,3}){3})(?::(?P<port>\d{1,5}))?(?!\w|\.\d)",
                self._ip,
                ".",
            ),
            rule(
                r"(?<![\w.+])(?P<plus>\+)\d{1,3}(?:[ ./-]?\(?\d{1,4}\)?){2,6}(?!\w|[.,]\d)",
                self._phone,
                "+",
            ),
            rule(r"(?<![\w.,+])\(\d{2,5}\)\s?\d{3,5}-\d{3,5}(?![\w-]|[.,]\d)", self._phone, "("),
            rule(
                r"(?<![\w.])(?:\+?1[ .-])?\(?(?:\d{3}\)?[ .-]\d{3}[ .-]|\d{3}-)\d{4}"
                r"(?![\w-]|[.,]\d)",
                self._phone,
                "-.)",
            ),
            rule(
                rf"\b(?P<name>{_VERSIONED})\s[vV]?{numbers}{suffix}"
                rf"(?:\s?[-–]\s?(?P<last>\d{{1,5}}(?:\.\d{{1,5}}){{1,3}}))?"
                rf"(?:/(?P<other>\d{{1,3}}))?{end}",
                self._version_of,
            ),
            rule(rf"(?<![\w.,/=])(?:v\.?\s?|V(?=\d+\.)){numbers}{suffix}{end}", self._version),
            rule(
                r"(?<![\w.,])(?P<numbers>\d{1,5}(?:\.\d{1,5}){2,4})" + suffix + end,
                self._dotted,
                ".",
            ),
            rule(
                rf"(?<![\w.,+])\(?0\d{{1,4}}\)?(?:[ /-]{group}){{1,5}}\d{{0,4}}(?![\w-]|[.,:]\d)",
                self._phone,
                "0",
            ),
        ]

    def late_rules(self) -> list[Rule]:
        """Return the rules for names with points; hosts are left to English engines."""
        host = rf"(?!(?:[a-z0-9-]{{1,63}}\.){{0,4}}(?:{_DOMAINS})(?!\w))" if self._english else ""
        return [
            rule(rf"(?<=\w)\.{host}([a-z][a-z0-9]{{1,24}})(?![^\W_])", self._dot, "."),
            rule(r"(?<!\S)\.(?=[A-Za-z]\w)", f"{self._words['dot']} ", "."),
        ]

    def _email(self, match: re.Match[str]) -> str:
        names = {"@": "at", ".": "dot", "_": "underscore", "-": "dash", "+": "plus"}
        text = match[0].rstrip(".-_+")
        said = re.sub(r"[@._+-]", lambda sign: f" {self._words[names[sign[0]]]} ", text)
        return said.strip() + match[0][len(text) :]

    def _ip(self, match: re.Match[str]) -> str:
        parts = match["host"].split(".")
        if any(part != str(int(part)) or int(part) > _MAX_OCTET for part in parts):
            return match[0]
        said = f" {self._words['dot']} ".join(self._numbers.digits(part) for part in parts)
        port = match["port"]
        return f"{said} {self._words['port']} {self._numbers.digits(port)}" if port else said

    def _version(self, match: re.Match[str]) -> str:
        return f"{self._words['version']} {self._parts(match)}"

    def _version_of(self, match: re.Match[str]) -> str:
        last = match["last"]
        to = f" {self._words['to']} {self._points(last)}" if last else ""
        other = f", {self._points(match['other'])}" if match["other"] else ""
        return f"{match['name']} {self._parts(match)}{to}{other}"

    def _dotted(self, match: re.Match[str]) -> str:
        groups = match["numbers"].split(".")[1:]
        thousands = "." in self._grouping and all(len(group) == 3 for group in groups)
        return match[0] if thousands else self._parts(match)

    def _parts(self, match: re.Match[str]) -> str:
        said = self._points(match["numbers"])
        suffix = match["suffix"]
        if not suffix:
            return said
        letters = re.sub(r"[-+.]", " ", re.sub(r"(?<=[a-z])(?=\d)", " ", suffix)).split()
        return f"{said} {' '.join(letters)}"

    def _points(self, numbers: str) -> str:
        point = f" {self._words['version point']} "
        return point.join(self._numbers.read_name(part) for part in numbers.split("."))

    def _phone(self, match: re.Match[str]) -> str:
        groups = re.findall(r"\d+", match[0])
        if sum(map(len, groups)) < _SHORTEST_PHONE:
            return match[0]
        digits = [self._numbers.digits(group) for group in groups]
        plus = f"{self._words['plus']} " if match[0].startswith("+") else ""
        return plus + ", ".join(digits)

    def _keys(self, match: re.Match[str]) -> str:
        names = {"Ctrl": self._words["control"], "Cmd": self._words["command"]}
        keys = [key.strip() for key in match[0].split("+")]
        return " ".join(names.get(key, key) for key in keys)

    def _dot(self, match: re.Match[str]) -> str:
        name = match[1].upper() if _EXTENSION.fullmatch(match[1]) else match[1]
        return f" {self._words['dot']} {name}"
