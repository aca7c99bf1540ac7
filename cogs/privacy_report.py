"""What people read about what is kept of them."""

from collections.abc import Iterable, Sequence

from services.personal_data import Holding, Receipt

NOTHING = "I keep nothing about you."
UNREADABLE = "I could not read this just now"
OPTED_OUT = "You opted out: I keep nothing more of what you say. `/privacy optin` changes that."
OPTED_IN = "`/privacy optout` lets me keep nothing more of what you say."
WAYS = "`/privacy export` sends you all of it, `/privacy forget` deletes it."
STILL_OPTED_OUT = "You stay opted out: if I forgot that too, I would keep what you say again."
INCOMPLETE = "⚠️ Not everything could be deleted. Please try again, or tell the bot's owner."


def describe(holdings: Sequence[Holding], *, readers: Iterable[str], opted_out: bool) -> list[str]:
    """Return what is kept, where and how long, in lines; who else reads it; and what to do."""
    kept = [_line(holding) for holding in holdings if holding.count != 0]
    told = ["**What I keep about you**", *kept] if kept else [NOTHING]
    servers = ", ".join(readers)
    sent = f"To answer and to speak, what you say goes to: {servers}." if servers else ""
    lines = [*told, sent, OPTED_OUT if opted_out else OPTED_IN, WAYS if kept else ""]
    return [line for line in lines if line]


def receipt(done: Receipt, *, opted_out: bool) -> list[str]:
    """Return what was forgotten, in lines."""
    found = [each for each in done.forgotten if each.count]
    lines = ["**Forgotten**", *(f"- {each.count} {each.store.what}" for each in found)]
    if done.stopped:
        noun = "answer that was" if done.stopped == 1 else "answers that were"
        lines.append(f"- {done.stopped} {noun} still running")
    if len(lines) == 1:
        lines = ["There was nothing to forget: I kept nothing about you."]
    lines += [STILL_OPTED_OUT] if opted_out else []
    return lines if done.is_complete else [*lines, INCOMPLETE]


def _line(holding: Holding) -> str:
    store = holding.store
    count = UNREADABLE + ":" if holding.count is None else f"**{holding.count}**"
    return f"- {count} {store.what}. Where: {store.where}. How long: {store.how_long}."
