from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import replace

from services.background_text import (
    NOTICE,
    earlier_line,
    earlier_text,
    profile_text,
    summary_text,
)
from services.core.types import Background, ChatContext, ChatMessage, HistoryEntry, UserTurn
from services.profile_relevance import concerns
from services.recent_messages import tellable
from services.text_fitting import fit
from services.turn_material import Material, material_of, quoted_ids

MESSAGE_TOKENS = 4
"""Tokens that a chat format adds to every message, and once more to open the answer."""

IMAGE_TOKENS = 800
"""What an image counts: OpenAI takes 765 for a square of 1024 pixels, others 250 to 1600."""
MAX_IMAGES = 4
"""Images of one turn that a model is shown."""

MATERIAL_SHARE = 0.75
"""Part of the room beside prompt and question that quotations and files may take."""

PROMPT_FLOOR = 0.25
"""Part of the whole that the system prompt keeps, whatever else there is: who the bot is."""

PROFILE_SHARE = EARLIER_SHARE = 0.25
"""Part of the whole that the profile may take, and the shortened earlier messages."""

LONGEST_TOKEN = 8
"""Characters of a token; hardly any text has more, so that what is longer need not be counted."""

FILE_CUT = "I read only the beginning of {}."
FILE_LEFT_OUT = "{} did not fit; I did not read it."
MESSAGE_CUT = "Your message was too long for me to read whole; I read its end."
IMAGES_LEFT_OUT = "Images that I could look at: {} of {}."


