import pytest

from services.profile_relevance import concerns

PROFILE = "likes green tea and to cook\nhas a cat called Mira\n喜欢喝绿茶"


@pytest.mark.parametrize(
    "question",
    [
        "What should I drink?",
        "Was weißt du über mich?",
        "Où est mon chat ?",
        "¿Qué sabes de mí?",
        "我喜欢什么",
        "내 이름이 뭐야?",
        "Who is Mira?",
        "Which green do painters use?",
        "How does one cook?",
        "绿茶健康吗",
    ],
)
def test_personal_questions_and_shared_words_concern_a_person(question: str) -> None:
    assert concerns(question, PROFILE)


@pytest.mark.parametrize(
    "question",
    ["", "How far is the moon?", "echo has a", "Wie hoch ist der Eiffelturm?", "月亮多远"],
)
def test_other_questions_do_not(question: str) -> None:
    assert not concerns(question, PROFILE)
