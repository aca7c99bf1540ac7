import re
from types import MappingProxyType
from typing import Final

from services import speech_marks as marks
from services.sentence_boundary import NEWLINES
from services.speech_emotes import FACES_BEGIN, read_emote, read_face
from services.speech_formulas import read_command
from services.speech_marks import (
    ARROWS,
    INVISIBLE,
    MAX_WITHHELD,
    PICTURES,
    Kind,
    Mark,
)
from services.speech_phrases import phrases_for
from services.speech_said import said
from services.speech_tags import LONGEST_END, Names, read_tag
from services.speech_writer import SpeechWriter

_NO_NAMES: Final[Names] = MappingProxyType[int, str]({})
_URL_BEGINS = r"(?<![^\W_])(?:[hH](?=[tT]|\Z)|[wW](?=[wW]|\Z))"
_DROPPED = f"{INVISIBLE}{PICTURES}{ARROWS}\u2010\u2011\u2022"
_MARK = re.compile(
    rf"[{NEWLINES}<`*_~=#|\[\]&\\{_DROPPED}{FACES_BEGIN}]|(?<!\w)(?:[:@]|!(?=\[|\Z))|{_URL_BEGINS}"
)
_MARK_IN_CODE = re.compile(rf"[{NEWLINES}`_\[\]{_DROPPED}]|{_URL_BEGINS}")
_PICTURES = re.compile(rf"[{PICTURES}{INVISIBLE}]+")
_PAUSES = re.compile(rf"[{ARROWS}\u2022]")
_JOINERS = "\u200c\u200d"
_SIMPLE_READERS: Final = MappingProxyType(
    {
        **dict.fromkeys("*_~=#", marks.read_asterisks),
        "|": marks.read_bar,
        "[": marks.read_bracket,
        "]": marks.read_link_end,
        "&": marks.read_entity,
        ":": marks.read_shortcode,
        "@": marks.read_at_sign,
        "\\": marks.read_backslash,
    }
)
_PHRASE_READERS: Final = MappingProxyType(
    {
        **dict.fromkeys("hHwW", marks.read_url),
        "!": marks.read_picture,
    }
)


