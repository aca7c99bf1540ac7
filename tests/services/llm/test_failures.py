import email.utils
import time

import pytest

from services.core.errors import ProviderConnectionError, ProviderError, ProviderRateLimitError
from services.llm.failures import error_from_event, error_message, parse_body, retry_after


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error":{"message":"a"}}', "a"),
        (b'{"error":"a"}', "a"),
        (b'{"detail":[{"message":"a"}]}', "a"),
        (b'[{"error":{"message":"a"}}]', "a"),
        (b'{"code":1}', '{"code": 1}'),
        (b"Bad gateway \xff", "Bad gateway \ufffd"),
        (b"", ""),
        (b"null", "null"),
    ],
)
def test_every_form_of_error_has_its_message_read(body: bytes, message: str) -> None:
    assert error_message(parse_body(body)) == message


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"Retry-After": "2"}, 2.0),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After": "-1"}, 0.0),
        ({"Retry-After-Ms": "250", "Retry-After": "1"}, 0.25),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, None),
        ({}, None),
    ],
)
def test_the_asked_for_pause_is_read(headers: dict[str, str], pause: float | None) -> None:
    assert retry_after(headers) == pause


def test_a_pause_given_as_a_date_counts_from_now() -> None:
    date = email.utils.format_datetime(email.utils.localtime())
    assert retry_after({"Retry-After": date}) == pytest.approx(0.0, abs=2.0)
    late = email.utils.formatdate(time.time() + 100, usegmt=True)
    assert retry_after({"Retry-After": late}) == pytest.approx(100.0, abs=2.0)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": 429}, ProviderRateLimitError),
        ({"code": "503"}, ProviderConnectionError),
        ({"type": "overloaded_error"}, ProviderConnectionError),
        ({"code": "rate_limit_exceeded"}, ProviderRateLimitError),
        ({"code": "strange", "message": "x"}, ProviderError),
    ],
)
def test_an_error_in_the_stream_gets_its_kind(error: object, kind: type[ProviderError]) -> None:
    assert type(error_from_event({"error": error}, provider="p")) is kind
