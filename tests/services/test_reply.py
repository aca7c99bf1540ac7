import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from services.channel_pacer import ChannelPacer
from services.chatter import NOT_SPOKEN, STOPPED, TOO_LONG, without_notes
from services.core.errors import ProviderConnectionError, ProviderRequestError, VoiceError
from services.core.metrics import TurnMetrics
from services.core.types import (
    Background,
    ChatContext,
    ChatDelta,
    ImagePart,
    ReplyControls,
    TokenUsage,
    UserTurn,
)
from services.live_message import LiveMessage
from services.reply import Reply
from services.typing_pacer import TypingPacer
from tests.services.chat_fakes import (
    FakeChannel,
    FakeSpeech,
    ScriptedLLM,
    as_it_is,
    message,
    now,
    plain_context,
    turn,
    words,
)

pytestmark = pytest.mark.virtual_time

Script = Sequence[tuple[float, ChatDelta | str | Exception]]
TEXT = "one two three four five six seven eight nine ten"


class Stage:
    def __init__(
        self,
        script: Script,
        *,
        speech: FakeSpeech | None = None,
        streaming: bool = True,
        typing_pacer: TypingPacer | None = None,
        max_characters: int = 1000,
        context: Callable[[], ChatContext] | None = None,
    ) -> None:
        self.channel = FakeChannel()
        self.llm = ScriptedLLM(script)
        self.speech = speech
        self.turn = turn("Hello.", speak=speech is not None)
        self.metrics = TurnMetrics("t1", now(), clock=now)
        self.text_done: list[float] = []
        self._context = context or (lambda: plain_context(self.turn, [], Background()))
        self.reply = Reply(
            turn=self.turn,
            read=as_it_is,
            context=self._build,
            llm=self.llm,
            open_output=lambda turn, on_shown: LiveMessage(
                channel=self.channel,
                reply_to=turn.last.id,
                controls=ReplyControls(7, 1, ("stop",)),
                pacer=ChannelPacer(),
                interval=1.0,
                streaming=streaming,
                on_shown=on_shown,
            ),
            open_speech=lambda _: speech,
            metrics=self.metrics,
            max_characters=max_characters,
            typing_pacer=typing_pacer,
            count=len,
            explain=lambda error: f"Unexpected: {error}",
            on_text_done=lambda _: self.text_done.append(now()),
        )

    async def _build(self, _turn: UserTurn) -> ChatContext:
        return self._context()

    async def stop_after(self, seconds: float) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.reply.run())
            await asyncio.sleep(seconds)
            self.reply.stop()

    @property
    def kept(self) -> list[tuple[str, str]]:
        return [(entry.role, entry.text) for entry in self.reply.entries()]


async def test_a_reply_is_shown_whole_and_kept() -> None:
    stage = Stage([*words(TEXT), (0.0, ChatDelta(usage=TokenUsage(20, 10)))])
    await stage.reply.run()
    assert stage.channel.texts == [TEXT]
    assert stage.kept == [("user", "Hello."), ("assistant", TEXT)]
    user, answer = stage.reply.entries()
    assert (user.author_id, user.author, user.message_ids) == (7, "user7", (1,))
    assert (answer.author_id, answer.author, answer.message_ids) == (7, "", (1001,))
    assert (user.about, answer.about) == ((), (1,))
    assert user.guild_id == answer.guild_id == 5
    assert (stage.metrics.prompt_tokens, stage.metrics.completion_tokens) == (20, 10)
    assert stage.llm.closed == 1


async def test_the_turns_times_are_marked() -> None:
    stage = Stage(words(TEXT))
    await stage.reply.run()
    marks = stage.metrics.marks
    assert marks["context"] == 0.0
    assert marks["ttft"] == pytest.approx(0.1)
    assert marks["shown"] == pytest.approx(0.4)
    assert marks["text_done"] == pytest.approx(1.0)


