"""The turns of a storm: what was asked, and what became of it."""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

WORD = re.compile(r"\b(t\d+)w(\d+)\b")
WORDS = (6, 24)
"""Least and most words of a question, which the talker repeats."""


@dataclass(slots=True)
class Turn:
    """Hold one question whose answer repeats `words` words that nobody else says."""

    tag: str
    words: int
    channel: str
    user: str
    at: float
    message: str = ""
    command: bool = False
    answer: str = ""
    refused: str = ""
    outcome: str = "asked"

    @property
    def question(self) -> str:
        """Return what is asked."""
        return "echo " + " ".join(f"{self.tag}w{n}" for n in range(self.words)) + "."


@dataclass(slots=True)
class Seen:
    """Hold what the bot's messages in a channel say."""

    said: dict[str, list[int]] = field(default_factory=dict)
    replies: dict[str, str] = field(default_factory=dict)
    loose: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, messages: list[dict[str, Any]]) -> "Seen":
        """Sort the words of the bot's messages by the turn that they belong to.

        The end of an answer may follow in a further message, which replies to the one before it, or
        to nothing where no other answer is being written.
        """
        seen = cls()
        questions: dict[str, str] = {}
        for message in messages:
            if not message["author"]["bot"] or message["deleted"]:
                continue
            for tag, number in WORD.findall(message["content"]):
                seen.said.setdefault(tag, []).append(int(number))
            if before := message["reply_to"]:
                question = questions[message["id"]] = questions.get(before, before)
                seen.replies[question] = seen.replies.get(question, "") + message["content"]
            elif not message["interaction"] and rest(message["content"]):
                seen.loose.append(message["content"])
        return seen

    def outcome(self, turn: Turn, *, settled: bool = False) -> str:
        """Say what became of a turn so far; "asked" when nothing did.

        Once all is `settled`, a sentence that replies to nothing ends an answer that was begun.
        """
        said = self.said.get(turn.tag, [])
        told = rest(self.replies.get(turn.message, "") or turn.answer)
        if len(said) > len(set(said)):
            return "doubled"
        if said == list(range(turn.words)):
            return "answered"
        if told or (settled and said and self.loose):
            return "told why not"
        return "begun" if said else "asked"


def rest(text: str) -> str:
    """Return what an answer says beside the words of its question."""
    return re.sub(r"\s+", " ", WORD.sub("", text)).strip(" .")


def table(turns: list[Turn], faults: Counter[str], rows: dict[str, str]) -> str:
    """Return the storm's report as Markdown."""
    outcomes = Counter(turn.outcome for turn in turns)
    lines = ["| what | count |", "| --- | --- |", f"| turns | {len(turns)} |"]
    lines += [f"| — {name} | {count} |" for name, count in sorted(outcomes.items())]
    lines += [f"| faults | {faults.total()} |"]
    lines += [f"| — {name} | {count} |" for name, count in sorted(faults.items())]
    lines += [f"| {name} | {value} |" for name, value in rows.items()]
    return "\n".join(lines)
