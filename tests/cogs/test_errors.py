from typing import Any
from unittest.mock import AsyncMock, MagicMock

import aiohttp
import discord
import pytest
from discord import app_commands

from cogs.errors import NOT_ALLOWED, OUTDATED, UNEXPECTED, explain, on_command_error
from cogs.thinking import ACKNOWLEDGED, think
from services.core.errors import BotError, NotInVoiceError, ProviderAuthError


def forbidden() -> discord.Forbidden:
    response = MagicMock(status=403, reason="Forbidden")
    return discord.Forbidden(response, {"code": 50013, "message": "Missing Permissions"})


@app_commands.command(name="changed", description="x")
async def changed_command(interaction: discord.Interaction) -> None:
    """Do nothing."""


def invoke_error(cause: Exception) -> app_commands.CommandInvokeError:
    command = MagicMock(spec=app_commands.Command)
    command.name = "x"
    return app_commands.CommandInvokeError(command, cause)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (NotInVoiceError(), NotInVoiceError.user_message),
        (ProviderAuthError("401 sk-secret"), ProviderAuthError.user_message),
        (BotError(user_message="Please wait."), "Please wait."),
        (forbidden(), NOT_ALLOWED),
        (
            app_commands.NoPrivateMessage(),
            "This command works in a server, not in direct messages.",
        ),
        (app_commands.CommandNotFound("old", []), OUTDATED),
        (app_commands.CommandSignatureMismatch(changed_command), OUTDATED),
        (RuntimeError("secret detail"), UNEXPECTED),
        (invoke_error(NotInVoiceError()), NotInVoiceError.user_message),
    ],
)
def test_every_error_is_one_sentence(error: Exception, sentence: str) -> None:
    assert explain(error) == sentence


def test_missing_permissions_are_named() -> None:
    error = app_commands.MissingPermissions(["manage_guild"])
    assert "with the permission Manage Server may" in explain(error)


def interaction(*, done: bool) -> Any:
    made = MagicMock()
    made.response.is_done.return_value = done
    made.response.send_message = AsyncMock()
    made.followup.send = AsyncMock()
    return made


async def test_a_failed_command_is_answered_ephemerally() -> None:
    made = interaction(done=False)
    await on_command_error(made, invoke_error(NotInVoiceError()))
    made.response.send_message.assert_awaited_once_with(
        NotInVoiceError.user_message, ephemeral=True
    )


async def test_a_deferred_command_is_answered_by_a_follow_up() -> None:
    made = interaction(done=True)
    await on_command_error(made, invoke_error(NotInVoiceError()))
    made.followup.send.assert_awaited_once_with(NotInVoiceError.user_message, ephemeral=True)


async def test_an_unexpected_error_is_logged_and_expected_ones_are_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    await on_command_error(interaction(done=False), invoke_error(NotInVoiceError()))
    assert caplog.records == []
    await on_command_error(interaction(done=False), invoke_error(RuntimeError("boom")))
    assert [record.levelname for record in caplog.records] == ["ERROR"]


async def test_a_command_that_expired_is_one_line_and_no_further_call(
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = interaction(done=False)
    gone = discord.NotFound(MagicMock(status=404, reason="no"), {"code": 10062, "message": "no"})
    await on_command_error(made, invoke_error(gone))
    made.response.send_message.assert_not_awaited()
    assert [(record.levelname, record.exc_info) for record in caplog.records] == [("WARNING", None)]


@pytest.mark.parametrize("refusal", [forbidden(), aiohttp.ServerDisconnectedError()])
async def test_an_answer_that_discord_refuses_is_only_logged(
    caplog: pytest.LogCaptureFixture, refusal: Exception
) -> None:
    made = interaction(done=False)
    made.response.send_message.side_effect = refusal
    await on_command_error(made, invoke_error(NotInVoiceError()))
    assert [record.levelname for record in caplog.records] == ["WARNING"]


async def test_a_failure_after_an_acknowledgement_whose_answer_was_lost_is_told() -> None:
    made = interaction(done=False)
    made.extras = {}
    refusal = discord.HTTPException(MagicMock(status=400, reason="-"), {"code": ACKNOWLEDGED})
    made.response.defer = AsyncMock(side_effect=refusal)
    made.response.send_message.side_effect = refusal
    await think(made)
    await on_command_error(made, NotInVoiceError())  # type: ignore[arg-type]
    made.followup.send.assert_awaited_once_with(NotInVoiceError.user_message, ephemeral=True)
