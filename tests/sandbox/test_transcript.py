import io

from sandbox.transcript import Transcript


def test_lines_are_aligned_whether_they_have_a_time_or_not() -> None:
    output = io.StringIO()
    transcript = Transcript(output)
    transcript.heading("A chapter")
    transcript.line("ana", "one", at=0.0)
    transcript.line("", "two")
    _, heading, first, second = output.getvalue().splitlines()
    assert heading == "A chapter"
    assert first.index("one") == second.index("two")


def test_a_long_text_is_shown_by_its_beginning_or_its_end() -> None:
    output = io.StringIO()
    transcript = Transcript(output)
    text = "first " + "word\n" * 50 + "last"
    transcript.beginning("ana", text, at=0.0)
    transcript.growth("bot", text, at=1.0)
    beginning, growth = output.getvalue().splitlines()
    assert "first word" in beginning
    assert beginning.endswith("…")
    assert "  … " in growth
    assert growth.endswith("word last")
