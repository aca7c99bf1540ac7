# ruff: noqa: RUF001 - letters of many languages look alike

import pytest

from services.first_person import may_tell, own_words

TELLING = [
    "I'm called Ana and I love rowing",
    "I’m from Porto.",
    "hi! my name is Ben",
    "Call me Al.",
    "What a day. I work as a nurse now",
    "I don't eat meat, what can I cook?",
    "I row every Sunday",
    "I really never drive",
    "My favourite colour is green",
    "Ich heiße Jürgen und wohne in Ulm.",
    "Meine Lieblingsfarbe ist Blau",
    "Je m'appelle Zoé, j'habite à Lyon",
    "me llamo Pepe",
    "No me gusta el queso",
    "Mi chiamo Gianni e vivo a Roma",
    "Gosto de remar",
    "Ik woon in Gent",
    "Mam na imię Ola",
    "Jag heter Åsa",
    "Benim adım Can",
    "Меня зовут Оля",
    "я люблю кошек",
    "私はアナです",
    "我喜欢划船",
    "저는 학생입니다",
]

TELLING_NOTHING = [
    "",
    "hello",
    "What is the capital of Peru?",
    "Can I have a poem about the sea?",
    "tell me a joke",
    "What should my is be?",
    "Who am I?",
    "Write a letter to the bank",
    "Was kann ich heute kochen?",
    "Puis-je avoir une recette ?",
    "Explain the theory of relativity in three sentences.",
    "Thanks, that helped!",
    "I think so. I see. I got an error, I tried it twice",
    "I wonder what I should do",
    "I really think so",
    "I don't know",
    "¿Qué hora es?",
    "Was läuft heute im Kino? Wer spielt im Film mit?",
    "他是谁？",
]


@pytest.mark.parametrize("text", TELLING)
def test_a_statement_about_oneself_is_found(text: str) -> None:
    assert may_tell(text)


@pytest.mark.parametrize("text", TELLING_NOTHING)
def test_most_of_what_people_ask_costs_nothing(text: str) -> None:
    assert not may_tell(text)


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("> I am Bob\nI am Ana", "I am Ana"),
        ("I am Ana\n  > I am Bob", "I am Ana"),
        ("I am Ana\n>>> I am Bob\nI live in Paris", "I am Ana"),
        ("[About this, which Bob wrote:]\n> I am Bob\nWho is he?", "Who is he?"),
        ("Look: ```\nI am code\n``` fine", "Look:   fine"),
        ("Look: ```I am code", "Look:"),
        ("say `I am Bob` please", "say   please"),
        ("see <#123456789012345678> and https://example.org/i-am", "see   and"),
        ("<:wave:123456789012345678> I am Ana", "I am Ana"),
    ],
)
def test_what_others_said_is_nobodys_own_words(text: str, own: str) -> None:
    assert own_words(text) == own


def test_a_long_message_is_looked_at_quickly() -> None:
    assert not may_tell("my my my my " * 2000)
    assert own_words("> " * 4000) == ""
    assert own_words("`" * 8000 + "```").count("I") == 0
