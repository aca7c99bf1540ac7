import pytest

from services.speaking_pace import SpeakingPace


def test_an_engine_counts_as_slow_until_it_is_measured() -> None:
    pace = SpeakingPace()
    assert pace.rtf >= 0.3
    pace.observe(characters=28, sound=2.0, waited=0.02)

    assert pace.rtf == pytest.approx(0.01)


def test_later_measurements_weigh_less() -> None:
    pace = SpeakingPace()
    pace.observe(characters=28, sound=2.0, waited=0.2)
    pace.observe(characters=28, sound=2.0, waited=2.2)

    assert pace.rtf == pytest.approx(0.4)


def test_cached_sound_says_nothing_of_the_engine() -> None:
    pace = SpeakingPace()
    pace.observe(characters=28, sound=2.0, waited=1.4)
    pace.observe(characters=28, sound=2.0, waited=0.0)
    pace.observe(characters=28, sound=0.0, waited=1.0)

    assert pace.rtf == pytest.approx(0.7)


def test_times_and_lengths_follow_from_the_measure() -> None:
    pace = SpeakingPace()
    pace.observe(characters=28, sound=2.0, waited=1.0)

    assert pace.seconds_to_make(14) == pytest.approx(0.5)
    assert pace.characters_within(0.5) == 14
