# ruff: noqa: RUF001 - letters of many languages look alike
from collections import Counter

import pytest

from services.language_detection import ReplyLanguage, detect

SENTENCES = {
    "en": """
        The weather is nice today.
        I will be there in ten minutes.
        Sure, let me check that.
        Sounds good to me!
        Here is the list you asked for.
        That's a great question.
        The capital of France is Paris.
        You can use a loop here.
        No problem at all.
        Python is a programming language.
    """,
    "de": """
        Das Wetter ist heute schön.
        Ich bin in zehn Minuten da.
        Klar, ich schaue nach.
        Das klingt gut!
        Hier ist die Liste.
        Das ist eine gute Frage.
        Die Hauptstadt von Frankreich ist Paris.
        Guten Morgen zusammen!
        Kein Problem.
        Wie geht es dir heute?
    """,
    "fr": """
        Il fait beau aujourd'hui.
        Je serai là dans dix minutes.
        Bien sûr, je vérifie.
        Ça me va très bien !
        Voici la liste demandée.
        C'est une bonne question.
        La capitale de la France est Paris.
        Bonjour à tous !
        Pas de problème.
        Comment vas-tu aujourd'hui ?
    """,
    "es": """
        Hoy hace buen tiempo.
        Estaré allí en diez minutos.
        Claro, voy a comprobarlo.
        ¡Me parece bien!
        Aquí está la lista.
        Es una buena pregunta.
        La capital de Francia es París.
        ¡Buenos días a todos!
        No hay problema.
        ¿Cómo estás hoy?
    """,
    "it": """
        Oggi il tempo è bello.
        Sarò lì tra dieci minuti.
        Certo, controllo subito.
        Per me va bene!
        Ecco la lista che volevi.
        È una bella domanda.
        La capitale della Francia è Parigi.
        Buongiorno a tutti!
        Nessun problema.
        Come stai oggi?
    """,
    "pt": """
        O tempo está bom hoje.
        Estarei lá em dez minutos.
        Claro, vou verificar.
        Acho uma boa ideia!
        Aqui está a lista.
        É uma boa pergunta.
        A capital da França é Paris.
        Bom dia a todos!
        Não tem problema.
        Como você está hoje?
    """,
    "nl": """
        Het is vandaag mooi weer.
        Ik ben er over tien minuten.
        Natuurlijk, ik kijk even.
        Dat klinkt goed!
        Hier is de lijst.
        Dat is een goede vraag.
        De hoofdstad van Frankrijk is Parijs.
        Goedemorgen allemaal!
        Geen probleem.
        Hoe gaat het met je?
    """,
    "pl": """
        Dzisiaj jest ładna pogoda.
        Będę za dziesięć minut.
        Jasne, zaraz sprawdzę.
        To brzmi dobrze!
        Oto lista.
        To dobre pytanie.
        Stolicą Francji jest Paryż.
        Dzień dobry wszystkim!
        Nie ma problemu.
        Jak się masz?
    """,
    "sv": """
        Vädret är fint idag.
        Jag är där om tio minuter.
        Visst, jag ska kolla.
        Det låter bra!
        Här är listan.
        Det är en bra fråga.
        Frankrikes huvudstad är Paris.
        God morgon allihop!
        Inga problem.
        Hur mår du idag?
    """,
    "tr": """
        Bugün hava çok güzel.
        On dakika içinde orada olacağım.
        Tabii, hemen bakıyorum.
        Bana uyar!
        İşte istediğin liste.
        Bu iyi bir soru.
        Fransa'nın başkenti Paris'tir.
        Herkese günaydın!
        Sorun değil.
        Bugün nasılsın?
    """,
    "cs": """
        Dnes je hezké počasí.
        Budu tam za deset minut.
        Jasně, podívám se na to.
        To zní dobře!
        Tady je seznam.
        To je dobrá otázka.
        Hlavní město Francie je Paříž.
        Dobré ráno všem!
        Žádný problém.
        Jak se dnes máš?
    """,
    "da": """
        Vejret er dejligt i dag.
        Jeg er der om ti minutter.
        Selvfølgelig, jeg kigger.
        Det lyder godt!
        Her er listen.
        Det er et godt spørgsmål.
        Frankrigs hovedstad er Paris.
        Godmorgen alle sammen!
        Intet problem.
        Hvordan har du det i dag?
    """,
    "fi": """
        Tänään on kaunis ilma.
        Olen siellä kymmenen minuutin kuluttua.
        Totta kai, tarkistan sen.
        Kuulostaa hyvältä!
        Tässä on lista.
        Se on hyvä kysymys.
        Ranskan pääkaupunki on Pariisi.
        Hyvää huomenta kaikille!
        Ei ongelmaa.
        Mitä sinulle kuuluu?
    """,
    "ro": """
        Vremea este frumoasă astăzi.
        Voi fi acolo în zece minute.
        Sigur, verific imediat.
        Sună bine!
        Iată lista.
        Este o întrebare bună.
        Capitala Franței este Paris.
        Bună dimineața tuturor!
        Nicio problemă.
        Ce mai faci?
    """,
    "hu": """
        Ma szép idő van.
        Tíz perc múlva ott leszek.
        Persze, megnézem.
        Jól hangzik!
        Itt van a lista.
        Ez egy jó kérdés.
        Franciaország fővárosa Párizs.
        Jó reggelt mindenkinek!
        Semmi gond.
        Hogy vagy ma?
    """,
    "ru": """
        Сегодня хорошая погода.
        Я буду через десять минут.
        Конечно, сейчас проверю.
        Звучит хорошо!
        Вот этот список.
        Это хороший вопрос.
        Столица Франции — Париж.
        Доброе утро всем!
        Нет проблем.
        Как дела сегодня?
    """,
    "uk": """
        Сьогодні гарна погода.
        Звичайно, зараз перевірю.
        Звучить добре!
        Ось цей список.
        Це гарне питання.
        Столиця Франції — Париж.
        Доброго ранку всім!
        Немає проблем.
        Як справи сьогодні?
    """,
    "el": """
        Ο καιρός είναι ωραίος σήμερα.
        Καλημέρα σε όλους!
    """,
    "ja": """
        今日は天気がいいですね。
        いい質問ですね。
    """,
    "cmn": """
        今天天气很好。
        这是一个好问题。
    """,
    "ko": """
        오늘 날씨가 좋네요.
        좋은 질문이에요.
    """,
    "ar": """
        الطقس جميل اليوم.
        هذا سؤال جيد.
    """,
    "he": """
        מזג האוויר יפה היום.
        זו שאלה טובה.
    """,
    "th": """
        วันนี้อากาศดี
        เป็นคำถามที่ดี
    """,
    "hi": """
        आज मौसम अच्छा है।
        यह एक अच्छा सवाल है।
    """,
}

