import math
from collections.abc import Iterator
from dataclasses import dataclass

from services.core.errors import BusyError
from services.core.types import UserTurn
from services.daily_budget import DailyBudget
from services.rate_limiter import RateLimiter

USER_SPENT = "You have used up your share of answers for today; it starts anew in {hours} h."
GUILD_SPENT = "This server has used up its share of answers for today; it starts anew in {hours} h."
CROWDED = "Too many ask me here at once. Please try again in {seconds} s."
SPEECH_SPENT = "Today's speech is used up, so I go on in writing; it starts anew in {hours} h."


@dataclass(frozen=True, slots=True)
class DailyShares:
    """Bound what is used in a day, of tokens and of seconds of speech; 0 is without bound."""

    user_tokens: int = 0
    guild_tokens: int = 0
    user_speech: float = 0.0
    guild_speech: float = 0.0


class Limits:
    """Refuse turns beyond what a person, a channel or a guild may use.

    A channel's and a guild's pace is bounded by token buckets; what all their turns cost, by
    `shares` of a day. What a turn costs is known after it, so the last one may go over.
    """

    def __init__(
        self,
        *,
        channels: RateLimiter,
        guilds: RateLimiter,
        budget: DailyBudget,
        shares: DailyShares,
    ) -> None:
        self._channels = channels
        self._guilds = guilds
        self._budget = budget
        self._shares = shares

    def admit(self, turn: UserTurn) -> None:
        """Let a turn begin, or raise BusyError in words for its author."""
        guild = turn.guild_id
        self._check("tokens", turn, self._shares.user_tokens, self._shares.guild_tokens)
        wait = self._channels.take(turn.channel_id)
        if wait == 0 and guild is not None:
            wait = self._guilds.take(guild)
        if wait > 0:
            sentence = CROWDED.format(seconds=math.ceil(wait))
            raise BusyError("too many turns", retry_after=wait, user_message=sentence)

    def admit_speech(self, turn: UserTurn) -> None:
        """Let a turn be spoken, or raise BusyError in words for its author."""
        shares = self._shares
        self._check("speech", turn, shares.user_speech, shares.guild_speech, spent=SPEECH_SPENT)

    def spend_tokens(self, turn: UserTurn, tokens: int) -> None:
        """Count what a turn cost the model, tokens."""
        self._spend("tokens", turn, tokens)

    def spend_speech(self, turn: UserTurn, seconds: float) -> None:
        """Count how long a turn's answer was heard, seconds."""
        self._spend("speech", turn, seconds)

    def _check(
        self, kind: str, turn: UserTurn, of_user: float, of_guild: float, *, spent: str = ""
    ) -> None:
        limits = (of_user, of_guild)
        sentences = (spent or USER_SPENT, spent or GUILD_SPENT)
        for key, limit, sentence in zip(_keys(kind, turn), limits, sentences, strict=False):
            if limit and self._budget.used(key) >= limit:
                hours = math.ceil(self._budget.hours_left())
                detail = f"the day's {key} is spent"
                raise BusyError(detail, user_message=sentence.format(hours=hours))

    def _spend(self, kind: str, turn: UserTurn, amount: float) -> None:
        for key in _keys(kind, turn):
            self._budget.spend(key, amount)


def _keys(kind: str, turn: UserTurn) -> Iterator[str]:
    yield f"{kind} of user {turn.author.id}"
    if turn.guild_id is not None:
        yield f"{kind} of guild {turn.guild_id}"
