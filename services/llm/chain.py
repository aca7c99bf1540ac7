from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.core.protocols import LLM
from services.llm.calibrated import CalibratedLLM
from services.llm.fallback import FallbackLLM
from services.llm.image_fetching import ImageFetchingLLM
from services.llm.limited import LimitedLLM
from services.llm.openai_compatible import OpenAICompatibleLLM
from services.llm.shared import SharedLLM
from services.llm.tokens import TokenCounter

PRIMARY_PATIENCE = 0.25
"""Share of the time to the first token that the first model has where a second one waits."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Name a model, the server it is on, and the key and options that are for that server alone."""

    base_url: str
    api_key: str = field(repr=False)
    model: str
    extra: Mapping[str, Any]


def second_endpoint(first: Endpoint, *, base_url: str, api_key: str, model: str) -> Endpoint | None:
    """Return the endpoint to fall back on: the first one's server unless it has an address."""
    if not base_url and not model:
        return None
    name = model or first.model
    if not base_url:
        return Endpoint(first.base_url, first.api_key, name, first.extra)
    return Endpoint(base_url, api_key, name, first.extra if base_url == first.base_url else {})


def chat_models(
    first: Endpoint,
    second: Endpoint | None,
    *,
    counter: TokenCounter,
    fetch_image: Callable[[str], Awaitable[bytes]],
    max_concurrent: int,
    first_token_timeout: float,
    **options: Any,
) -> LLM:
    """Reach the first model, and the second one behind it; `counter` learns from the first.

    `fetch_image` is ImageFetchingLLM's; `options` are OpenAICompatibleLLM's, and hold for both.
    """

    def reach(at: Endpoint, patience: float) -> OpenAICompatibleLLM:
        return OpenAICompatibleLLM(
            base_url=at.base_url,
            api_key=at.api_key,
            model=at.model,
            extra=at.extra,
            first_token_timeout=patience,
            **options,
        )

    patience = first_token_timeout
    if second is None:
        llm: LLM = CalibratedLLM(reach(first, patience), counter=counter)
    else:
        primary = CalibratedLLM(reach(first, patience * PRIMARY_PATIENCE), counter=counter)
        llm = FallbackLLM(primary, reach(second, patience), name=second.model)
    fetching = ImageFetchingLLM(llm, fetch=fetch_image)
    return SharedLLM(LimitedLLM(fetching, max_concurrent=max_concurrent))
