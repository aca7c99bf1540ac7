import pytest

from services.secret_words import holds_secret


@pytest.mark.parametrize(
    "text",
    [
        "my password is hunter2",
        "Mein Passwort ist geheim",
        "mi contraseña es 1234",
        "the PIN is 4711",
        "my api key: abc",
        "my api_key",
        "token=x",
        "card 4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "call 0151 2345 6789",
        "DE89 3704 0044 0532 0130 00",
        "sk-proj1234abcd",
        "ghp_abcdefgh1234",
        "eyJhbGciOiJIUzI1NiJ9",
        "MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcDE.abcdefghij",
        "it is (abcdefghijklmnopqrst1)",
        "-----BEGIN RSA",
        "https://ana:secret@example.org",
        "https://ana:se:cret@example.org",
        "redis://:secret@example.org",
        "我的密码是一二三",
    ],
)
def test_secrets_are_known_by_name_and_look(text: str) -> None:
    assert holds_secret(text)


@pytest.mark.parametrize(
    "text",
    [
        "I'm called Ana and I love rowing",
        "I was born on 12.03.1990",
        "I weigh 72.5 kg and run 10 km in 48:30",
        "I live at 12 Elm Street since 2015-2019",
        "I like spinning and Panama",
        "I collect Donaudampfschifffahrtsgesellschaften",
        "Ich habe einen Reiseführer geschrieben",
        "I'm 34",
    ],
)
def test_plain_facts_are_no_secrets(text: str) -> None:
    assert not holds_secret(text)
