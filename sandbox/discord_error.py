from sandbox.model import Json, UnknownError

CODES = {"channel": 10003, "server": 10004, "message": 10008, "user": 10013, "command": 10063}
"""Discord's codes for what does not exist."""


class DiscordError(Exception):
    """Refuse a request as Discord does; `rule` names the breach to record, empty for none."""

    def __init__(self, status: int, code: int, message: str, *, rule: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.rule = rule

    def payload(self) -> Json:
        """Return the error as Discord words it."""
        body: Json = {"code": self.code, "message": str(self)}
        if self.code == INVALID_FORM:
            error = {"code": "INVALID", "message": str(self)}
            body = {**body, "message": "Invalid Form Body", "errors": {"_errors": [error]}}
        return body


INVALID_FORM = 50035


def invalid_form(message: str, *, rule: str) -> DiscordError:
    """Refuse a body that breaks a limit."""
    return DiscordError(400, INVALID_FORM, message, rule=rule)


def missing_permission(doing: str) -> DiscordError:
    """Refuse what the bot's permissions do not cover."""
    return DiscordError(403, 50013, f"Missing Permissions: {doing}", rule="permission")


def missing_access(where: str) -> DiscordError:
    """Refuse a channel that the bot cannot see."""
    return DiscordError(403, 50001, f"Missing Access: {where}", rule="permission")


def unknown(error: UnknownError) -> DiscordError:
    """Say that something does not exist."""
    return DiscordError(404, CODES.get(error.kind, 0), f"Unknown {error.kind.title()}")
