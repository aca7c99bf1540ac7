from enum import IntFlag

from sandbox.model import Channel, Guild, User


class Permission(IntFlag):
    """Name the permissions that this world knows, with Discord's own bits."""

    CREATE_INSTANT_INVITE = 1 << 0
    KICK_MEMBERS = 1 << 1
    BAN_MEMBERS = 1 << 2
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    CONNECT = 1 << 20
    SPEAK = 1 << 21
    MUTE_MEMBERS = 1 << 22
    DEAFEN_MEMBERS = 1 << 23
    MOVE_MEMBERS = 1 << 24
    USE_VAD = 1 << 25
    CHANGE_NICKNAME = 1 << 26
    MANAGE_ROLES = 1 << 28
    USE_APPLICATION_COMMANDS = 1 << 31
    REQUEST_TO_SPEAK = 1 << 32
    SEND_MESSAGES_IN_THREADS = 1 << 38
    SET_VOICE_CHANNEL_STATUS = 1 << 48


ALL = (1 << 53) - 1
"""What an administrator may do: every bit that Discord may ever name, and JSON can carry."""

DIRECT_MESSAGE = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.ADD_REACTIONS
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_EXTERNAL_EMOJIS
)

EVERYONE = (
    DIRECT_MESSAGE
    | Permission.MENTION_EVERYONE
    | Permission.CONNECT
    | Permission.SPEAK
    | Permission.USE_VAD
    | Permission.CHANGE_NICKNAME
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.REQUEST_TO_SPEAK
    | Permission.SET_VOICE_CHANNEL_STATUS
)
"""What a new server lets everyone do."""


def permissions_in(channel: Channel, user: User) -> int:
    """Return what a user may do in a channel, by Discord's order of overwrites."""
    if channel.parent is not None:
        return permissions_in(channel.parent, user)
    if channel.guild is None:
        return int(DIRECT_MESSAGE) if user in (channel.bot, channel.recipient) else 0
    permissions = guild_permissions(channel.guild, user)
    if permissions & Permission.ADMINISTRATOR or not permissions:
        return permissions
    return _overwritten(permissions, channel, channel.guild, user)


def guild_permissions(guild: Guild, user: User) -> int:
    """Return what a user may do in a guild before any channel's overwrites; 0 for a stranger."""
    member = guild.members.get(user.id)
    if member is None:
        return 0
    permissions = guild.roles[guild.id].permissions
    for role_id in member.role_ids:
        permissions |= guild.roles[role_id].permissions
    if permissions & Permission.ADMINISTRATOR or guild.owner_id == user.id:
        return ALL
    return permissions


def may(channel: Channel, user: User, needed: Permission) -> bool:
    """Tell whether a user has all the needed permissions in a channel it can see."""
    if channel.parent is not None and needed & Permission.SEND_MESSAGES:
        needed = needed & ~Permission.SEND_MESSAGES | Permission.SEND_MESSAGES_IN_THREADS
    wanted = needed | Permission.VIEW_CHANNEL
    return permissions_in(channel, user) & wanted == wanted


def parse_permissions(given: object) -> int:
    """Read a bit set (a number, or text of one) or a list of names. Raises ValueError."""
    if isinstance(given, list):
        return sum(_named(name) for name in set(given))
    if given is None:
        return 0
    try:
        return int(str(given))
    except ValueError:
        raise ValueError(f"{given!r:.80} is not a set of permissions.") from None


def _named(name: object) -> int:
    try:
        return int(Permission[str(name).upper()])
    except KeyError:
        raise ValueError(f"There is no permission {name!r:.80}.") from None


def _overwritten(permissions: int, channel: Channel, guild: Guild, user: User) -> int:
    for level in _levels(channel, guild, user):
        for deny, _ in level:
            permissions &= ~deny
        for _, allow in level:
            permissions |= allow
    return permissions


def _levels(channel: Channel, guild: Guild, user: User) -> list[list[tuple[int, int]]]:
    roles = set(guild.members[user.id].role_ids)
    everyone, by_role, own = [], [], []
    for overwrite in channel.overwrites:
        bits = (overwrite.deny, overwrite.allow)
        if overwrite.is_member:
            own += [bits] if overwrite.target_id == user.id else []
        elif overwrite.target_id == guild.id:
            everyone.append(bits)
        elif overwrite.target_id in roles:
            by_role.append(bits)
    return [everyone, by_role, own]