class QueryOptimizer:
    """Choose what a model is sent: the newest that fits into `max_context_tokens`.

    In order of priority: the current message with its images (as IMAGE_TOKENS each, at most
    MAX_IMAGES), what it quotes and its files; the asker's profile, where it concerns the message;
    the newest messages of the history, at most `max_history_messages`; the summary of what went
    before, and what it does not hold yet, shortened; the persona or system prompt, of which
    PROMPT_FLOOR is kept at any rate. `count` gives a text's tokens. A message too long keeps its
    end, all others keep their beginning. Quotations and files stand above the message.

    The one system message begins with what changes least, for the servers that keep what they
    have read. Behind it the roles alternate, beginning with a user, as the chat templates of some
    models insist: neighbours of one role become one message, an answer at the beginning, whose
    question fell out, is left out.
    """

    def __init__(
        self,
        *,
        count: Callable[[str], int],
        system_prompt: str,
        max_history_messages: int = 10,
        max_context_tokens: int = 2000,
    ) -> None:
        self._count = count
        self._system_prompt = system_prompt.strip()
        self._max_messages = max_history_messages
        self._max_tokens = max_context_tokens

    def build(
        self, turn: UserTurn, history: Sequence[HistoryEntry], background: Background
    ) -> ChatContext:
        """Return the context of a turn; `trimmed` where the budget cut or left out something.

        A note says so where that was the current message or an image of it.
        """
        told = tellable(history)
        recent = told[max(0, len(told) - self._max_messages) :]
        since = history[max(0, len(history) - background.unsummarised) :]
        earlier = told[len(told) - len(tellable(since)) : len(told) - len(recent)]
        quoted = quoted_ids(turn)
        known = quoted & _ids(recent)
        context, sent = self._build(turn, recent, earlier, background, known=known)
        if known - sent:  # what would only be pointed at does not fit
            context, _ = self._build(turn, recent, earlier, background, known=quoted & sent)
        return replace(context, temperature=background.temperature)

    def _build(
        self,
        turn: UserTurn,
        recent: Sequence[HistoryEntry],
        earlier: Sequence[HistoryEntry],
        background: Background,
        *,
        known: Set[int],
    ) -> tuple[ChatContext, Set[int]]:
        """Return a context, and the ids of the messages of the history that are in it."""
        name = _namer(recent, turn)
        prompt = background.persona.strip() or self._system_prompt
        floor = self._floor(prompt)
        room = self._max_tokens - MESSAGE_TOKENS - floor
        question, notes = self._question(turn, name, room, known)
        room -= self._cost(question.content) + IMAGE_TOKENS * len(question.images)
        sections: dict[str, str] = {}
        room -= self._add_profile(sections, turn, background.profile, room)
        chosen = self._chosen(recent, name, room)
        room -= sum(self._cost(message.content) for message in chosen)
        room -= self._add(sections, "summary", background.summary, room, summary_text)
        if background.unsummarised:
            left = (*earlier, *recent[: len(recent) - len(chosen)])
            room -= self._add_earlier(sections, left, room)
        system = fit(prompt, floor + room - MESSAGE_TOKENS, self._count) if prompt else ""
        opening = _system_message(system, sections)
        messages = (*opening, *_alternating([*chosen, question]))
        cut = len(chosen) < len(recent) or system != prompt
        context = ChatContext(messages, self._tokens(messages), cut or bool(notes), tuple(notes))
        return context, _ids(recent[len(recent) - len(chosen) :])

    def _floor(self, prompt: str) -> int:
        """Return the tokens kept for the system message: the beginning of its prompt."""
        most = int(self._max_tokens * PROMPT_FLOOR)
        return min(most, self._count(prompt) + MESSAGE_TOKENS) if prompt else 0

    def _question(
        self, turn: UserTurn, name: Callable[[int, str], str], room: int, known: Set[int]
    ) -> tuple[ChatMessage, list[str]]:
        """Return the current message with what it brings, and notes of what did not fit."""
        room -= MESSAGE_TOKENS
        speaker = name(turn.author.id, turn.author.name)
        speaker = speaker if self._count(speaker) <= room else ""
        text = turn.text or turn.kept_text
        said = fit(text, room, lambda part: self._count(speaker + part), keep_end=True)
        notes = [MESSAGE_CUT] if said != text else []
        asked = speaker + said
        room -= self._count(asked)
        images = turn.images[: min(MAX_IMAGES, room // IMAGE_TOKENS)]
        if len(images) < len(turn.images):
            notes.append(IMAGES_LEFT_OUT.format(len(images), len(turn.images)))
        room -= IMAGE_TOKENS * len(images)
        content = self._with_material(asked, material_of(turn, known=known), room, notes)
        return ChatMessage("user", content, images), notes

    def _chosen(
        self, recent: Sequence[HistoryEntry], name: Callable[[int, str], str], room: int
    ) -> list[ChatMessage]:
        """Return the newest messages that fit, oldest first."""
        chosen: list[ChatMessage] = []
        for entry in reversed(recent):
            message = _message(entry, name)
            room -= self._cost(message.content)
            if room < 0:
                break
            chosen.append(message)
        return chosen[::-1]

    def _add_profile(
        self, sections: dict[str, str], turn: UserTurn, profile: str, room: int
    ) -> int:
        """Add what is known about the asker where it concerns what they say; return its tokens."""
        if not profile or not concerns(turn.text, profile):
            return 0
        share = min(room, int(self._max_tokens * PROFILE_SHARE))
        asker = turn.author.name
        return self._add(
            sections, "profile", profile, share, lambda part: profile_text(part, asker)
        )

    def _add_earlier(
        self, sections: dict[str, str], earlier: Sequence[HistoryEntry], room: int
    ) -> int:
        """Add the newest of the earlier messages, shortened; return their tokens."""
        left = min(room, int(self._max_tokens * EARLIER_SHARE))
        left -= self._section_cost(sections, earlier_text([]))
        lines: list[str] = []
        for entry in reversed(earlier):
            line = earlier_line(entry)
            left -= self._count(f"\n{line}")
            if left < 0:
                break
            lines.append(line)
        shown = earlier_text(reversed(lines))
        return self._add(sections, "earlier", shown, room, str) if lines else 0

    def _add(
        self,
        sections: dict[str, str],
        name: str,
        text: str,
        room: int,
        section: Callable[[str], str],
    ) -> int:
        """Add as much of a text as fits as a section; return its tokens."""
        if not text:
            return 0
        part = fit(text, room, lambda part: self._section_cost(sections, section(part)))
        cost = self._section_cost(sections, section(part))
        if not part or cost > room:
            return 0
        sections[name] = section(part)
        return cost

    def _section_cost(self, sections: dict[str, str], text: str) -> int:
        """Return a section's tokens; the first one brings the notice, maybe the message itself."""
        if sections:
            return self._count(f"\n\n{text}")
        return self._count(f"\n\n{NOTICE}\n\n{text}") + MESSAGE_TOKENS

    def _with_material(
        self, question: str, material: Sequence[Material], room: int, notes: list[str]
    ) -> str:
        """Return the question below what it brings, each part as far as its share lets it.

        All together take at most MATERIAL_SHARE of `room` tokens, so that some history fits.
        """
        content = question
        limit = self._count(question) + int(room * MATERIAL_SHARE)
        for left, part in zip(range(len(material), 0, -1), reversed(material), strict=True):
            used = self._count(content)
            share = used + (limit - used) // left
            text = self._beginning(part, content, share)
            if text is not None:
                content = _above(part.shown(text), content)
            if part.name and (text != part.text or not part.whole):
                notes.append((FILE_CUT if text else FILE_LEFT_OUT).format(part.name))
        return content

    def _beginning(self, part: Material, content: str, share: int) -> str | None:
        """Return as much of a part's text as fits above `content` into `share` tokens, or None."""

        def count(text: str) -> int:
            return self._count(_above(part.shown(text), content))

        text = fit(part.text[: share * LONGEST_TOKEN], share, count)
        return text if (text or not part.text) and count(text) <= share else None

    def _tokens(self, messages: Iterable[ChatMessage]) -> int:
        return MESSAGE_TOKENS + sum(
            self._cost(message.content) + IMAGE_TOKENS * len(message.images) for message in messages
        )

    def _cost(self, text: str) -> int:
        return self._count(text) + MESSAGE_TOKENS


def _above(part: str, content: str) -> str:
    return f"{part}\n\n{content}" if content else part


def _ids(entries: Iterable[HistoryEntry]) -> set[int]:
    return {message_id for entry in entries for message_id in entry.message_ids}


def _system_message(prompt: str, sections: dict[str, str]) -> list[ChatMessage]:
    """Return the prompt and, behind a notice of what they are, the sections; nothing if empty."""
    told = [sections[name] for name in ("summary", "profile", "earlier") if name in sections]
    parts = [part for part in (prompt, NOTICE if told else "", *told) if part]
    return [ChatMessage("system", "\n\n".join(parts))] if parts else []


def _namer(entries: Iterable[HistoryEntry], turn: UserTurn) -> Callable[[int, str], str]:
    """Return what gives a speaker's "Name: ", empty while only one person speaks."""
    speakers = {entry.author_id for entry in entries if entry.role == "user"} | {turn.author.id}
    if len(speakers) == 1:
        return lambda _, __: ""
    return lambda _, name: f"{' '.join(name.split())}: "


def _message(entry: HistoryEntry, name: Callable[[int, str], str]) -> ChatMessage:
    speaker = name(entry.author_id, entry.author) if entry.role == "user" else ""
    return ChatMessage(entry.role, speaker + entry.text)


def _alternating(messages: Iterable[ChatMessage]) -> list[ChatMessage]:
    """Join neighbours of one role, and begin with a user.

    A joint saves the MESSAGE_TOKENS of one message and costs a line break, so the whole shrinks.
    """
    joined: list[ChatMessage] = []
    for message in messages:
        if joined and joined[-1].role == message.role:
            content = f"{joined[-1].content}\n{message.content}"
            joined[-1] = replace(message, content=content)  # history holds no images
        elif joined or message.role == "user":
            joined.append(message)
    return joined
