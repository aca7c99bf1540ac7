from contextlib import AsyncExitStack
from functools import partial

from discord.ext.commands import Cog

from cogs.access import Gate
from cogs.admin import Admin
from cogs.ask_about import AskAbout
from cogs.chat import Chat
from cogs.client import Client
from cogs.deletions import Deletions
from cogs.doctor import Doctor
from cogs.images import images_of, no_images
from cogs.memory import Memory
from cogs.permissions import needed_permissions
from cogs.personas import Personas
from cogs.places import guild_name
from cogs.presence import VoicePresence
from cogs.prewarming import Prewarming
from cogs.privacy import Privacy
from cogs.pronounce import Pronounce
from cogs.read_aloud import ReadAloud
from cogs.reply_buttons import ReplyButtons
from cogs.settings import GuildSettings
from cogs.speech_queue import SpeechQueue
from cogs.voice import Voice
from cogs.voice_choice import VoiceChoice
from composition.answering import Answering, bucket
from composition.privacy import kept_copies, personal_data, readers
from composition.speaking import Speaking
from composition.stores import Stores
from config import Settings
from services.closing import own
from services.core.types import VoiceStyle
from services.prewarmer import Prewarmer
from services.tts.kokoro_files import invitation
from services.voice.libopus import load_opus
from services.voice_catalogue import VoiceCatalogue


async def add_cogs(
    settings: Settings,
    client: Client,
    stores: Stores,
    speaking: Speaking,
    answering: Answering,
    stack: AsyncExitStack,
) -> None:
    """Let people reach the services, by messages, commands and buttons."""
    gate = client.gate = Gate(choices=stores.guilds.get)
    sessions = speaking.sessions
    chat = chat_cog(settings, client, speaking, answering, gate)
    voice = voice_cog(client, stores, speaking, answering)
    prewarmer = own(stack, Prewarmer(llm=answering.llm, tts=speaking.tts))
    catalogue = VoiceCatalogue([engine for _, engine in speaking.engines])
    examiner = doctor(settings, client, stores, speaking, answering)
    cogs: list[Cog] = [
        chat,
        voice,
        ReplyButtons(client, gate, chat, voice, answering.conversations),
        AskAbout(client, chat, answering.conversations),
        read_aloud_cog(client, stores, speaking, gate),
        Prewarming(prewarmer=prewarmer, sessions=sessions, bot_id=client.own_id),
        SpeechQueue(sessions=sessions),
        VoiceChoice(choices=speaking.voices, catalogue=catalogue),
        Personas(choices=stores.personas, catalogue=catalogue),
        VoicePresence(presence=speaking.presence, bot_id=client.own_id),
        Admin(statistics=answering.statistics, doctor=examiner, memory=stores.memory.get_stats),
        memory_cog(client, stores, answering),
        Pronounce(stores.pronunciations),
        privacy_cog(settings, stores, speaking, answering),
        deletions_cog(client, stores, answering, stack),
        GuildSettings(guilds=stores.guilds, reads_everything=client.reads_everything),
    ]
    for cog in cogs:
        await client.add_cog(cog)


def privacy_cog(
    settings: Settings, stores: Stores, speaking: Speaking, answering: Answering
) -> Privacy:
    """Let people see and delete what is kept about them."""
    data = personal_data(settings, stores, speaking, answering)
    return Privacy(data=data, readers=readers(settings))


def deletions_cog(
    client: Client, stores: Stores, answering: Answering, stack: AsyncExitStack
) -> Deletions:
    """Let what is kept follow what becomes of messages and places."""
    return Deletions(
        copies=kept_copies(stores, answering, stack),
        conversations=answering.conversations,
        bot_id=client.own_id,
    )


def chat_cog(
    settings: Settings, client: Client, speaking: Speaking, answering: Answering, gate: Gate
) -> Chat:
    """Take messages in, as many as the settings allow a person."""
    return Chat(
        bot_id=client.own_id,
        batcher=answering.batcher,
        conversations=answering.conversations,
        sessions=speaking.sessions,
        images_of=no_images if settings.LLM_VISION == "off" else images_of,
        limiter=bucket(settings.USER_RATE_BURST, settings.USER_RATE_PER_MINUTE),
        notices=bucket(1, per_minute=6),
        gate=gate,
        summon=speaking.presence.summon,
    )


def memory_cog(client: Client, stores: Stores, answering: Answering) -> Memory:
    """Let people see and change what is kept of what they told about themselves."""
    return Memory(
        profiles=answering.profiles,
        users=stores.users,
        guild_name=partial(guild_name, client),
    )


def voice_cog(client: Client, stores: Stores, speaking: Speaking, answering: Answering) -> Voice:
    """Enter voice channels, and again those that Discord forgot."""
    return Voice(
        sessions=speaking.sessions,
        presence=speaking.presence,
        find_channel=client.get_channel,
        speaker=speaking.speaker,
        conversations=answering.conversations,
        voices=speaking.voices,
        personas=stores.personas,
    )


def read_aloud_cog(client: Client, stores: Stores, speaking: Speaking, gate: Gate) -> ReadAloud:
    """Read the chat of the bot's voice channel aloud, where that was chosen."""
    return ReadAloud(
        bot_id=client.own_id,
        choices=stores.guilds.get,
        gate=gate,
        sessions=speaking.sessions,
        speaker=speaking.speaker,
        voices=speaking.voices,
    )


def doctor(
    settings: Settings, client: Client, stores: Stores, speaking: Speaking, answering: Answering
) -> Doctor:
    """Examine what the bot needs, and tell how to come to Kokoro where that is wanted."""
    language = settings.TTS_LANGUAGE if settings.TTS_ENGINE in ("auto", "kokoro") else ""
    return Doctor(
        needed=needed_permissions(voice_status=settings.VOICE_STATUS_ENABLED),
        reads_everything=client.reads_everything,
        choices=stores.guilds.get,
        llm=answering.llm,
        engines=speaking.engines,
        style=VoiceStyle(language=settings.TTS_LANGUAGE),
        load_opus=load_opus,
        better=partial(invitation, settings.KOKORO_MODEL_DIR, language),
    )
