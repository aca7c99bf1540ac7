"""Turn what a person typed behind a slash command into the options the gateway delivers."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.messages import Upload
from sandbox.model import Attachment, Channel, Json, UnknownError, User
from sandbox.payloads import (
    attachment_payload,
    interaction_channel_payload,
    member_payload,
    role_payload,
    user_payload,
)
from sandbox.permissions import permissions_in
from sandbox.world import World

SUB_COMMAND, SUB_COMMAND_GROUP = 1, 2
STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(3, 12)
"""Discord's option types."""


@dataclass(slots=True)
class Resolver:
    """Look up what options refer to, and describe it beside them."""

    world: World
    channel: Channel
    found: dict[str, Json] = field(default_factory=dict)

    def user(self, given: object) -> str:
        """Resolve a user by name, id or mention."""
        user = self.world.user(str(given).strip("<@!>"))
        self.found.setdefault("users", {})[str(user.id)] = user_payload(user)
        guild = self.channel.guild
        if guild and user.id in guild.members:
            member = member_payload(guild.members[user.id], user=False)
            member["permissions"] = str(permissions_in(self.channel, user))
            self.found.setdefault("members", {})[str(user.id)] = member
        return str(user.id)

    def channel_id(self, given: object) -> str:
        """Resolve a channel of this guild by name, id or mention."""
        reference = str(given).strip("<#>")
        channels = self.channel.guild.channels.values() if self.channel.guild else ()
        for channel in channels:
            if reference in (str(channel.id), channel.name):
                payload = interaction_channel_payload(channel, self.world.bot)
                self.found.setdefault("channels", {})[str(channel.id)] = payload
                return str(channel.id)
        raise UnknownError("channel", given)

    def role(self, given: object) -> str:
        """Resolve a role of this guild by name, id or mention."""
        reference = str(given).strip("<@&>")
        roles = self.channel.guild.roles.values() if self.channel.guild else ()
        for role in roles:
            if reference in (str(role.id), role.name.strip("@")):
                self.found.setdefault("roles", {})[str(role.id)] = role_payload(role)
                return str(role.id)
        raise UnknownError("role", given)

    def mentionable(self, given: object) -> str:
        """Resolve a user, or else a role."""
        try:
            return self.user(given)
        except UnknownError:
            return self.role(given)

    def attachment(self, given: object) -> str:
        """Resolve a file given as `{"filename", "content" or "base64"}`."""
        upload = parse_upload(given)
        attachment = Attachment(
            self.world.ids.next(),
            self.channel.id,
            upload.filename,
            upload.content_type,
            upload.data,
        )
        self.channel.handed.append(attachment)
        payload = attachment_payload(attachment)
        self.found.setdefault("attachments", {})[str(attachment.id)] = payload
        return str(attachment.id)


def parse_upload(given: object) -> Upload:
    """Read a file given as `{"filename", "content" or "base64"}`. Raises ValueError."""
    if not isinstance(given, dict) or not isinstance(given.get("filename"), str):
        raise ValueError("An attachment is an object with filename, and content or base64.")
    data = str(given.get("content") or "").encode()
    if "base64" in given:
        data = base64.b64decode(str(given["base64"]), validate=True)
    content_type = str(given.get("content_type") or "text/plain; charset=utf-8")
    return Upload(given["filename"], content_type, data)


def descend(command: Json, path: list[str]) -> tuple[Json, list[Json]]:
    """Return the subcommand a path names, and the groups on the way, outermost first."""
    passed: list[Json] = []
    for name in path:
        options = (passed[-1] if passed else command)["options"]
        nested = [each for each in options if each["type"] in (SUB_COMMAND, SUB_COMMAND_GROUP)]
        step = next((each for each in nested if each["name"] == name), None)
        if step is None:
            raise UnknownError("command", f"/{command['name']} {' '.join(path)}")
        passed.append({"options": [], **step})
    leaf = passed[-1] if passed else command
    if any(option["type"] in (SUB_COMMAND, SUB_COMMAND_GROUP) for option in leaf["options"]):
        raise UnknownError("command", f"/{command['name']} {' '.join(path)}".strip())
    return leaf, passed


def build_options(leaf: Json, given: Json, resolver: Resolver, *, complete: bool) -> list[Json]:
    """Return the options as Discord sends them; `complete` demands the required ones.

    Raises ValueError for an unknown, missing or unsuitable option.
    """
    known = {option["name"]: option for option in leaf["options"]}
    if stray := set(given) - set(known):
        raise ValueError(f"/{leaf['name']} has no option {min(stray)!r:.60}.")
    missing = [name for name, each in known.items() if each.get("required") and name not in given]
    if missing and complete:
        raise ValueError(f"/{leaf['name']} needs the option {missing[0]}.")
    return [
        {"name": name, "type": known[name]["type"], "value": _value(known[name], value, resolver)}
        for name, value in given.items()
        if value is not None
    ]


def nest(options: list[Json], passed: list[Json]) -> list[Json]:
    """Wrap options into the subcommands they belong to."""
    for step in reversed(passed):
        options = [{"name": step["name"], "type": step["type"], "options": options}]
    return options


def _value(option: Json, given: Any, resolver: Resolver) -> Any:
    kinds: dict[int, Callable[[Any], Any]] = {
        STRING: str,
        INTEGER: int,
        BOOLEAN: _boolean,
        USER: resolver.user,
        CHANNEL: resolver.channel_id,
        ROLE: resolver.role,
        MENTIONABLE: resolver.mentionable,
        NUMBER: float,
        ATTACHMENT: resolver.attachment,
    }
    try:
        value = kinds[option["type"]](given)
    except (TypeError, ValueError):
        raise ValueError(f"{given!r:.60} does not suit the option {option['name']}.") from None
    return _checked(option, value)


def _boolean(given: object) -> bool:
    if not isinstance(given, bool):
        raise TypeError
    return given


def _checked(option: Json, value: Any) -> Any:
    for choice in option.get("choices") or ():
        if value in (choice["value"], choice["name"]):
            return choice["value"]
    size = len(value) if option["type"] == STRING else value
    low, high = (
        ("min_length", "max_length") if option["type"] == STRING else ("min_value", "max_value")
    )
    too_low = option.get(low) is not None and size < option[low]
    too_high = option.get(high) is not None and size > option[high]
    if option.get("choices") or too_low or too_high:
        raise ValueError(f"{value!r:.60} does not suit the option {option['name']}.")
    return value


def describe_user(user: User, channel: Channel) -> Json:
    """Say who acts: a member with permissions in a guild, a user in a DM."""
    if channel.guild is None:
        return {"user": user_payload(user)}
    member = member_payload(channel.guild.members[user.id])
    return {"member": {**member, "permissions": str(permissions_in(channel, user))}}
