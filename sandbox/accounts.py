import secrets
from dataclasses import dataclass, field

from sandbox.commands import Commands
from sandbox.intents import Intent
from sandbox.model import User


def new_token() -> str:
    """Return a token that nobody can guess."""
    return f"sandbox.{secrets.token_urlsafe(24)}"


@dataclass(slots=True, eq=False)
class Account:
    """Hold what makes a user a bot: a token, and an application with commands and intents."""

    user: User
    commands: Commands
    token: str = field(default_factory=new_token)
    intents: Intent = Intent.ALL

    @property
    def may_read_content(self) -> bool:
        """Tell whether the application still has the Message Content intent."""
        return bool(self.intents & Intent.MESSAGE_CONTENT)
