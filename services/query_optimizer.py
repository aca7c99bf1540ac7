from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import replace

from services.core.types import Background, ChatContext, ChatMessage, HistoryEntry, UserTurn
from services.turn_material import Material, material_of, quoted_ids

MESSAGE_TOKENS = 4
"""Tokens that a chat format adds to every message, and once more to open the answer."""

IMAGE_TOKENS = 800
"""What an image counts: OpenAI takes 765 for a square of 1024 pixels, others 250 to 1600."""
MAX_IMAGES = 4
"""Images of one turn that a model is shown."""

MATERIAL_SHARE = 0.75
"""Part of the room beside prompt and question that quotations and files may take."""

LONGEST_TOKEN = 8
"""Characters of a token; hardly any text has more, so that what is longer need not be counted."""

FILE_CUT = "I read only the beginning of {}."
FILE_LEFT_OUT = "{} did not fit; I did not read it."
MESSAGE_CUT = "Your message was too long for me to read whole; I read its end."
IMAGES_LEFT_OUT = "Images that I could look at: {} of {}."


class QueryOptimizer:
    """Choose what a model is sent: the newest that fits into `max_context_tokens`.

    In order of priority: the current message, the system prompt (a background's persona stands in
    its place), the current message's images (as IMAGE_TOKENS each, at most MAX_IMAGES), what it
    quotes and its files, the newest messages of the history, at most `max_history_messages` of
    them. `count` gives a text's tokens. Where not even the first two fit, the message keeps its end
    and the system prompt its beginning. Quotations and files stand above the message and keep
    their beginning.

    After the system prompt the roles alternate, beginning with a user, as the chat templates of
    some models insist: neighbours of one role become one message, an answer at the beginning,
    whose question fell out, is left out.
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
        recent = _newest(history, self._max_messages)
        quoted = quoted_ids(turn)
        prompt = background.persona.strip() or self._system_prompt
        context, sent = self._build(turn, recent, prompt, known=quoted & _ids(recent))
        if quoted & _ids(recent) - sent:  # what would only be pointed at does not fit
            context, _ = self._build(turn, recent, prompt, known=quoted & sent)
        return replace(context, temperature=background.temperature)

    def _build(
        self, turn: UserTurn, recent: Sequence[HistoryEntry], prompt: str, *, known: Set[int]
    ) -> tuple[ChatContext, Set[int]]:
        """Return a context, and the ids of the messages of the history that are in it."""
        name = _namer(recent, turn)
        speaker = name(turn.author.id, turn.author.name)
        opening, room, cut = self._opening(prompt, speaker, turn.text or turn.kept_text)
        notes = [MESSAGE_CUT] if cut else []
        images = turn.images[: min(MAX_IMAGES, room // IMAGE_TOKENS)]
        if len(images) < len(turn.images):
            notes.append(IMAGES_LEFT_OUT.format(len(images), len(turn.images)))
        room -= IMAGE_TOKENS * len(images)
        question = opening[-1].content
        asked = self._with_material(question, material_of(turn, known=known), room, notes)
        opening[-1] = ChatMessage("user", asked, images)
        room -= self._count(asked) - self._count(question)
        chosen: list[ChatMessage] = []
        for entry in reversed(recent):
            message = _message(entry, name)
            cost = self._cost(message.content)
            if cost > room:
                break
            room -= cost
            chosen.append(message)
        messages = (*opening[:-1], *_alternating([*reversed(chosen), opening[-1]]))
        trimmed = len(chosen) < len(recent) or bool(notes) or _cuts(prompt, opening)
        context = ChatContext(messages, self._tokens(messages), trimmed, tuple(notes))
        return context, _ids(recent[len(recent) - len(chosen) :])

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

        text = _fit(part.text[: share * LONGEST_TOKEN], share, count)
        return text if (text or not part.text) and count(text) <= share else None

    def _opening(self, prompt: str, speaker: str, text: str) -> tuple[list[ChatMessage], int, bool]:
        """Return system prompt and current message, the tokens left, whether the latter is cut."""
        room = self._max_tokens - MESSAGE_TOKENS
        system_room = max(room // 2, room - self._cost(speaker + text)) - MESSAGE_TOKENS
        system = _fit(prompt, system_room, self._count)
        messages = [ChatMessage("system", system)] if system else []
        room -= sum(self._cost(message.content) for message in messages)
        room -= MESSAGE_TOKENS
        speaker = speaker if self._count(speaker) <= room else ""
        said = _fit(text, room, lambda part: self._count(speaker + part), keep_end=True)
        messages.append(ChatMessage("user", speaker + said))
        room -= self._count(speaker + said)
        return messages, room, said != text

    def _tokens(self, messages: Iterable[ChatMessage]) -> int:
        return MESSAGE_TOKENS + sum(
            self._cost(message.content) + IMAGE_TOKENS * len(message.images) for message in messages
        )

    def _cost(self, text: str) -> int:
        return self._count(text) + MESSAGE_TOKENS


def _cuts(prompt: str, opening: Sequence[ChatMessage]) -> bool:
    return (opening[0].content if len(opening) > 1 else "") != prompt


def _above(part: str, content: str) -> str:
    return f"{part}\n\n{content}" if content else part


def _ids(entries: Iterable[HistoryEntry]) -> set[int]:
    return {message_id for entry in entries for message_id in entry.message_ids}


def _newest(history: Sequence[HistoryEntry], limit: int) -> list[HistoryEntry]:
    """Return the last entries that say something to the model, oldest first."""
    newest: list[HistoryEntry] = []
    for entry in reversed(history):
        if len(newest) >= limit:
            break
        if entry.role != "system" and entry.text.strip():
            newest.append(entry)
    return newest[::-1]


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


def _fit(text: str, room: int, count: Callable[[str], int], *, keep_end: bool = False) -> str:
    """Return as much of a text as fits, cut at a word where there is one near."""
    if count(text) <= room:
        return text
    shortest, longest = 0, len(text)
    while shortest < longest:
        length = (shortest + longest + 1) // 2
        if count(_part(text, length, keep_end=keep_end)) <= room:
            shortest = length
        else:
            longest = length - 1
    return _part(text, shortest, keep_end=keep_end)


def _part(text: str, length: int, *, keep_end: bool) -> str:
    """Return a text's first or last characters without a word cut in two, where possible."""
    if length == 0:
        return ""
    if keep_end:
        _, blank, whole = text[-length - 1 :].partition(" ")
        return whole.strip() if blank and 2 * len(whole) >= length else text[-length:].strip()
    whole, blank, _ = text[: length + 1].rpartition(" ")
    return whole.strip() if blank and 2 * len(whole) >= length else text[:length].strip()
