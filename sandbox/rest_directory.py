from aiohttp import web

from sandbox.accounts import Account
from sandbox.addresses import GATEWAY_URL, own_gateway
from sandbox.commands import Commands, Scope
from sandbox.discord_error import DiscordError, missing_access
from sandbox.intents import application_flags
from sandbox.model import Guild, Json
from sandbox.payloads import (
    channel_payload,
    guild_payload,
    member_payload,
    role_payload,
    user_payload,
)
from sandbox.rest import caller, json_response, no_content
from sandbox.rest_bodies import read_json, read_object
from sandbox.world import World


class DirectoryRoutes:
    """Serve what a bot asks about itself, its servers, channels, people and commands."""

    def __init__(self, *, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [*self._reading_routes(), *self._command_routes()]

    def _reading_routes(self) -> list[web.RouteDef]:
        return [
            web.get("/gateway", self.gateway),
            web.get("/gateway/bot", self.gateway),
            web.get("/users/@me", self.me),
            web.get("/oauth2/applications/@me", self.application),
            web.get("/applications/@me", self.application),
            web.get("/users/@me/guilds", self.guilds),
            web.post("/users/@me/channels", self.open_direct),
            web.get("/users/{user}", self.user),
            web.get("/channels/{channel}", self.channel),
            web.get("/guilds/{guild}", self.guild),
            web.get("/guilds/{guild}/channels", self.channels),
            web.get("/guilds/{guild}/roles", self.roles),
            web.get("/guilds/{guild}/members", self.members),
            web.get("/guilds/{guild}/members/{user}", self.member),
        ]

    def _command_routes(self) -> list[web.RouteDef]:
        routes = []
        for scope in ("", "/guilds/{guild}"):
            every = f"/applications/{{application}}{scope}/commands"
            one = every + "/{command}"
            routes += [
                web.get(every, self.commands),
                web.put(every, self.replace_commands),
                web.post(every, self.create_command),
                web.get(one, self.command),
                web.patch(one, self.edit_command),
                web.delete(one, self.delete_command),
            ]
        return routes

    async def gateway(self, request: web.Request) -> web.Response:
        """Say where the gateway is: for a caller by this server's own address, there."""
        start = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
        url = own_gateway(request) or GATEWAY_URL
        return json_response({"url": url, "shards": 1, "session_start_limit": start})

    async def me(self, request: web.Request) -> web.Response:
        """Describe the bot."""
        return json_response({**user_payload(self._caller(request).user), "verified": True})

    async def application(self, request: web.Request) -> web.Response:
        """Describe the bot's application; its owner is the world's admin."""
        return json_response(self._application(self._caller(request)))

    async def guilds(self, request: web.Request) -> web.Response:
        """List the bot's servers."""
        return json_response([guild_payload(guild) for guild in self._world.guilds.values()])

    async def open_direct(self, request: web.Request) -> web.Response:
        """Open the DM channel with a person."""
        body = await read_object(request)
        user = self._world.user(body["recipient_id"])
        if user.bot:
            raise DiscordError(400, 50007, "Cannot send messages to this user")
        channel = self._world.open_direct(user, bot=self._caller(request).user)
        return json_response(channel_payload(channel))

    async def user(self, request: web.Request) -> web.Response:
        """Describe a user."""
        return json_response(user_payload(self._world.user(request.match_info["user"])))

    async def channel(self, request: web.Request) -> web.Response:
        """Describe a channel."""
        channel = self._world.channel(request.match_info["channel"])
        if channel.bot not in (None, self._caller(request).user):
            raise missing_access(channel.name)
        return json_response(channel_payload(channel))

    async def guild(self, request: web.Request) -> web.Response:
        """Describe a server."""
        guild = self._guild(request)
        counts = {"approximate_member_count": len(guild.members), "approximate_presence_count": 1}
        return json_response({**guild_payload(guild), **counts})

    async def channels(self, request: web.Request) -> web.Response:
        """List a server's channels."""
        guild = self._guild(request)
        channels = [each for each in guild.channels.values() if each.parent is None]
        return json_response([channel_payload(each) for each in channels])

    async def roles(self, request: web.Request) -> web.Response:
        """List a server's roles."""
        return json_response([role_payload(role) for role in self._guild(request).roles.values()])

    async def members(self, request: web.Request) -> web.Response:
        """List a server's members after one of them."""
        after, limit = int(request.query.get("after", 0)), int(request.query.get("limit", 1))
        members = [each for each in self._guild(request).members.values() if each.user.id > after]
        return json_response([member_payload(member) for member in members[:limit]])

    async def member(self, request: web.Request) -> web.Response:
        """Describe one member."""
        user = self._world.user(request.match_info["user"])
        return json_response(member_payload(self._guild(request).members[user.id]))

    async def commands(self, request: web.Request) -> web.Response:
        """List the commands of a scope."""
        return json_response(self._commands(request).of(self._scope(request)))

    async def replace_commands(self, request: web.Request) -> web.Response:
        """Let a scope hold exactly the given commands."""
        bodies = await read_json(request)
        return json_response(self._commands(request).replace(self._scope(request), bodies))

    async def create_command(self, request: web.Request) -> web.Response:
        """Create or overwrite one command."""
        body = await read_object(request)
        command = self._commands(request).upsert(self._scope(request), body)
        return json_response(command, status=201)

    async def command(self, request: web.Request) -> web.Response:
        """Return one command."""
        return json_response(self._commands(request).get(request.match_info["command"]))

    async def edit_command(self, request: web.Request) -> web.Response:
        """Change one command."""
        commands = self._commands(request)
        command = commands.get(request.match_info["command"])
        body = {**command, **await read_object(request), "name": command["name"]}
        return json_response(commands.upsert(self._scope(request), body))

    async def delete_command(self, request: web.Request) -> web.Response:
        """Delete one command."""
        self._commands(request).delete(self._scope(request), request.match_info["command"])
        return no_content()

    def _guild(self, request: web.Request) -> Guild:
        return self._world.guild(request.match_info["guild"])

    def _caller(self, request: web.Request) -> Account:
        return caller(request, self._world)

    def _commands(self, request: web.Request) -> Commands:
        account = self._caller(request)
        if request.match_info["application"] != str(account.user.id):
            raise DiscordError(403, 20012, "You are not authorized on this application")
        return account.commands

    def _scope(self, request: web.Request) -> Scope:
        return self._guild(request).id if "guild" in request.match_info else None

    def _application(self, account: Account) -> Json:
        return {
            "id": str(account.user.id),
            "name": account.user.name,
            "icon": None,
            "description": "",
            "bot_public": False,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "flags": application_flags(account.intents),
            "owner": user_payload(self._world.user("admin")),
            "team": None,
        }
