from typing import Any

from sandbox.events import EventBus
from sandbox.messages import Draft, Revision
from sandbox.model import LOADING, Change, Channel, Message, User
from sandbox.turns import MAX_TURNS, Turns
from sandbox.world import World


class Stage:
    """A world whose people, bot and model do what a test says."""

    def __init__(self) -> None:
        self.bus = EventBus()
        self.world = World(bus=self.bus)
        self.turns = Turns(world=self.world, bus=self.bus)
        self.guild = self.world.guild("Sandbox")
        self.general = next(iter(self.guild.channels.values()))
        self.lounge = list(self.guild.channels.values())[1]
        self.ana, self.ben = self.world.user("ana"), self.world.user("ben")
        self.requests = 0

    def post(self, content: str, user: User | None = None) -> Message:
        return self.world.messages.post(self.general, user or self.ana, Draft(content))

    def reply(self, content: str, to: Message | None = None, **more: Any) -> Message:
        draft = Draft(content, reference=to, **more)
        return self.world.messages.post(self.general, self.world.bot, draft)

    def model(self, asked: str, *, done: bool = True) -> str:
        self.requests += 1
        name = f"request-{self.requests}"
        self.bus.publish("llm_request", id=name, asked=asked)
        self.bus.publish("llm_first_delta", id=name)
        if done:
            self.bus.publish("llm_done", id=name, outcome="stop")
        return name

    def sound(self, kind: str, channel: Channel | None = None) -> None:
        place = {"guild_id": self.guild.id, "channel_id": (channel or self.lounge).id}
        self.bus.publish(kind, user_id=self.world.bot.id, **place)

    def told(self) -> list[dict[str, Any]]:
        return self.turns.changes(0)[1]


def order(turn: dict[str, Any]) -> list[str]:
    return sorted(turn["marks"], key=lambda name: turn["marks"][name])


def test_an_answer_passes_every_mark() -> None:
    stage = Stage()
    stage.world.set_voice(stage.lounge, stage.ana, session_id="s")
    asked = stage.post("<@1> hello  there")
    name = stage.model("hello there", done=False)
    answer = stage.reply("Hel", asked)
    stage.sound("voice_first_frame")
    stage.bus.publish("llm_done", id=name, outcome="stop")
    stage.world.messages.edit(answer, Revision(content="Hello."))
    stage.sound("voice_last_frame")
    [turn] = stage.told()
    assert turn["replies"] == [str(answer.id)]
    assert turn["turn"] == str(asked.id)
    marks = "asked request first_delta first_text first_sound last_delta last_edit last_sound"
    assert order(turn) == marks.split()


def test_what_only_people_say_is_no_turn() -> None:
    stage = Stage()
    stage.post("hello ben")
    stage.post("hello ana", stage.ben)
    assert stage.told() == []


def test_rapid_messages_are_one_turn() -> None:
    stage = Stage()
    first, second = stage.post("hello"), stage.post("are you there?")
    stage.model("hello\nare you there?")
    answer = stage.reply("Yes.", second)
    [turn] = stage.told()
    assert (turn["turn"], turn["replies"]) == (str(first.id), [str(answer.id)])


def test_words_inside_other_words_are_not_taken_for_the_question() -> None:
    stage = Stage()
    stage.post("hi")
    asked = stage.post("this")
    stage.model("ana: this")
    stage.reply("That.", asked)
    [turn] = stage.told()
    assert turn["turn"] == str(asked.id)


def test_the_same_question_of_two_people_is_two_turns() -> None:
    stage = Stage()
    asked = [stage.post("hello", user) for user in (stage.ana, stage.ben)]
    for _ in asked:
        stage.model("hello")
    for message in asked:
        stage.reply("Hello.", message)
    assert [turn["turn"] for turn in stage.told()] == [str(message.id) for message in asked]
    assert all("last_delta" in turn["marks"] for turn in stage.told())


def test_a_long_answer_goes_on_in_further_messages() -> None:
    stage = Stage()
    asked = stage.post("a story")
    first, second = stage.reply("Once", asked), stage.reply("upon a time")
    [turn] = stage.told()
    assert turn["replies"] == [str(first.id), str(second.id)]


def test_a_message_without_a_model_has_the_marks_that_are_seen() -> None:
    stage = Stage()
    stage.reply("Hello.", stage.post("hello"))
    [turn] = stage.told()
    assert set(turn["marks"]) == {"asked", "first_text", "last_edit"}


def test_a_command_counts_when_it_asks_the_model() -> None:
    stage = Stage()
    for number, words in ((7, "hello"), (8, "")):
        payload: dict[str, Any] = {
            "type": 2,
            "id": str(number),
            "channel_id": str(stage.general.id),
            "user": {"id": str(stage.ana.id)},
            "data": {"options": [{"name": "text", "value": words}]},
        }
        stage.world.announce(Change("INTERACTION_CREATE", payload, to=stage.world.bot))
        answered = {"id": str(number), "type": 2, "name": "ask", "user": {"username": "ana"}}
        answer = stage.reply("", interaction=answered, flags=LOADING)
        if words:
            stage.model(words)
        stage.world.messages.edit(answer, Revision(content="Hello."))
    [turn] = stage.told()
    assert turn["turn"] == "7"
    assert turn["marks"]["first_text"] >= turn["marks"]["first_delta"]


def test_sound_belongs_to_whom_it_is_spoken_to() -> None:
    stage = Stage()
    early = stage.post("ben asks early", stage.ben)
    stage.reply("Early", early)
    stage.world.set_voice(stage.lounge, stage.ben, session_id="s")
    for user in (stage.ana, stage.ben):
        asked = stage.post(f"{user.name} asks", user)
        stage.model(f"{user.name} asks", done=False)
        stage.reply("Well", asked)
    stage.sound("voice_first_frame")
    assert ["first_sound" in turn["marks"] for turn in stage.told()] == [False, False, True]


def test_only_what_changed_is_told_again() -> None:
    stage = Stage()
    stage.reply("one", stage.post("a"))
    version, turns = stage.turns.changes(0)
    assert len(turns) == 1
    assert stage.turns.changes(version) == (version, [])
    stage.reply("two", stage.post("b"))
    assert len(stage.turns.changes(version)[1]) == 1


def test_old_turns_and_those_before_a_reset_are_forgotten() -> None:
    stage = Stage()
    asked = stage.post("a")
    stage.model("a")
    stage.reply("one", asked)
    for _ in range(MAX_TURNS):
        stage.post("chatter")
    assert stage.told() == []
    stage.reply("two", stage.post("b"))
    stage.bus.publish("reset")
    assert stage.told() == []
