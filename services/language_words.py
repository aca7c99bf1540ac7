"""What tells languages of the same script apart: very frequent words, and letters."""

# ruff: noqa: RUF001 - letters of many languages look alike

from collections.abc import Mapping
from typing import Final

_TABLE: Final = {
    "en": """the a an and of to in is it you that he was for on are with as i his they be at one
        have this from or had by but not what all were we when your can said there use each which
        she do how their if will up about out many then them these so some her would make like him
        has look more could did my than been who its no now find long day get come made may part
        over new take only little work know place let here sure yes i'm that's it's don't you're
        i'll let's great good thanks hello sounds please just also very really want need should
        because where why think too any our me hi ok okay""",
    "de": """der die das und ist ich nicht ein eine einen einem einer es du wir sie er mit auf für
        von zu im den dem des auch wie wenn aber oder war sind hat haben habe wird werden kann
        können noch nur schon sehr so hier gut dann da was wer wo warum mein dein sein ihr uns mir
        dir dich mich sich bei nach aus über vor zum zur als dass doch ja nein kein keine bitte
        danke hallo heute morgen guten klar gibt geht mal man alle alles diese dieser dieses bin
        bist seid also etwas immer wieder vielleicht natürlich gerne genau""",
    "fr": """le la les de des du et est un une je tu il elle nous vous ils elles ne pas que qui ce
        cette ces dans pour sur avec au aux en se son sa ses mon ma mes ton ta tes plus mais ou où
        bien très tout tous fait être avoir ai as a sont était suis c'est j'ai d'un d'une qu'il
        n'est l'on aussi comme si oui non bonjour merci voici voilà peut faire dit encore alors
        aujourd'hui comment pourquoi quand quel quelle moi toi lui leur problème été ça serai là
        bonne bon il y votre notre sans sous même rien jamais toujours""",
    "es": """el la los las de del y es un una yo tú él ella nosotros ustedes que no en por para con
        se su sus mi mis tu tus lo le les al como más pero o muy bien está estoy estás son soy eres
        ser estar hay hace hacer fue ha he has si sí este esta esto estos eso esa aquí allí ahora
        hoy también todo todos todas qué cómo cuándo dónde porque gracias hola buenos buenas buen
        buena claro puede puedo tiene tengo voy vamos nada siempre nunca cuando sin sobre entre
        hasta desde me te nos algo mucho muchas muchos día días""",
    "it": """il lo la gli le i di del della dei delle dello degli e è un una uno io tu lui lei noi
        voi loro che non in per con su si suo sua mio mia tuo tua al alla ai alle dal dalla nel
        nella sul sulla come più ma o anche molto bene sono sei siamo era ha ho hai abbiamo hanno
        questo questa questi queste quello quella qui qua ora oggi adesso tutto tutti cosa perché
        quando dove chi ciao grazie buongiorno certo ecco può posso fare fatto va ci ti mi vi ne
        se sarà sarò buona buono bella bello nessun nessuna sempre mai ancora c'è""",
    "pt": """o os a as de do da dos das e é um uma eu tu ele ela nós você vocês eles que não em no
        na nos nas por para com se seu sua seus meu minha ao aos à como mais mas ou muito bem está
        estou estão são sou ser ter tem tenho há foi era isso isto este esta esse essa aqui agora
        hoje também tudo todos todas quê porque quando onde quem obrigado obrigada olá bom boa sim
        pode posso fazer vai vou vamos nada sempre nunca sem sobre entre até desde me te lhe já só
        ainda acho dia pelo pela num numa""",
    "nl": """de het een en van is ik je jij hij zij ze wij we niet dat die dit deze in op te voor
        met aan er om bij als maar of ook zijn was heb hebt heeft hebben kan kunnen wordt worden
        naar uit over door nog wel al zo hier daar dan nu goed heel veel meer geen geeft wat wie
        waar waarom hoe mijn jouw jullie ons onze hun hem haar mij ja nee hallo dank bedankt
        vandaag morgen goede even kijk alle alles iets niets altijd weer gaat natuurlijk graag
        ben bent zal zou moet moeten mag""",
    "pl": """i w na z do to jest nie się że jak ale co o za od po dla przez przy tak już tylko być
        był była było są jestem jesteś mam masz ma mamy ten ta te tego tej tym tych ja ty on ona my
        wy oni mnie ciebie mi ci go jej ich czy kto gdzie kiedy dlaczego bardzo dobrze dobry dobre
        dzisiaj dziś teraz tutaj oto dzień dziękuję cześć proszę może można będę będzie ze lub
        oraz więc jeszcze wszystko wszystkim zawsze nigdy problemu""",
    "sv": """och att det är en ett som på av för med den inte jag du han hon vi ni de har var till
        om så men kan ska skall vill eller från vid också när hur vad vem där här nu bra mycket mer
        mig dig sig oss min din sin alla allt inga inget någon något detta denna dessa ja nej hej
        tack idag god imorgon varför eftersom bara igen alltid aldrig visst låter blir blev""",
    "da": """og at det er en et som på af for med den ikke jeg du han hun vi i de har var til om så
        men kan skal vil eller fra ved også når hvordan hvad hvem hvor her der nu godt meget mere
        mig dig sig os min din sin alle alt ingen intet nogen noget dette denne disse ja nej hej
        tak dag god hvorfor fordi kun igen altid aldrig selvfølgelig lyder bliver blev være""",
    "nb": """og at det er en et som på av for med den ikke jeg du han hun vi dere de har var til om
        så men kan skal vil eller fra ved også når hvordan hva hvem hvor her der nå bra godt mye mer
        meg deg seg oss min din sin alle alt ingen ingenting noen noe dette denne disse ja nei hei
        takk dag god hvorfor fordi bare igjen alltid aldri selvfølgelig høres blir ble være""",
    "fi": """ja on ei se että hän minä sinä me te he tämä tuo nämä mikä kuka missä milloin miksi
        miten mitä kun jos niin kuin mutta tai myös vain nyt tässä siellä täällä hyvä hyvää hyvin
        oli olen olet ovat olla voi voin minun sinun minulle sinulle kanssa ole jo vielä kaikki
        kaikille kiitos hei huomenta tänään joo kyllä aina mukaan paljon""",
    "tr": """ve bir bu da de için ile çok ben sen o biz siz onlar ne var yok mi mı mu mü değil ama
        gibi daha en kadar sonra önce şu her şey olan olarak ki ya evet hayır merhaba teşekkürler
        iyi güzel bugün şimdi burada nasıl neden nerede kim hangi bana sana ona beni seni olacak
        olur sorun hemen işte tabii lütfen günaydın""",
    "cs": """a je to se na v že s z do o jsem jsi jsou není ale jak co by pro za od po tak už jen
        být byl byla bylo mám máš má ten ta ty toho já on ona my vy oni mě tě mi ti jeho její jejich
        kdo kde kdy proč velmi dobře dobrý dobrá dobré dnes teď tady zde den děkuji díky ahoj prosím
        může můžete budu bude nebo také ještě všechno všem vždy nikdy který která jasně""",
    "ro": """și în de la cu pe un o este sunt nu că se ce mai pentru din care dar sau ca să am ai
        are a avea fi fost eu tu el ea noi voi ei mă te îmi îți lui lor acest această aceasta asta
        aici acum astăzi foarte bine bun bună da ba mulțumesc salut cum când unde cine de dece
        poate pot tot toate toți numai doar încă nicio niciun iată sigur""",
    "hu": """a az és egy nem hogy is van volt ez ezt azt meg de ha csak már még mint vagy én te ő
        mi ti ők itt ott most ma jó jól nagyon mi ki hol mikor miért hogyan igen köszönöm szia
        kérem lehet kell lesz leszek vagyok vagy vannak minden mindenkinek semmi ezek azok után
        előtt persze reggelt nap""",
    "id": """yang dan di ini itu dengan untuk tidak dari adalah saya kamu anda dia kami kita mereka
        akan pada ke ada juga bisa sudah atau karena apa siapa mana kapan bagaimana mengapa sangat
        baik terima kasih halo selamat pagi hari tolong lebih hanya semua belum jangan lagi""",
    "vi": """là và của có không tôi bạn anh em cho với được một những các này đó trong đã sẽ rất
        cũng như khi nào gì ai ở đâu tại sao xin chào cảm ơn vâng hôm nay người làm""",
}  # fmt: skip

