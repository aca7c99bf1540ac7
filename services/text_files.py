import codecs
import re

MAX_BYTES = 64 * 1024
"""The most that is read of one file; what is longer is cut."""

_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")

MOST_CONTROLS = 0.01
"""Share of control characters above which a file counts as binary."""


def decode_text(data: bytes) -> str | None:
    """Return the text that the beginning of a file holds, None where it is no text.

    UTF-8, UTF-16 with its mark, else Windows-1252, of which Latin-1 is a part. A character that
    the end cuts in two is left out.
    """
    text = _decoded(data)
    controls = len(_CONTROLS.findall(text))
    if "\x00" in text or controls > MOST_CONTROLS * len(text):
        return None
    return _CONTROLS.sub("", text).replace("\r\n", "\n").replace("\r", "\n").strip("\n")


def _decoded(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="ignore")
    try:
        return codecs.getincrementaldecoder("utf-8-sig")().decode(data)
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")