class SpeechText:
    """Filter a stream of shown text into text to be read aloud, before it is cut into sentences.

    Words pass at once; only what may be part of a mark is withheld, at most MAX_WITHHELD
    characters. How the stream was cut never changes the joined result. Lines stay lines, since a
    newline ends a sentence. Numbers, units and acronyms pass as they are: how people say them is
    the matter of `said`, which sees whole sentences.
    """

    def __init__(self, *, language: str = "en", names: Names = _NO_NAMES) -> None:
        self._phrases = phrases_for(language)
        self._names = names
        self._reset()

    def speak(self, language: str) -> None:
        """Say what stands for code, links and the like in another language from here on."""
        self._phrases = phrases_for(language)

    def push(self, text: str) -> str:
        """Take more of the shown text and return what can be said of it by now."""
        self._buffer += text
        return self._read(final=False)

    def flush(self) -> str:
        """Return what was withheld and start afresh."""
        spoken = self._read(final=True)
        self._reset()
        return spoken

    def _reset(self) -> None:
        self._writer = SpeechWriter()
        self._buffer = ""
        self._at = 0
        self._until: re.Pattern[str] | None = None
        self._at_line_start = True
        self._in_table = False
        self._in_code = False

    def _read(self, *, final: bool) -> str:
        while self._at < len(self._buffer) and self._step(final=final):
            pass
        kept = max(0, self._at - 1)  # readers look one character back
        self._buffer = self._buffer[kept:]
        self._at -= kept
        return self._writer.take()

    def _step(self, *, final: bool) -> bool:
        """Take one mark or the words before it; return False to wait for more text."""
        if self._until is not None:
            return self._drop(self._until)
        at = self._at
        end = min(len(self._buffer), at + MAX_WITHHELD)
        decide = final or end == at + MAX_WITHHELD
        if self._at_line_start:
            mark = self._read_line_start(at, end, final=decide)
            self._at_line_start = mark is None or (mark.end > at and mark.until is None)
        else:
            found = (_MARK_IN_CODE if self._in_code else _MARK).search(self._buffer, at)
            stop = found.start() if found else len(self._buffer)
            if stop > at:
                self._writer.write(self._buffer[at:stop])
                self._at = stop
                return True
            mark = self._read_mark(at, end, final=decide)
        if mark is not None:
            self._say(mark)
        return mark is not None

    def _drop(self, until: re.Pattern[str]) -> bool:
        if found := until.search(self._buffer, self._at):
            self._at = found.end()
            self._until = None
            return True
        self._at = max(self._at, len(self._buffer) - LONGEST_END)
        return False

    def _say(self, mark: Mark) -> None:
        writer = self._writer
        self._at = mark.end
        self._until = mark.until
        if mark.kind is Kind.BLOCK:
            writer.end_line()
            writer.write(mark.words)
            writer.end_line()
        elif mark.kind is Kind.PAUSE:
            writer.gap()
            writer.write("," if writer.in_line else "")
            writer.gap()
        elif mark.kind is Kind.ASIDE:
            writer.gap()
            writer.write(f" {mark.words} " if mark.words else "")
            writer.gap()
        else:
            writer.write(mark.words)

    def _read_line_start(self, at: int, end: int, *, final: bool) -> Mark | None:
        first = self._buffer[at]
        if first.isspace() and first not in NEWLINES:
            return Mark(at + 1)
        if first != "|":
            self._in_table = False
            return marks.read_line_start(self._buffer, at, end, final=final)
        if self._in_table:
            return Mark(at + 1, until=marks.END_OF_LINE)
        if end - at < 2 and not final:
            return None
        if self._buffer.startswith("||", at):
            return Mark(at)
        mark = marks.read_table_row(self._buffer, at, end, self._phrases, final=final)
        self._in_table = mark is not None and mark.kind is Kind.BLOCK
        return mark

    def _read_mark(self, at: int, end: int, *, final: bool) -> Mark | None:
        sign = self._buffer[at]
        if sign in NEWLINES:
            return self._read_newline(at)
        if sign == "`":
            return self._read_ticks(at, end, final=final)
        if self._in_code and sign in "_[]":
            return Mark(at + 1, " ")
        if sign in FACES_BEGIN:
            face = read_face(self._buffer, at, end, final=final)
            if face is None or face.end > at:
                return face
            if sign != "(":
                return Mark(at + 1, sign)
        if sign in "*_([":
            emote = self._read_emote(at, end, final=final)
            if emote is None or emote.end > at:
                return emote
        if sign == "(":
            return Mark(at + 1, sign)
        if sign == "\\":
            command = read_command(self._buffer, at, end, final=final)
            if command is None or command.end > at:
                return command
        if sign == "<":
            return read_tag(self._buffer, at, end, self._phrases, self._names, final=final)
        if read := _SIMPLE_READERS.get(sign):
            return read(self._buffer, at, end, final=final)
        if read_phrase := _PHRASE_READERS.get(sign):
            return read_phrase(self._buffer, at, end, self._phrases, final=final)
        return self._read_dropped(at)

    def _read_emote(self, at: int, end: int, *, final: bool) -> Mark | None:
        writer = self._writer
        return read_emote(
            self._buffer,
            at,
            end,
            in_line=writer.in_line,
            between=writer.between_sentences,
            final=final,
        )

    def _read_newline(self, at: int) -> Mark:
        self._at_line_start = True
        self._in_code = False
        return Mark(at + 1, kind=Kind.BLOCK)

    def _read_ticks(self, at: int, end: int, *, final: bool) -> Mark | None:
        after = at + 1
        while after < end and self._buffer[after] == "`":
            after += 1
        if after == end and not final:
            return None
        if after - at > 2:
            self._in_code = False
            fence_end = re.compile("`" * min(after - at, LONGEST_END))
            return Mark(after, self._phrases.code, Kind.BLOCK, fence_end)
        self._in_code = not self._in_code
        return Mark(after)

    def _read_dropped(self, at: int) -> Mark:
        sign = self._buffer[at]
        if sign in "\u2010\u2011":
            return Mark(at + 1, "-")
        if _PAUSES.match(sign):
            return Mark(at + 1, kind=Kind.PAUSE)
        if sign in _JOINERS and at and "\u0600" <= self._buffer[at - 1] <= "\u0dff":
            return Mark(at + 1, sign)
        picture = _PICTURES.match(self._buffer, at)
        shown = picture is not None and re.search(f"[{PICTURES}]", picture[0])
        return Mark(picture.end() if picture else at + 1, kind=Kind.ASIDE if shown else Kind.INLINE)


def speakable(text: str, *, language: str = "en", names: Names = _NO_NAMES) -> str:
    """Return a whole shown text as it is to be read aloud; "" where there is nothing to say."""
    speech = SpeechText(language=language, names=names)
    lines = (speech.push(text) + speech.flush()).split("\n")
    words = (said(line, language=language).strip() for line in lines)
    return "\n".join(line for line in words if line)