WEAK = (
    "no",
    "No.",
    "OK",
    "ok!",
    "Haha",
    "lol",
    "Hmm...",
    "Ana",
    "Yes.",
    "Mario Rossi",
    "Pizza Margherita",
    "Paris",
    "München",
    "São Paulo",
    "del",
    "git push --force",
    "npm install",
    "C++",
    "HTTP 404",
    "Berlin, Madrid, Roma",
    "Hola!",
    "Danke!",
    "Bonjour!",
    "I love sushi and ramen",
    "Ana Maria",
    "la la la",
    "gg wp",
    "Bye bye",
    "Hi Jürgen!",
    "Hello Ana.",
    "Second, for Ben.",
    "Third, for Ana.",
    "One. Two. Three.",
    "Look.",
    "Done.",
    "Spoken for all.",
    "Only written.",
    "DNA test 3",
    "Kubernetes pod restart",
    "sudo apt install vim",
    "Minecraft server 1.20",
    "Taylor Swift",
    "Cristiano Ronaldo",
    "Sure!",
    "Nice!",
    "Ja",
    "Si",
)


def lines(language: str) -> list[str]:
    return [line.strip() for line in SENTENCES[language].split("\n") if len(line.strip()) > 5]


def test_most_short_sentences_are_told_and_none_is_taken_for_another_language() -> None:
    told: Counter[str] = Counter()
    for language in SENTENCES:
        found = [
            detect(line, current="en" if language != "en" else "de") for line in lines(language)
        ]
        assert set(found) <= {language, None}, language
        told[language] = 100 * found.count(language) // len(found)
    assert sum(told.values()) / len(told) > 80, told
    assert all(told[language] >= 70 for language in ("en", "de", "fr", "es"))


@pytest.mark.parametrize("language", sorted(SENTENCES))
def test_a_text_in_the_current_language_changes_nothing(language: str) -> None:
    assert [detect(line, current=f"{language}-xx") for line in lines(language)] == [None] * len(
        lines(language)
    )


@pytest.mark.parametrize("text", WEAK)
def test_weak_evidence_never_switches(text: str) -> None:
    assert detect(text, current="en") is None


def test_a_foreign_name_or_word_in_a_sentence_does_not_switch() -> None:
    for text in (
        "I met Jürgen Müller in São Paulo and we ate crème brûlée.",
        "The German word for it is Weltanschauung.",
        'You say "por favor" when you want something from them.',
    ):
        assert detect(text, current="en") is None


@pytest.mark.parametrize(
    ("text", "current", "language"),
    [
        ("Я не знаю, что это такое.", "uk", None),
        ("Це дуже гарне питання.", "ru", "uk"),
        ("این یک پرسش خوب است و چرا", "en", "fa"),
        ("这是一个好问题。", "zh", None),
        ("今日は良い天気です。", "zh", "ja"),
        ("東京", "ja", None),
        ("Her er det, som du bad om.", "nb", None),
        ("123 !? …", "en", None),
        ("", "en", None),
    ],
)
def test_languages_of_one_script_are_told_apart_where_they_can_be(
    text: str, current: str, language: str | None
) -> None:
    assert detect(text, current=current) == language


def test_a_reply_keeps_its_language_until_another_is_clear() -> None:
    reply = ReplyLanguage("en-gb")
    said = ["OK.", "Das ist nicht so gut.", "Super!", "Ja, genau.", "But now I have to go home."]
    assert [reply.hear(piece) for piece in said] == ["en-gb", "de", "de", "de", "en"]


def test_weak_pieces_add_up() -> None:
    reply = ReplyLanguage("en")
    assert [reply.hear(piece) for piece in ("Klar,", "kein Problem,")] == ["en", "de"]
