from contextlib import AsyncExitStack
from functools import partial

from cogs.client import Client
from cogs.places import is_public
from composition.stores import Stores
from config import Settings
from services.background_model import BackgroundModel
from services.closing import own
from services.fact_learner import FactLearner
from services.profiles import Profiles


def open_profiles(
    settings: Settings,
    client: Client,
    stores: Stores,
    model: BackgroundModel,
    stack: AsyncExitStack,
) -> Profiles:
    """Remember what people tell about themselves, of those who want it and where the bot may."""

    def may_remember(user_id: int) -> bool:
        chosen = stores.users.get(user_id)
        return settings.MEMORY_OF_PEOPLE_ENABLED and chosen.remember and not chosen.opted_out

    public = partial(is_public, client)
    learner = own(
        stack,
        FactLearner(
            store=stores.profiles,
            complete=model.complete,
            is_public=public,
            may_remember=may_remember,
        ),
    )
    return Profiles(
        store=stores.profiles, learner=learner, is_public=public, may_remember=may_remember
    )
