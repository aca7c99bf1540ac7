import re
import time
from dataclasses import dataclass, field

from sandbox.events import Event, EventBus
from sandbox.model import Change, Channel, Json, Message
from sandbox.world import World

MAX_TURNS = 300
"""Turns remembered; the oldest are forgotten."""

OPEN_SECONDS = 120.0
"""How long after it was asked a question may still lead to a request to the model."""

SPEECH_LAG = 10.0
"""Seconds after the model's last token within which an answer may begin to sound."""

CONTINUES_WITHIN = 10.0
"""Seconds after an answer's last edit within which a message that is no reply goes on with it."""

COMPARED = 500
"""Characters of a question by which it is found again in a request."""

Speaker = tuple[int, int]
"""The ids of a server and of a bot that is in voice there."""

COMMAND = 2
MENTION = re.compile(r"<@!?\d+>")


@dataclass(slots=True, eq=False)
class Turn:
    """Hold when one question and its answer passed each mark, monotonic seconds.

    The marks are asked, request, first_delta, first_text, first_sound, last_delta, last_edit and
    last_sound; those that were not seen are missing. `listening` is the voice channel where the
    asker was.
    """

    channel: Channel
    asker: int
    words: str
    marks: dict[str, float]
    command: bool
    listening: int | None
    sources: list[int] = field(default_factory=list)
    replies: list[int] = field(default_factory=list)
    version: int = 0

    def as_json(self) -> Json:
        """Describe the turn; ids are strings, as everywhere in Discord's JSON."""
        return {
            "turn": str(self.sources[0]),
            "channel": str(self.channel.id),
            "replies": [str(reply) for reply in self.replies],
            "marks": self.marks,
        }


class Turns:
    """Watch a bot's turns from outside: what Discord, the model and the audience see of them."""

    def __init__(self, *, world: World, bus: EventBus) -> None:
        self._world = world
        self._turns: list[Turn] = []
        self._by_request: dict[str, Turn] = {}
        self._speaking: dict[Speaker, Turn] = {}
        self._version = 0
        world.listeners.append(self._change)
        bus.listeners.append(self._event)

    def changes(self, after: int) -> tuple[int, list[Json]]:
        """Return the present version, and the answered turns that changed since another one."""
        changed = [turn for turn in self._turns if _answered(turn) and turn.version > after]
        return self._version, [turn.as_json() for turn in changed]

    def _change(self, change: Change) -> None:
        if change.name == "INTERACTION_CREATE" and change.payload["type"] == COMMAND:
            self._command(change.payload)
        elif change.message and change.name in ("MESSAGE_CREATE", "MESSAGE_UPDATE"):
            if change.message.author.bot:
                self._shown(change.message)
            elif change.name == "MESSAGE_CREATE":
                message = change.message
                self._ask(message.channel, message.author.id, message.id, message.content, False)

    def _event(self, event: Event) -> None:
        kind, t = event["kind"], event["t"]
        if kind == "llm_request":
            self._requested(event["id"], event["asked"], t)
        elif kind in ("llm_first_delta", "llm_done") and event["id"] in self._by_request:
            mark = "first_delta" if kind == "llm_first_delta" else "last_delta"
            self._mark(self._by_request[event["id"]], mark, t)
        elif kind == "voice_first_frame":
            self._sounds((event["guild_id"], event["user_id"]), event["channel_id"], t)
        elif kind == "voice_last_frame":
            self._falls_silent((event["guild_id"], event["user_id"]), t)
        elif kind == "reset":
            self._clear()

    def _command(self, payload: Json) -> None:
        asker = payload.get("user") or payload["member"]["user"]
        options = payload["data"].get("options") or []
        words = " ".join(str(option["value"]) for option in options if "value" in option)
        channel = self._world.channel(payload["channel_id"])
        self._ask(channel, int(asker["id"]), int(payload["id"]), words, True)

    def _ask(self, channel: Channel, asker: int, source: int, words: str, command: bool) -> None:
        asked = {"asked": time.monotonic()}
        listening = _voice_channel(channel, asker)
        turn = Turn(channel, asker, _lines(words), asked, command, listening, [source])
        self._turns.append(turn)
        if len(self._turns) > MAX_TURNS:
            self._forget(self._turns.pop(0))

    def _requested(self, request: str, asked: str, t: float) -> None:
        """Find the questions that a request asks; those of one person become one turn."""
        text = _lines(asked)
        matching = [turn for turn in self._turns if _waits(turn, t) and _asks(text, turn.words)]
        if not matching:
            return
        place = (matching[0].channel, matching[0].asker)
        first, *others = [turn for turn in matching if (turn.channel, turn.asker) == place]
        for other in others:
            first.sources += other.sources
            self._turns.remove(other)
        self._by_request[request] = first
        first.marks.setdefault("request", t)

    def _shown(self, message: Message) -> None:
        turn = self._turn_of(message)
        if turn is None or message.loading or not (message.content or message.embeds):
            return
        if message.id not in turn.replies:
            turn.replies.append(message.id)
        t = message.edits[-1].t if message.edits else message.created
        turn.marks.setdefault("first_text", t)
        self._mark(turn, "last_edit", t)

    def _turn_of(self, message: Message) -> Turn | None:
        """Return the turn that a message answers, or goes on with."""
        answered = message.reference_id or int((message.interaction or {"id": 0})["id"])
        for turn in reversed(self._turns):
            if message.id in turn.replies or answered in turn.sources:
                return turn
        return None if answered else self._continued(message)

    def _continued(self, message: Message) -> Turn | None:
        here = [turn for turn in self._turns if turn.channel is message.channel and turn.replies]
        latest = max(here, key=lambda turn: turn.marks["last_edit"], default=None)
        recent = latest and message.created - latest.marks["last_edit"] < CONTINUES_WITHIN
        return latest if recent else None

    def _sounds(self, speaker: Speaker, channel_id: int, t: float) -> None:
        """Take a spell of speech for the oldest answer that its audience waits for."""
        for turn in self._turns:
            if turn.listening == channel_id and _may_sound(turn, t):
                self._speaking[speaker] = turn
                self._mark(turn, "first_sound", t)
                return
        before = self._speaking.get(speaker)
        if before and t - before.marks.get("last_sound", t) > SPEECH_LAG:
            del self._speaking[speaker]

    def _falls_silent(self, speaker: Speaker, t: float) -> None:
        if speaker in self._speaking:
            self._mark(self._speaking[speaker], "last_sound", t)

    def _mark(self, turn: Turn, name: str, t: float) -> None:
        if name.startswith("last"):
            turn.marks[name] = t
        else:
            turn.marks.setdefault(name, t)
        self._version += 1
        turn.version = self._version

    def _forget(self, turn: Turn) -> None:
        requests = self._by_request.items()
        self._by_request = {key: known for key, known in requests if known is not turn}
        speaking = self._speaking.items()
        self._speaking = {key: known for key, known in speaking if known is not turn}

    def _clear(self) -> None:
        self._turns.clear()
        self._by_request.clear()
        self._speaking.clear()


