import ast
import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from config import ENV_FILE_VARIABLE, Settings, SettingsError, load_settings, unknown_keys

ROOT = Path(__file__).parent.parent


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "settings.env"
    monkeypatch.setenv(ENV_FILE_VARIABLE, str(path))
    return path


def example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line))


def test_the_example_file_names_every_setting_in_order() -> None:
    assert list(example()) == list(Settings.model_fields)


def test_the_example_file_shows_the_defaults(env_file: Path) -> None:
    env_file.write_text((ROOT / ".env.example").read_text())
    assert load_settings() == Settings.model_construct()


def test_a_setting_comes_from_the_file(env_file: Path) -> None:
    env_file.write_text("LLM_MODEL=small\n")
    assert load_settings().LLM_MODEL == "small"


def test_the_environment_wins_over_the_file(
    env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env_file.write_text("LLM_MODEL=small\n")
    monkeypatch.setenv("LLM_MODEL", "large")
    assert load_settings().LLM_MODEL == "large"


def test_an_empty_value_means_the_default(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env_file.write_text("MAX_HISTORY_MESSAGES=\n")
    monkeypatch.setenv("LLM_MODEL", "")
    settings = load_settings()
    assert settings.MAX_HISTORY_MESSAGES == 10
    assert Settings.model_fields["LLM_MODEL"].default == settings.LLM_MODEL


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("LOG_LEVEL=LOUD", "LOG_LEVEL: must be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'."),
        ("TTS_CACHE_DISK=perhaps", "TTS_CACHE_DISK: must be true or false."),
        ("MAX_HISTORY_MESSAGES=ten", "MAX_HISTORY_MESSAGES: must be a whole number."),
        ("STREAM_UPDATE_INTERVAL=0", "STREAM_UPDATE_INTERVAL: must be at least 0.3."),
        ("USER_RATE_PER_MINUTE=0", "USER_RATE_PER_MINUTE: must be greater than 0."),
        ("TEMP_DIR=history", "TEMP_DIR must not hold HISTORY_DIR: what is old there is deleted"),
        ("TEMP_DIR=data\nHISTORY_DIR=data/history", "TEMP_DIR must not hold HISTORY_DIR"),
        ("TEMP_DIR=models", "TEMP_DIR must not hold KOKORO_MODEL_DIR"),
        ("TEMP_DIR=personas/../personas", "TEMP_DIR must not hold PERSONAS_DIR"),
        (f"TEMP_DIR={ROOT}\nHISTORY_DIR=/h\nPERSONAS_DIR=/p\nKOKORO_MODEL_DIR=/k", "TEMP_DIR must"),
        ("MIN_TYPING_DELAY=3", "MIN_TYPING_DELAY must not be greater"),
        ("TTS_SENTENCE_MIN_LENGTH=900", "TTS_SENTENCE_MIN_LENGTH must not be greater"),
        ("LLM_RETRIES=6", "LLM_RETRIES: must be at most 5."),
        ("LLM_TEMPERATURE=hot", "LLM_TEMPERATURE: must be a number."),
        ("LLM_EXTRA_BODY=[1]", "LLM_EXTRA_BODY: must be a JSON object"),
        ("LLM_EXTRA_BODY={reasoning", "LLM_EXTRA_BODY: must be a JSON object"),
        ('LLM_EXTRA_BODY={"model": "x"}', "LLM_EXTRA_BODY: must not contain 'model'"),
        ("LLM_FALLBACK_BASE_URL=example.org", "LLM_FALLBACK_BASE_URL: must be an address"),
        ("LLM_FALLBACK_BASE_URL=http://[/v1", "LLM_FALLBACK_BASE_URL: must be an address"),
        ("OPENAI_BASE_URL=localhost:11434", "OPENAI_BASE_URL: must be an address"),
        ("OPENAI_BASE_URL=http://a..b/v1", "OPENAI_BASE_URL: must be an address"),
        ("OPENAI_BASE_URL=http://host:port/v1", "OPENAI_BASE_URL: must be an address"),
        ("OPENAI_BASE_URL=http://my host/v1", "OPENAI_BASE_URL: must be an address"),
        ("TTS_BASE_URL=speech", "TTS_BASE_URL: must be an address"),
        ('LLM_FALLBACK_API_KEY="a\\nb"', "LLM_FALLBACK_API_KEY: has a character"),
        ("TTS_API_KEY=Bearer abc", "TTS_API_KEY: has a character"),
        ('DISCORD_TOKEN="a\\nb"', "DISCORD_TOKEN: has a character"),
        ("LLM_FALLBACK_API_KEY=sk", "LLM_FALLBACK_API_KEY needs LLM_FALLBACK_BASE_URL"),
        ("OPENAI_API_KEY=sk-…", "OPENAI_API_KEY: has a character that no key has"),
        ("TTS_API_KEY=ключ", "TTS_API_KEY: has a character that no key has"),
        ("TTS_ENGINE=openai", "TTS_ENGINE=openai needs TTS_BASE_URL"),
        ("KOKORO_VOICE=af_heart*0.6+", "KOKORO_VOICE: must be a voice or a blend such as"),
        ("KOKORO_DOWNLOAD_URL=models", "KOKORO_DOWNLOAD_URL: must be an address"),
    ],
)
def test_a_bad_setting_is_one_sentence(env_file: Path, line: str, words: str) -> None:
    env_file.write_text(line, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value).startswith(words)
    assert "\n" not in str(caught.value)
    assert "sk-" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:11434/v1",
        "http://[::1]:8080/v1",
        "http://my_ollama:11434/v1/",
        "https://user:word@bücher.example/v1",
    ],
)
def test_an_address_may_be_any_host_s(env_file: Path, address: str) -> None:
    env_file.write_text(f"OPENAI_BASE_URL={address}\n", encoding="utf-8")
    assert address == load_settings().OPENAI_BASE_URL


