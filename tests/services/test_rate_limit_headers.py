from services.rate_limit_headers import EditLimit, read_edit_limit, read_spent_channel

HEADERS = {
    "X-RateLimit-Limit": "5",
    "X-RateLimit-Remaining": "3",
    "X-RateLimit-Reset-After": "2.500",
}


def test_the_answer_to_an_edit_tells_its_channels_limit() -> None:
    seen = read_edit_limit("PATCH", "/api/v10/channels/12/messages/34", HEADERS, status=200)
    assert seen == EditLimit("channel-12", 34, limit=5, remaining=3, reset_after=2.5, done=True)


def test_an_edit_is_done_only_when_its_answer_says_so() -> None:
    for status in (0, 404, 429):
        path = "/api/v10/channels/12/messages/34"
        seen = read_edit_limit("PATCH", path, HEADERS, status=status)
        assert seen is not None
        assert not seen.done


def test_other_requests_and_broken_headers_tell_nothing() -> None:
    path = "/api/v10/channels/12/messages/34"
    assert read_edit_limit("POST", "/api/v10/channels/12/messages", HEADERS, status=200) is None
    assert read_edit_limit("DELETE", path, HEADERS, status=200) is None
    assert read_edit_limit("PATCH", path, {}, status=200) is None
    assert (
        read_edit_limit("PATCH", path, {**HEADERS, "X-RateLimit-Limit": "many"}, status=200) is None
    )


def test_a_post_that_uses_up_the_window_is_told_from_others() -> None:
    path, spent = "/api/v10/channels/12/messages", {**HEADERS, "X-RateLimit-Remaining": "0"}
    assert read_spent_channel("POST", path, spent, status=200) == 12
    assert read_spent_channel("POST", path, HEADERS, status=200) is None
    assert read_spent_channel("POST", path, spent, status=429) is None
    assert read_spent_channel("POST", f"{path}/34", spent, status=200) is None
    assert read_spent_channel("PATCH", path, spent, status=200) is None
