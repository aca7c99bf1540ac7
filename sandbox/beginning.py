from sandbox.intents import Intent
from sandbox.model import Guild
from sandbox.world import World


class Beginning:
    """Remember the servers, channels and users of a world, and bring it back to them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ids = {*world.guilds, *world.users}
        self._guilds = list(world.guilds.values())
        self._channels = {key: dict(guild.channels) for key, guild in world.guilds.items()}

    def restore(self) -> None:
        """Undo what came since: silent voice, no messages, every intent; bots keep commands."""
        world = self._world
        for guild in self._guilds:
            if guild.id not in world.guilds:
                world.put_back_guild(guild)
        for guild in list(world.guilds.values()):
            for state in list(guild.voice_states.values()):
                world.leave_voice(guild, state.user)
            self._restore_guild(guild)
        for user in list(world.users.values()):
            if user.id not in self._ids:
                world.remove_user(user)
            user.takes_direct = True
        world.direct.clear()
        for account in world.accounts.values():
            account.intents = Intent.ALL

    def _restore_guild(self, guild: Guild) -> None:
        if guild.id in self._ids:
            self._restore_channels(guild)
        else:
            self._world.remove_guild(guild)

    def _restore_channels(self, guild: Guild) -> None:
        first = self._channels[guild.id]
        for channel in list(guild.channels.values()):
            if channel.id not in first and channel.id in guild.channels:
                self._world.remove_channel(channel)
        for channel in first.values():
            channel.messages.clear()
            channel.statuses.clear()
            channel.handed.clear()
            if channel.id not in guild.channels:
                self._world.put_back(channel)
            if channel.overwrites:
                self._world.permit(channel, [])
        guild.channels = dict(first)
