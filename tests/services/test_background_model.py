import asyncio

import pytest

from services.background_model import BackgroundModel
from services.core.errors import ProviderConnectionError, ProviderTimeoutError
from tests.services.chat_fakes import ScriptedLLM, words

pytestmark = pytest.mark.virtual_time


def model(*scripts: list[tuple[float, object]], timeout: float = 60.0) -> BackgroundModel:
    llm = ScriptedLLM(*scripts)  # type: ignore[arg-type]
    return BackgroundModel(llm, count=len, timeout=timeout)


async def test_the_answer_comes_whole_and_is_asked_for_whole() -> None:
    llm = ScriptedLLM(words("a short summary"))
    said = await BackgroundModel(llm, count=len).complete("Sum up.", "Long text.")
    assert said == "a short summary"
    context = llm.contexts[0]
    assert [(each.role, each.content) for each in context.messages] == [
        ("system", "Sum up."),
        ("user", "Long text."),
    ]
    assert context.whole
    assert context.tokens == len("Sum up.Long text.") + 12


async def test_one_question_is_asked_after_the_other() -> None:
    llm = ScriptedLLM(words("one two three"))
    background = BackgroundModel(llm, count=len)
    await asyncio.gather(*(background.complete("a", str(number)) for number in range(4)))
    assert llm.most_running == 1


async def test_a_model_that_takes_too_long_is_left_and_the_next_question_asked() -> None:
    background = model([(61.0, "late")], [(1.0, "soon")])
    with pytest.raises(ProviderTimeoutError):
        await background.complete("a", "b")
    assert await background.complete("a", "b") == "soon"


async def test_a_failure_is_the_askers() -> None:
    with pytest.raises(ProviderConnectionError):
        await model([(0.1, "half"), (0.1, ProviderConnectionError("gone"))]).complete("a", "b")
