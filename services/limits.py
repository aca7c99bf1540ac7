import math
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


@dataclass(frozen=True, slots=True)
class Payer:
    """Name the person and the guild whose shares something counts against; 0 is nobody."""

    user_id: int
    guild_id: int


class Limits:
    """Refuse turns beyond what a person, a channel or a guild may use.

    A channel's and a guild's pace is bounded by token buckets; what all their turns cost, by
    `shares` of a day, and so is the model's work behind the turns. What a turn costs is known after
    it, so the last one may go over.
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
        self._check("tokens", _payer(turn), self._shares.user_tokens, self._shares.guild_tokens)
        wait = self._channels.take(turn.channel_id)
        if wait == 0 and guild is not None:
            wait = self._guilds.take(guild)
        if wait > 0:
            sentence = CROWDED.format(seconds=math.ceil(wait))
            raise BusyError("too many turns", retry_after=wait, user_message=sentence)

    def admit_speech(self, turn: UserTurn) -> None:
        """Let a turn be spoken, or raise BusyError in words for its author."""
        shares = self._shares
        payer = _payer(turn)
        self._check("speech", payer, shares.user_speech, shares.guild_speech, spent=SPEECH_SPENT)

    def admit_background(self, payer: Payer) -> None:
        """Let the model work behind the turns, or raise BusyError where a share is used up."""
        self._check("tokens", payer, self._shares.user_tokens, self._shares.guild_tokens)

    def spend_tokens(self, turn: UserTurn, tokens: int) -> None:
        """Count what a turn cost the model, tokens."""
        self._spend("tokens", _payer(turn), tokens)

    def spend_background(self, payer: Payer, tokens: int) -> None:
        """Count what work behind the turns cost the model, tokens."""
        self._spend("tokens", payer, tokens)

    def spend_speech(self, turn: UserTurn, seconds: float) -> None:
        """Count how long a turn's answer was heard, seconds."""
        self._spend("speech", _payer(turn), seconds)

    def _check(
        self, kind: str, payer: Payer, of_user: float, of_guild: float, *, spent: str = ""
    ) -> None:
        limits = (of_user, of_guild)
        sentences = (spent or USER_SPENT, spent or GUILD_SPENT)
        for key, limit, sentence in zip(_keys(kind, payer), limits, sentences, strict=True):
            if key and limit and self._budget.used(key) >= limit:
                hours = math.ceil(self._budget.hours_left())
                detail = f"the day's {key} is spent"
                raise BusyError(detail, user_message=sentence.format(hours=hours))

    def _spend(self, kind: str, payer: Payer, amount: float) -> None:
        for key in filter(None, _keys(kind, payer)):
            self._budget.spend(key, amount)


def _payer(turn: UserTurn) -> Payer:
    return Payer(turn.author.id, turn.guild_id or 0)


def _keys(kind: str, payer: Payer) -> tuple[str, str]:
    """Return the keys of a person's and of a guild's share, "" of nobody's."""
    user = f"{kind} of user {payer.user_id}" if payer.user_id else ""
    guild = f"{kind} of guild {payer.guild_id}" if payer.guild_id else ""
    return user, guild
