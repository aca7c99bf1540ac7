import re
from dataclasses import dataclass, field

from sandbox.model import Channel, Json, Message, Role, User
from sandbox.permissions import Permission, may

USER = re.compile(r"<@!?(\d{1,20})>")
ROLE = re.compile(r"<@&(\d{1,20})>")
EVERYONE = re.compile(r"@(everyone|here)\b")


@dataclass(frozen=True, slots=True)
class Mentions:
    """Hold whom a message pings."""

    users: list[User] = field(default_factory=list)
    roles: list[Role] = field(default_factory=list)
    everyone: bool = False


def find_mentions(
    content: str, channel: Channel, author: User, *, allowed: Json | None, answered: Message | None
) -> Mentions:
    """Return whom a message pings; `allowed` is its allowed_mentions (None: everything pings)."""
    found = {int(user_id) for user_id in USER.findall(content)}
    users = [user for user in people(channel) if user.id in found]
    users = [user for user in users if _allowed(allowed, "users", user.id)]
    if answered and answered.author not in users and _pings_replied(allowed):
        users.append(answered.author)
    return Mentions(
        users=users,
        roles=_roles(content, channel, allowed),
        everyone=mentions_everyone(content, allowed)
        and may(channel, author, Permission.MENTION_EVERYONE),
    )


def mentions_everyone(content: str, allowed: Json | None) -> bool:
    """Tell whether a text would ping everyone or all who are here."""
    return bool(EVERYONE.search(content)) and _allowed(allowed, "everyone", None)


def people(channel: Channel) -> list[User]:
    """Return the people, bots included, who belong to a guild channel or take part in a DM."""
    if channel.guild:
        return [member.user for member in channel.guild.members.values()]
    return [user for user in (channel.bot, channel.recipient) if user]


def _roles(content: str, channel: Channel, allowed: Json | None) -> list[Role]:
    found = {int(role_id) for role_id in ROLE.findall(content)}
    roles = channel.guild.roles.values() if channel.guild else ()
    return [role for role in roles if role.id in found and _allowed(allowed, "roles", role.id)]


def _allowed(allowed: Json | None, kind: str, target_id: int | None) -> bool:
    if allowed is None or kind in (allowed.get("parse") or ()):
        return True
    return str(target_id) in {str(each) for each in allowed.get(kind) or ()}


def _pings_replied(allowed: Json | None) -> bool:
    return allowed is None or bool(allowed.get("replied_user", False))