async def test_one_line_goes_to_the_log_without_any_text(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        await Stage(words(TEXT)).reply.run()
    assert [record.name for record in caplog.records] == ["turn"]
    assert "three" not in caplog.text


async def test_what_a_server_said_is_not_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    refusal = ProviderRequestError("it answered 400", said="bad input: my secret question")
    with caplog.at_level(logging.INFO):
        await Stage([(0.1, refusal)]).reply.run()
    assert "it answered 400" in caplog.text
    assert "secret" not in caplog.text


async def test_a_failure_before_the_first_word_is_said_alone_and_not_kept() -> None:
    stage = Stage([(0.1, ProviderConnectionError("refused"))])
    await stage.reply.run()
    assert stage.channel.texts == [ProviderConnectionError.user_message]
    assert stage.kept == []
    assert stage.metrics.error == "ProviderConnectionError"


async def test_a_failure_in_the_midst_is_said_after_what_was_written() -> None:
    stage = Stage([*words(TEXT), (0.1, ProviderConnectionError("broke off"))])
    await stage.reply.run()
    assert stage.channel.texts == [f"{TEXT}\n\n{ProviderConnectionError.user_message}"]
    assert stage.kept == []


@pytest.mark.parametrize("script", [[(0.1, " "), (0.1, "\n")], [(0.1, "```")]])
async def test_an_answer_of_which_nothing_can_be_shown_is_a_failure(script: Script) -> None:
    stage = Stage(script)
    await stage.reply.run()
    assert stage.kept == []
    assert stage.channel.texts == ["The language model gave an empty answer. Please try again."]


async def test_an_error_nobody_expected_becomes_a_sentence() -> None:
    def broken() -> ChatContext:
        raise ZeroDivisionError("by zero")

    stage = Stage(words(TEXT), context=broken)
    await stage.reply.run()
    assert stage.channel.texts == ["Unexpected: by zero"]
    assert stage.kept == []


async def test_stopping_leaves_the_text_with_a_mark() -> None:
    stage = Stage(words(TEXT))
    await stage.stop_after(0.55)
    assert stage.channel.texts == [f"one two three four five {STOPPED}"]
    assert stage.kept[1] == ("assistant", "one two three four five")
    assert stage.llm.closed == 1
    assert stage.metrics.interrupted
    assert stage.metrics.error == ""


async def test_the_mark_stands_outside_of_code() -> None:
    stage = Stage([(0.1, "```py\n"), (0.1, "x = 1\n"), (9.0, "y")])
    await stage.stop_after(1.0)
    assert stage.channel.texts == [f"```py\nx = 1\n```\n\n{STOPPED}"]


async def test_stopping_before_the_first_word_is_said_alone_and_not_kept() -> None:
    stage = Stage([(9.0, "late")])
    await stage.stop_after(1.0)
    assert stage.channel.texts == [STOPPED]
    assert stage.kept == []


async def test_a_reply_stopped_before_it_begins_asks_nobody() -> None:
    stage = Stage(words(TEXT), speech=FakeSpeech())
    stage.reply.stop()
    await stage.reply.run()
    assert stage.llm.contexts == []
    assert stage.channel.texts == [STOPPED]


async def test_a_reply_that_grows_too_long_is_ended_with_a_sentence() -> None:
    stage = Stage(words("word " * 100), max_characters=103)
    await stage.reply.run()
    assert stage.channel.texts[-1].endswith(f"word\n\n{TOO_LONG}")
    assert len(stage.kept[1][1]) <= 103
    assert stage.llm.closed == 1


async def test_text_and_speech_do_not_wait_for_each_other() -> None:
    speech = FakeSpeech(seconds=20.0)
    stage = Stage(words(TEXT), speech=speech)
    await stage.reply.run()
    assert stage.text_done == [pytest.approx(1.0)]
    assert now() == pytest.approx(21.0)
    assert speech.pushed.split() == TEXT.split()
    assert stage.kept[1] == ("assistant", TEXT)


async def test_a_voice_that_fails_leaves_the_text_and_says_so_once() -> None:
    stage = Stage(words(TEXT), speech=FakeSpeech(error=VoiceError("no voice")))
    await stage.reply.run()
    assert stage.channel.texts == [f"{TEXT}\n\n{NOT_SPOKEN}"]
    assert stage.kept[1] == ("assistant", TEXT)


async def test_the_history_keeps_a_word_for_each_image() -> None:
    images = (ImagePart("a"), ImagePart("b"))
    for text, kept in (("Look.", "Look.\n[image]\n[image]"), ("", "[image]\n[image]")):
        stage = Stage(words(TEXT))
        [asked] = stage.turn.messages
        stage.reply.turn = UserTurn("t1", (replace(asked, text=text, images=images),))
        await stage.reply.run()
        assert stage.kept[0] == ("user", kept)


def with_notes() -> ChatContext:
    return ChatContext((), tokens=1, notes=("cut",))


async def test_speech_that_nobody_could_hear_is_told() -> None:
    stage = Stage(words(TEXT), speech=FakeSpeech(gives_up=True))
    await stage.reply.run()
    assert stage.channel.texts == [f"{TEXT}\n\n{NOT_SPOKEN}"]
    assert stage.kept[1] == ("assistant", TEXT)


async def test_notes_stand_below_in_small_print_and_nowhere_else() -> None:
    speech = FakeSpeech()
    script = [*words(TEXT), (0.0, ChatDelta(note="answered by m"))]
    stage = Stage(script, speech=speech, context=with_notes)
    await stage.reply.run()
    assert stage.channel.texts == [f"{TEXT}\n-# cut\n-# answered by m"]
    assert stage.kept[1] == ("assistant", TEXT)
    assert speech.pushed.split() == TEXT.split()


async def test_small_print_stands_below_what_else_is_said() -> None:
    speech = FakeSpeech(error=VoiceError("no voice"))
    stage = Stage(words(TEXT), speech=speech, context=with_notes)
    await stage.reply.run()
    assert stage.channel.texts == [f"{TEXT}\n\n{NOT_SPOKEN}\n-# cut"]


@pytest.mark.parametrize("script", [[], words(TEXT)])
async def test_a_failure_has_no_small_print(script: Script) -> None:
    stage = Stage([*script, (0.1, ProviderConnectionError("down"))], context=with_notes)
    await stage.reply.run()
    assert stage.channel.texts[-1].endswith(ProviderConnectionError.user_message)


async def test_a_voice_that_fails_early_is_told_with_the_end() -> None:
    class Broken(FakeSpeech):
        async def run(self) -> None:  # type: ignore[override]
            raise RuntimeError("no engine")

    stage = Stage(words(TEXT), speech=Broken())
    await stage.reply.run()
    assert stage.channel.texts == [f"{TEXT}\n\n{NOT_SPOKEN}"]


async def test_a_spoken_reply_that_is_interrupted_is_kept_as_heard() -> None:
    stage = Stage(words(TEXT), speech=FakeSpeech(seconds=20.0))
    await stage.stop_after(5.0)
    assert now() == 5.0
    assert stage.channel.texts == [TEXT]
    assert stage.kept[1] == ("assistant", "one t")


async def test_an_answer_at_once_seems_to_be_typed() -> None:
    stage = Stage(
        [(0.1, "Yes.")], streaming=False, typing_pacer=TypingPacer(minimum=0.5, maximum=2.0)
    )
    await stage.reply.run()
    assert stage.channel.times("send") == [pytest.approx(0.5)]


async def test_a_slow_answer_is_not_delayed_further() -> None:
    stage = Stage(
        [(3.0, "Yes.")], streaming=False, typing_pacer=TypingPacer(minimum=0.5, maximum=2.0)
    )
    await stage.reply.run()
    assert stage.channel.times("send") == [3.0]


async def test_a_channel_that_refuses_does_not_end_the_speech() -> None:
    stage = Stage(words(TEXT), speech=FakeSpeech(seconds=2.0))
    stage.channel.send_errors = [PermissionError("no")] * 9
    await stage.reply.run()
    assert stage.metrics.error == "PermissionError"
    assert now() == pytest.approx(3.0)
    assert stage.reply.entries() == []
    assert stage.reply.visible.is_set()


async def test_a_client_library_that_raises_anything_is_survived() -> None:
    stage = Stage(words(TEXT))
    stage.channel.edit_errors = [RuntimeError("odd")]
    await stage.reply.run()
    assert stage.channel.texts == [TEXT]


def under(stage: Stage) -> tuple[str, ...]:
    return list(stage.channel.buttons.values())[-1]


async def test_a_finished_answer_may_be_asked_again_and_spoken() -> None:
    stage = Stage(words(TEXT))
    await stage.reply.run()
    assert under(stage) == ("again", "speak")


async def test_a_direct_message_is_not_spoken() -> None:
    stage = Stage(words(TEXT))
    stage.reply.turn = UserTurn("t1", (message(guild=None),))
    await stage.reply.run()
    assert under(stage) == ("again",)


async def test_a_failure_may_only_be_asked_again() -> None:
    stage = Stage([*words("one two"), (0.0, ProviderConnectionError("down"))])
    await stage.reply.run()
    assert under(stage) == ("again",)


async def test_what_is_still_spoken_can_be_stopped() -> None:
    stage = Stage(words(TEXT), speech=FakeSpeech(seconds=5.0))
    await stage.reply.run()
    assert under(stage) == ("stop", "again", "speak")
    silent = Stage(words(TEXT), speech=FakeSpeech(seconds=5.0))
    await silent.stop_after(0.5)
    assert under(silent) == ("again", "speak")


async def test_speech_that_fails_takes_stop_away() -> None:
    stage = Stage(words(TEXT), speech=FakeSpeech(error=VoiceError("mute")))
    await stage.reply.run()
    assert stage.channel.texts[0].endswith(NOT_SPOKEN)
    assert under(stage) == ("again", "speak")


def test_what_the_bot_said_about_an_answer_is_not_part_of_it() -> None:
    assert without_notes(f"Text. {STOPPED}") == "Text."
    assert without_notes(f"Text.\n\n{TOO_LONG}\n{NOT_SPOKEN}") == "Text."
    assert without_notes(STOPPED) == ""
