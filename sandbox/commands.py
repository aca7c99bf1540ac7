from collections.abc import Iterable
from contextlib import suppress

from sandbox.command_form import check_menu, check_slash
from sandbox.discord_error import DiscordError, invalid_form
from sandbox.model import Json, Snowflakes, UnknownError

MAX_CREATES = 200
"""Commands that an application may create per day in one scope."""

SLASH, ON_USER, ON_MESSAGE = 1, 2, 3
"""Kinds of command: typed, and chosen from a user's or a message's menu."""

MAX_COMMANDS = {SLASH: 100, ON_USER: 15, ON_MESSAGE: 15}
"""Commands of each kind that one scope holds."""

Scope = int | None
"""A guild's id, or None for commands that exist everywhere."""

Key = tuple[int, str]
"""Kind and name; those of different kinds may share a name."""


class Commands:
    """Keep the commands that an application registered, everywhere and in single guilds."""

    def __init__(self, *, ids: Snowflakes, application_id: int) -> None:
        self._ids = ids
        self._application_id = application_id
        self._scopes: dict[Scope, dict[Key, Json]] = {}
        self._created: dict[Scope, int] = {}

    def all(self) -> list[Json]:
        """Return every command, those of guilds with `guild_id`."""
        return [command for scope in self._scopes.values() for command in scope.values()]

    def of(self, scope: Scope) -> list[Json]:
        """Return the commands of one scope."""
        return list(self._scopes.get(scope, {}).values())

    def find(self, name: str, guild_id: int | None, *, kind: int = SLASH) -> Json:
        """Return the command a person gets by a name; a guild's own hides the common one."""
        for scope in (guild_id, None):
            if (kind, name) in self._scopes.get(scope, {}):
                return self._scopes[scope][kind, name]
        raise UnknownError("command", f"/{name}")

    def replace(self, scope: Scope, bodies: Iterable[Json]) -> list[Json]:
        """Let a scope hold exactly these commands. Raises DiscordError."""
        before, bodies = self._scopes.get(scope, {}), list(bodies)
        after = {_key(body): self._made(scope, body, before) for body in bodies}
        if len(after) < len(bodies):
            raise invalid_form("Application command names must be unique", rule="command_form")
        for kind, most in MAX_COMMANDS.items():
            if sum(each == kind for each, _ in after) > most:
                detail = f"Maximum number of application commands reached ({most})"
                raise DiscordError(400, 30032, detail, rule="command_count")
        self._scopes[scope] = after
        return list(after.values())

    def upsert(self, scope: Scope, body: Json) -> Json:
        """Create or overwrite one command. Raises DiscordError."""
        others = [each for each in self.of(scope) if _key(each) != _key(body)]
        return self.replace(scope, [*others, body])[-1]

    def delete(self, scope: Scope, command_id: str) -> None:
        """Delete one command. Raises UnknownError."""
        gone = self.get(command_id)
        self.replace(scope, [each for each in self.of(scope) if each["id"] != gone["id"]])

    def get(self, command_id: str) -> Json:
        """Return a command by id. Raises UnknownError."""
        for command in self.all():
            if command["id"] == command_id:
                return command
        raise UnknownError("command", command_id)

    def _made(self, scope: Scope, body: Json, before: dict[Key, Json]) -> Json:
        kind, name = key = _key(body)
        if kind not in MAX_COMMANDS:
            raise invalid_form(f"{name!r:.60} is of no known type.", rule="command_form")
        if kind == SLASH:
            check_slash(body)
        else:
            check_menu(name, body)
        command_id = before[key]["id"] if key in before else self._create(scope)
        return {
            "options": [],
            "description": "",
            "type": 1,
            "dm_permission": True,
            "default_member_permissions": None,
            "nsfw": False,
            **body,
            "id": command_id,
            "application_id": str(self._application_id),
            "version": command_id,
            **({"guild_id": str(scope)} if scope else {}),
        }

    def _create(self, scope: Scope) -> str:
        created = self._created.get(scope, 0) + 1
        if created > MAX_CREATES:
            detail = "Max number of daily application command creates has been reached (200)"
            raise DiscordError(400, 30034, detail, rule="command_creates")
        self._created[scope] = created
        return str(self._ids.next())


class AllCommands:
    """Show people the commands of every application; of two of one name the first counts."""

    def __init__(self, applications: Iterable[Commands]) -> None:
        self._applications = list(applications)

    def all(self) -> list[Json]:
        """Return every command, those of guilds with `guild_id`."""
        return [command for each in self._applications for command in each.all()]

    def of(self, scope: Scope) -> list[Json]:
        """Return the commands of one scope."""
        return [command for each in self._applications for command in each.of(scope)]

    def find(self, name: str, guild_id: int | None, *, kind: int = SLASH) -> Json:
        """Return the command a person gets by a name. Raises UnknownError."""
        for application in self._applications:
            with suppress(UnknownError):
                return application.find(name, guild_id, kind=kind)
        raise UnknownError("command", f"/{name}")


def _key(command: Json) -> Key:
    return int(command.get("type") or SLASH), str(command["name"])
