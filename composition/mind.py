from contextlib import AsyncExitStack

from composition.stores import Stores
from config import Settings
from services.background_model import BackgroundModel
from services.closing import own
from services.conversation_summarizer import ConversationSummarizer
from services.llm.tokens import TokenCounter
from services.mind import Mind
from services.profiles import Profiles
from services.trim_thresholds import TrimThresholds


def open_mind(
    settings: Settings,
    stores: Stores,
    model: BackgroundModel,
    counter: TokenCounter,
    profiles: Profiles,
    stack: AsyncExitStack,
) -> Mind:
    """Make what recalls before a turn and learns after it."""
    return Mind(
        summaries=own(stack, summarizer(settings, stores, model, counter)),
        profiles=profiles,
        personas=stores.personas,
    )


def summarizer(
    settings: Settings, stores: Stores, model: BackgroundModel, counter: TokenCounter
) -> ConversationSummarizer:
    """Sum up what falls out of the window of recent messages."""
    return ConversationSummarizer(
        complete=model.complete,
        history=stores.history,
        store=stores.summaries,
        thresholds=TrimThresholds(settings.MAX_HISTORY_MESSAGES),
        count=counter.count,
        max_tokens=settings.MAX_CONTEXT_TOKENS,
        enabled=summarizes(settings),
    )


def summarizes(settings: Settings) -> bool:
    """Tell whether conversations are summed up; not where the model sees no history at all."""
    return settings.SUMMARIES_ENABLED and settings.MAX_HISTORY_MESSAGES > 0


def history_limit(settings: Settings) -> int:
    """Return how many messages are looked at for an answer."""
    window = settings.MAX_HISTORY_MESSAGES
    return TrimThresholds(window).emergency if summarizes(settings) else window