def _voice_channel(channel: Channel, asker: int) -> int | None:
    """Return where somebody who writes in a channel listens: in voice, or in its own chat."""
    state = channel.guild.voice_states.get(asker) if channel.guild else None
    if state is not None:
        return state.channel.id
    return channel.id if channel.is_vocal else None


def _lines(text: str) -> str:
    """Return a text without mentions and spare spaces."""
    lines = (" ".join(line.split()) for line in MENTION.sub("", text).splitlines())
    return "\n".join(line for line in lines if line)


def _asks(text: str, words: str) -> bool:
    """Tell whether a request holds a question: whole lines, perhaps behind a name."""
    end = r"(?:\n|$)" if len(words) <= COMPARED else ""
    return bool(words) and bool(re.search(rf"(?:^|\n|: ){re.escape(words[:COMPARED])}{end}", text))


def _waits(turn: Turn, t: float) -> bool:
    return "first_delta" not in turn.marks and t - turn.marks["asked"] < OPEN_SECONDS


def _may_sound(turn: Turn, t: float) -> bool:
    """Tell whether an answer is under way, or ended so lately that its speech may only begin."""
    marks = turn.marks
    if "first_sound" in marks or not _begun(turn):
        return False
    if "request" in marks and "last_delta" not in marks:
        return True
    ended = marks.get("last_delta", marks.get("last_edit"))
    return ended is not None and t - ended < SPEECH_LAG


def _begun(turn: Turn) -> bool:
    """Tell whether the bot works on it; a command counts only when it asks the model."""
    return "request" in turn.marks or (bool(turn.replies) and not turn.command)


def _answered(turn: Turn) -> bool:
    return bool(turn.replies) and _begun(turn)
