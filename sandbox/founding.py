"""What a new server consists of: its roles, and how users become members."""

from datetime import UTC, datetime

from sandbox.model import Guild, Member, Role, Snowflakes, User
from sandbox.permissions import EVERYONE, Permission

BOT_ROLE = Permission.MENTION_EVERYONE | Permission.EMBED_LINKS | Permission.ATTACH_FILES
"""What the role of bots adds to what everyone may do; bots are no administrators."""


def found_guild(name: str, *, owner: User, ids: Snowflakes) -> Guild:
    """Return a guild with its three roles, still without channels and members."""
    guild = Guild(ids.next(), name, owner.id)
    everyone = Role(guild.id, "@everyone", int(EVERYONE))
    administrators = Role(ids.next(), "admin", int(Permission.ADMINISTRATOR), 2)
    bots = Role(ids.next(), "bot", int(BOT_ROLE), 1)
    guild.roles = {role.id: role for role in (everyone, bots, administrators)}
    return guild


def enrol(guild: Guild, user: User) -> Member:
    """Make a user a member, with the role of bots or the role of the same name."""
    name = "bot" if user.bot else user.name
    roles = [role.id for role in guild.roles.values() if role.name == name]
    member = guild.members[user.id] = Member(user, roles, datetime.now(UTC).isoformat())
    return member
