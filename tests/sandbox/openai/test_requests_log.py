from aiohttp.test_utils import make_mocked_request

from sandbox.openai.requests_log import KEEP, KEEP_BYTES, RequestLog


def add(log: RequestLog, body: object, *, size: int) -> None:
    headers = {"Content-Length": str(size), "Authorization": "Bearer secret"}
    log.add(make_mocked_request("POST", "/v1/embeddings", headers=headers), body)


def test_the_newest_requests_are_kept_without_their_keys() -> None:
    log = RequestLog()
    for number in range(KEEP + 2):
        add(log, number, size=1)
    assert [entry["body"] for entry in log.as_json()] == list(range(2, KEEP + 2))
    assert "secret" not in str(log.as_json())


def test_long_requests_push_out_older_ones_but_never_the_newest() -> None:
    log = RequestLog()
    add(log, "old", size=10)
    add(log, "huge", size=KEEP_BYTES + 1)
    assert [entry["body"] for entry in log.as_json()] == ["huge"]
    add(log, "new", size=1)
    assert [entry["body"] for entry in log.as_json()] == ["new"]
