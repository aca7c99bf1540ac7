from cogs.persona_report import LONGEST_PROMPT, description, summary
from services.persona import DEFAULT, Persona

OWL = Persona(
    name="Owl",
    prompt="Hoot.\nHoot again.",
    voice="onyx",
    language="fr",
    temperature=0.5,
    greeting="Hoo!\n{user}!",
)


def test_a_persona_is_described_whole() -> None:
    assert description(OWL) == [
        "**Owl**",
        "> Hoot.",
        "> Hoot again.",
        "Greets with:",
        "> Hoo!",
        "> {user}!",
        "Speaks with the voice `onyx`.",
        "Speaks French.",
        "Temperature 0.5.",
    ]
    assert description(Persona(name="Bare", prompt="x")) == ["**Bare**", "> x"]


def test_the_owner_s_own_prompt_is_shown_to_nobody() -> None:
    secret = Persona(name=DEFAULT.name, prompt="The code word is heron.")
    assert "heron" not in "\n".join([*description(secret), summary(secret, own=False)])


def test_a_long_prompt_is_cut_where_it_is_shown() -> None:
    long = Persona(name="Long", prompt="word " * 800)
    assert len("\n".join(description(long))) < LONGEST_PROMPT + 20
    line = summary(long, own=True)
    assert line.startswith("- **Long** (made in this server): word word")
    assert len(line) < 140
    assert line.endswith("…")