_LETTERS: Final = {
    "de": "ß", "es": "ñ¿¡", "pt": "ãõ", "pl": "łąęśźż", "cs": "řěů", "tr": "ğış", "hu": "őű",
    "ro": "ășțâ", "vi": "đơưạảấầậắằặẹẻẽếềểệịọỏốồổộớờợụủứừựỳỵ",
}  # fmt: skip
"""Letters that one of the languages has almost for itself."""

_SHARED: Final = {
    "de": "äöü", "sv": "åäö", "fi": "äö", "da": "æøå", "nb": "æøå", "it": "èòàùì",
    "fr": "éèêçàùœôîâ",
    "es": "áéíóú", "pt": "çáéíóúâêô", "hu": "áéíóúöü", "cs": "čšžýáíéú", "tr": "çöüı", "ro": "î",
    "pl": "ćńó", "nl": "ëï",
}  # fmt: skip
"""Letters that several of the languages have, and English has not."""


def _weights(words: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """Return by word which languages it speaks for; a word of several says less of each."""
    owners: dict[str, list[str]] = {}
    for language, listed in words.items():
        for word in dict.fromkeys(listed.split()):
            owners.setdefault(word, []).append(language)
    return {
        word: dict.fromkeys(languages, (0.5 if len(word) == 1 else 1.0) / len(languages) ** 0.5)
        for word, languages in owners.items()
    }


def _letter_weights() -> dict[str, dict[str, float]]:
    weights: dict[str, dict[str, float]] = {}
    for table, weight in ((_SHARED, 0.3), (_LETTERS, 1.0)):
        for language, letters in table.items():
            for letter in letters:
                weights.setdefault(letter, {})[language] = weight
    return weights


WORDS: Final = _weights(_TABLE)
"""How much each frequent word speaks for which languages."""

LETTERS: Final = _letter_weights()
"""How much a word with such a letter speaks for which languages."""
