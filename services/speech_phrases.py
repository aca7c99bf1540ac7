from typing import NamedTuple


class Phrases(NamedTuple):
    """Hold what is said, in one language, in place of things that can't be read aloud."""

    code: str
    table: str
    link: str
    image: str
    person: str
    role: str
    channel: str
    rest: str
    says: str


ENGLISH = Phrases(
    code="I put the code in the chat",
    table="I put a table in the chat",
    link="a link to {host}",
    image="a picture",
    person="someone",
    role="a group",
    channel="a channel",
    rest="The rest is in the chat.",
    says="{name} says:",
)

_BY_LANGUAGE = {
    "en": ENGLISH,
    "de": Phrases(
        code="Den Code habe ich in den Chat geschrieben",
        table="Eine Tabelle steht im Chat",
        link="ein Link zu {host}",
        image="ein Bild",
        person="jemand",
        role="eine Gruppe",
        channel="ein Kanal",
        rest="Der Rest steht im Chat.",
        says="{name} sagt:",
    ),
    "fr": Phrases(
        code="J'ai mis le code dans le chat",
        table="J'ai mis un tableau dans le chat",
        link="un lien vers {host}",
        image="une image",
        person="quelqu'un",
        role="un groupe",
        channel="un salon",
        rest="Le reste est dans le chat.",
        says="{name} dit :",
    ),
    "es": Phrases(
        code="He puesto el código en el chat",
        table="He puesto una tabla en el chat",
        link="un enlace a {host}",
        image="una imagen",
        person="alguien",
        role="un grupo",
        channel="un canal",
        rest="El resto está en el chat.",
        says="{name} dice:",
    ),
    "it": Phrases(
        code="Ho messo il codice nella chat",
        table="Ho messo una tabella nella chat",
        link="un link a {host}",
        image="un'immagine",
        person="qualcuno",
        role="un gruppo",
        channel="un canale",
        rest="Il resto è nella chat.",
        says="{name} dice:",
    ),
    "pt": Phrases(
        code="Coloquei o código no chat",
        table="Coloquei uma tabela no chat",
        link="um link para {host}",
        image="uma imagem",
        person="alguém",
        role="um grupo",
        channel="um canal",
        rest="O resto está no chat.",
        says="{name} diz:",
    ),
    "nl": Phrases(
        code="Ik heb de code in de chat gezet",
        table="Ik heb een tabel in de chat gezet",
        link="een link naar {host}",
        image="een afbeelding",
        person="iemand",
        role="een groep",
        channel="een kanaal",
        rest="De rest staat in de chat.",
        says="{name} zegt:",
    ),
}


def phrases_for(language: str) -> Phrases:
    """Return a language's phrases ("de", "de-AT"); English where there are none."""
    return _BY_LANGUAGE.get(language.replace("_", "-").split("-")[0].lower(), ENGLISH)


def whole_sentences(language: str) -> tuple[str, ...]:
    """Return those of a language's phrases that are said by themselves."""
    phrases = phrases_for(language)
    return (phrases.code, phrases.table, phrases.rest)
