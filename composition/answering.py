import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from cogs.client import Client
from cogs.downloads import Downloads
from cogs.enclosures import fetch_quote
from cogs.errors import explain
from cogs.text_channels import ChannelText
from composition.mind import history_limit, open_mind
from composition.profiles import open_profiles
from composition.speaking import Speaking
from composition.stores import Stores
from config import Settings
from services.background_model import BackgroundModel
from services.channel_pacer import ChannelPacers
from services.closing import own
from services.conversations import Conversations
from services.core.logs import new_turn_id
from services.core.metrics import TurnStatistics
from services.core.protocols import LLM
from services.core.types import UserTurn
from services.limits import DailyShares, Limits
from services.llm.chain import Endpoint, chat_models, second_endpoint
from services.llm.tokens import TokenCounter
from services.message_batcher import MessageBatcher
from services.mind import Mind
from services.profiles import Profiles
from services.query_optimizer import QueryOptimizer
from services.rate_limiter import RateLimiter
from services.turn_reader import TurnReader
from services.typing_pacer import TypingPacer


@dataclass(frozen=True, slots=True)
class Answering:
    """Hold what answers turns."""

    llm: LLM
    conversations: Conversations
    batcher: MessageBatcher
    statistics: TurnStatistics
    mind: Mind
    profiles: Profiles


def open_answering(
    settings: Settings,
    client: Client,
    pacers: ChannelPacers,
    stores: Stores,
    speaking: Speaking,
    stack: AsyncExitStack,
) -> Answering:
    """Make the way from a message to its answer."""
    counter = TokenCounter()
    statistics = TurnStatistics()
    llm = own(stack, language_model(settings, counter, fetch_image=client.fetch))
    bounds = limits(settings, stores)
    model = BackgroundModel(llm, count=counter.count, limits=bounds)
    profiles = open_profiles(settings, client, stores, model, stack)
    mind = open_mind(settings, stores, model, counter, profiles, stack)
    downloads = own(stack, Downloads(lambda: client.http.connector))
    reader = TurnReader(fetch_file=downloads.fetch, fetch_quote=partial(fetch_quote, client))
    conversations = Conversations(
        llm=llm,
        read=reader.read,
        build_context=query_optimizer(settings, counter).build,
        mind=mind,
        history=stores.history,
        history_limit=history_limit(settings),
        opted_out=lambda user_id: stores.users.get(user_id).opted_out,
        limits=bounds,
        statistics=statistics,
        pacers=pacers,
        open_speech=speaking.open,
        explain=explain,
        count=counter.count,
        streaming=settings.RESPONSE_STREAMING_ENABLED,
        interval=settings.STREAM_UPDATE_INTERVAL,
        typing_pacer=typing_pacer(settings),
        buttons=settings.REPLY_BUTTONS_ENABLED,
    )
    own(stack, conversations)
    batcher = own(stack, message_batcher(settings, client, conversations))
    return Answering(llm, conversations, batcher, statistics, mind, profiles)


def language_model(
    settings: Settings,
    counter: TokenCounter,
    *,
    fetch_image: Callable[[str], Awaitable[bytes]],
) -> LLM:
    """Reach the model, and a second one behind it where one is set."""
    first = Endpoint(
        base_url=settings.OPENAI_BASE_URL,
        api_key=settings.OPENAI_API_KEY.get_secret_value(),
        model=settings.LLM_MODEL,
        extra=json.loads(settings.LLM_EXTRA_BODY or "{}"),
    )
    second = second_endpoint(
        first,
        base_url=settings.LLM_FALLBACK_BASE_URL,
        api_key=settings.LLM_FALLBACK_API_KEY.get_secret_value(),
        model=settings.LLM_FALLBACK_MODEL,
    )
    return chat_models(
        first,
        second,
        counter=counter,
        fetch_image=fetch_image,
        max_concurrent=settings.LLM_MAX_CONCURRENT,
        max_tokens=settings.LLM_MAX_TOKENS,
        temperature=settings.LLM_TEMPERATURE,
        connect_timeout=settings.LLM_CONNECT_TIMEOUT,
        first_token_timeout=settings.LLM_FIRST_TOKEN_TIMEOUT,
        stall_timeout=settings.LLM_STALL_TIMEOUT,
        retries=settings.LLM_RETRIES,
        adapt_to_blindness=settings.LLM_VISION == "auto",
    )


def query_optimizer(settings: Settings, counter: TokenCounter) -> QueryOptimizer:
    """Fit the context into its bounds."""
    return QueryOptimizer(
        count=counter.count,
        system_prompt=settings.SYSTEM_PROMPT,
        max_history_messages=settings.MAX_HISTORY_MESSAGES,
        max_context_tokens=settings.MAX_CONTEXT_TOKENS,
    )


def limits(settings: Settings, stores: Stores) -> Limits:
    """Bound what people, channels and guilds may use."""
    return Limits(
        channels=bucket(settings.CHANNEL_RATE_BURST, settings.CHANNEL_RATE_PER_MINUTE),
        guilds=bucket(settings.GUILD_RATE_BURST, settings.GUILD_RATE_PER_MINUTE),
        budget=stores.budget,
        shares=DailyShares(
            user_tokens=settings.USER_DAILY_TOKENS,
            guild_tokens=settings.GUILD_DAILY_TOKENS,
            user_speech=settings.USER_DAILY_SPEECH_MINUTES * 60,
            guild_speech=settings.GUILD_DAILY_SPEECH_MINUTES * 60,
        ),
    )


def bucket(burst: int, per_minute: float) -> RateLimiter:
    """Let so many through at once, and per minute in the long run."""
    clock = asyncio.get_running_loop().time
    return RateLimiter(
        capacity=burst, refill_per_second=per_minute / 60, clock=clock, max_keys=10_000
    )


def typing_pacer(settings: Settings) -> TypingPacer | None:
    """Make answers that are posted at once take their time."""
    if not settings.NATURAL_TYPING_DELAY_ENABLED:
        return None
    return TypingPacer(minimum=settings.MIN_TYPING_DELAY, maximum=settings.MAX_TYPING_DELAY)


def message_batcher(
    settings: Settings, client: Client, conversations: Conversations
) -> MessageBatcher:
    """Join rapid messages of one person to a turn; with a window of 0 never, answered or not."""
    window = settings.MESSAGE_BATCH_WINDOW_SECONDS

    def deliver(turn: UserTurn) -> None:
        channel = client.get_partial_messageable(turn.channel_id, guild_id=turn.guild_id)
        place = ChannelText(
            channel, own_id=client.own_id, newest=client.newest_message, posts=client.posts
        )
        conversations.submit(turn, channel=place, alone=not window)

    return MessageBatcher(window=window, deliver=deliver, new_id=new_turn_id)
