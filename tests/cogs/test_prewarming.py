from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock, call

from cogs.prewarming import Prewarming

BOT, ANA = 99, 1


class Stage:
    def __init__(self) -> None:
        self.prewarmer, sessions = MagicMock(), MagicMock()
        sessions.get = {5: SimpleNamespace(channel_id=50)}.get
        self.cog = Prewarming(prewarmer=self.prewarmer, sessions=sessions, bot_id=lambda: BOT)

    async def type(self, user: int = ANA, guild: int | None = None) -> list[Any]:
        event: Any = SimpleNamespace(user_id=user, channel_id=7, guild_id=guild)
        await self.cog.on_raw_typing(event)
        return self.prewarmer.typing.mock_calls  # type: ignore[no-any-return]

    async def move(self, user: int, guild: int, before: int | None, after: int | None) -> bool:
        """Return whether somebody's move warms."""

        def state(channel: int | None) -> Any:
            return SimpleNamespace(channel=channel and SimpleNamespace(id=channel))

        member: Any = SimpleNamespace(id=user, guild=SimpleNamespace(id=guild))
        self.prewarmer.joined.reset_mock()
        await self.cog.on_voice_state_update(member, state(before), state(after))
        return bool(self.prewarmer.joined.called)


async def test_typing_is_passed_on_but_the_bot_s_own() -> None:
    assert await Stage().type() == [call(7, direct=True, in_voice=False)]
    assert await Stage().type(guild=4) == [call(7, direct=False, in_voice=False)]
    assert await Stage().type(guild=5) == [call(7, direct=False, in_voice=True)]
    assert await Stage().type(BOT) == []


async def test_a_channel_is_active_where_the_bot_writes() -> None:
    stage = Stage()
    for author in (ANA, BOT):
        message: Any = SimpleNamespace(
            author=SimpleNamespace(id=author), channel=SimpleNamespace(id=author)
        )
        await stage.cog.on_message(message)
    assert stage.prewarmer.answered.mock_calls == [call(BOT)]


async def test_coming_to_the_bot_s_voice_channel_warms() -> None:
    stage = Stage()
    assert await stage.move(ANA, 5, None, 50)
    assert not await stage.move(ANA, 5, None, 51)
    assert not await stage.move(ANA, 5, 50, None)
    assert not await stage.move(ANA, 4, None, 50)
    assert await stage.move(BOT, 4, None, 40)