@pytest.mark.parametrize(
    "content",
    ["DISCORD_TOKEN=x\n".encode("utf-16"), "SYSTEM_PROMPT=Sei präzise.\n".encode("cp1252")],
)
def test_a_file_in_another_encoding_is_one_sentence(env_file: Path, content: bytes) -> None:
    env_file.write_bytes(content)
    with pytest.raises(SettingsError, match=r"^\S+settings\.env is no text in UTF-8: [^\n]+\.$"):
        load_settings()


def test_a_mark_at_the_file_s_beginning_is_no_part_of_the_first_setting(env_file: Path) -> None:
    env_file.write_bytes(b"\xef\xbb\xbfLLM_MODEL=small\n")
    assert load_settings().LLM_MODEL == "small"
    assert unknown_keys(str(env_file)) == {}


def test_a_file_that_cannot_be_read_is_one_sentence(
    env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    env_file.touch()
    monkeypatch.setattr("dotenv.main.open", refuse, raising=False)
    with pytest.raises(SettingsError, match=r"can't be read: Permission denied\.$"):
        load_settings()


@pytest.mark.parametrize("voice", ["bf_emma", "af_heart*0.6+af_sky*0.4", "af_heart+af_sky*.5"])
def test_a_voice_may_be_a_blend(env_file: Path, voice: str) -> None:
    env_file.write_text(f"KOKORO_VOICE={voice}\n")
    assert voice == load_settings().KOKORO_VOICE


def test_an_unknown_key_is_told_with_the_nearest_known_one(env_file: Path) -> None:
    env_file.write_text("DISCORD_TOKN=x\nllm_modl=1\nZZZ=1\nLLM_MODEL=small\n")
    nearest = {"DISCORD_TOKN": "DISCORD_TOKEN", "llm_modl": "LLM_MODEL", "ZZZ": ""}
    assert unknown_keys(str(env_file)) == nearest


def test_no_file_has_no_unknown_keys(tmp_path: Path) -> None:
    assert unknown_keys("") == {}
    assert unknown_keys(str(tmp_path / "missing")) == {}


def test_secrets_do_not_show_in_a_printed_setting(env_file: Path) -> None:
    env_file.write_text("DISCORD_TOKEN=abc.def\nOPENAI_API_KEY=sk-1\nTTS_API_KEY=sk-2\n")
    settings = load_settings()
    assert isinstance(settings.DISCORD_TOKEN, SecretStr)
    assert not re.search(r"abc\.def|sk-", repr(settings))


def test_every_setting_is_read() -> None:
    readers = [*ROOT.glob("composition/*.py"), ROOT / "bot.py", ROOT / "scripts/fetch_voices.py"]
    trees = [ast.parse(reader.read_text()) for reader in readers]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    read = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    assert set(Settings.model_fields) <= read


def test_the_documentation_names_every_setting() -> None:
    documented = set(re.findall(r"`([A-Z][A-Z_]+)`", (ROOT / "docs/settings.md").read_text()))
    assert set(Settings.model_fields) <= documented
