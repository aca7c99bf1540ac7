from collections.abc import Iterator

from aiohttp import web

from sandbox import interaction as kinds
from sandbox.command_options import Resolver, build_options, descend, nest
from sandbox.commands import ON_MESSAGE, SLASH, AllCommands, Commands
from sandbox.control_http import BadRequestError, read, reply, taking_part
from sandbox.interaction import Interaction
from sandbox.interactions import Interactions
from sandbox.modals import check_values
from sandbox.model import Channel, Json, Message, UnknownError, User
from sandbox.payloads import message_payload
from sandbox.permissions import permissions_in
from sandbox.shapes import answer_shape
from sandbox.world import World

BUTTON = 2
NO_RESPONSE = "The application did not respond."
UNFINISHED = "The answer was not finished in time."


class InteractionControl:
    """Let an outsider run commands, press buttons, ask for choices and send forms."""

    def __init__(self, *, world: World, interactions: Interactions) -> None:
        self._world = world
        self._commands = AllCommands(each.commands for each in world.accounts.values())
        self._interactions = interactions

    def routes(self) -> list[web.RouteDef]:
        """Return the calls."""
        return [
            web.get("/commands", self.commands),
            web.post("/commands", self.run),
            web.post("/components", self.press),
            web.post("/autocomplete", self.autocomplete),
            web.post("/modals", self.submit),
        ]

    async def commands(self, request: web.Request) -> web.Response:
        """List the registered commands, or those that a `user` gets in a `channel`."""
        query = request.query
        if "user" not in query or "channel" not in query:
            return reply({"commands": self._commands.all()})
        user, channel = self._world.person(query["user"]), self._world.channel(query["channel"])
        scopes = (None, channel.guild.id if channel.guild else None)
        found = {
            (each["type"], each["name"]): each
            for scope in scopes
            for each in self._commands.of(scope)
        }
        usable = [each for each in found.values() if _available(each, user, channel)]
        return reply({"commands": usable})

    async def run(self, request: web.Request) -> web.Response:
        """Run a slash command, or one of a `message`'s menu, and answer what its user sees."""
        if "message" in (body := await read(request)):
            return reply(await self._answer(self._choose(body)))
        return reply(await self._answer(await self._deliver(request, kinds.COMMAND)))

    async def autocomplete(self, request: web.Request) -> web.Response:
        """Ask for the choices of the option being typed: `focused`, or the last one given."""
        interaction = await self._deliver(request, kinds.AUTOCOMPLETE)
        await self._interactions.settled(interaction)
        return reply({"choices": interaction.choices, **_error(interaction)})

    async def press(self, request: web.Request) -> web.Response:
        """Press a button, or choose `values` in a menu."""
        body = await read(request)
        user, message = self._world.person(body["user"]), self._message(body["message"])
        await self._interactions.react(message.created)
        component = _component(message, str(body["custom_id"]))
        if component.get("disabled"):
            raise BadRequestError("This button is disabled.")
        _check_seen(message, user)
        data = {"custom_id": component["custom_id"], "component_type": component["type"]}
        if component["type"] != BUTTON:
            data["values"] = [str(value) for value in body.get("values") or []]
        interaction = self._interactions.deliver(
            kinds.COMPONENT,
            user,
            message.channel,
            data,
            application=message.author,
            name=data["custom_id"],
            source=message,
        )
        return reply(await self._answer(interaction))

    async def submit(self, request: web.Request) -> web.Response:
        """Send a form that was shown: `values` maps its fields' custom ids to what was typed."""
        body = await read(request)
        user, custom_id = self._world.person(body["user"]), str(body["custom_id"])
        shown = self._interactions.modal(user, custom_id)
        if shown is None or shown.modal is None:
            raise UnknownError("form", custom_id)
        values = body.get("values", body.get("fields")) or {}
        check_values(shown.modal, values)
        await self._interactions.react(shown.modal_shown)
        data = {
            "custom_id": custom_id,
            "components": [_filled(each, values) for each in shown.modal["components"]],
        }
        interaction = self._interactions.deliver(
            kinds.MODAL_SUBMIT,
            user,
            shown.channel,
            data,
            application=shown.application,
            name=shown.name,
            source=shown.source,
        )
        return reply(await self._answer(interaction))

    async def _deliver(self, request: web.Request, kind: int) -> Interaction:
        body = await read(request)
        channel = self._world.channel(body["channel"])
        user = taking_part(self._world.person(body["user"]), channel)
        name, given = str(body["name"]).strip("/"), body.get("options") or {}
        top, *path = name.split() or [""]
        command = self._command(top, user, channel, body.get("bot"))
        leaf, passed = descend(command, path)
        resolver = Resolver(self._world, channel)
        options = build_options(leaf, given, resolver, complete=kind == kinds.COMMAND)
        if kind == kinds.AUTOCOMPLETE:
            _focus(options, str(body.get("focused") or ""))
        data = _command_data(command, nest(options, passed), resolver.found)
        application = self._world.account(command["application_id"]).user
        return self._interactions.deliver(
            kind, user, channel, data, application=application, name=name, source=None
        )

    def _choose(self, body: Json) -> Interaction:
        """Send what somebody chose from the menu of a message, which comes with it whole."""
        user, message = self._world.person(body["user"]), self._message(body["message"])
        _check_seen(message, user)
        name, channel = str(body["name"]), message.channel
        command = self._command(name, user, channel, body.get("bot"), kind=ON_MESSAGE)
        application = self._world.account(command["application_id"]).user
        found = {"messages": {str(message.id): message_payload(message, reader=application)}}
        data = {**_command_data(command, [], found), "target_id": str(message.id)}
        return self._interactions.deliver(
            kinds.COMMAND, user, channel, data, application=application, name=name, source=None
        )

    def _command(
        self, name: str, user: User, channel: Channel, bot: object, *, kind: int = SLASH
    ) -> Json:
        """Return a command of a bot, named or in whose DM it is typed; else the first found."""
        commands: Commands | AllCommands = self._commands
        if named := bot or (channel.bot and channel.bot.id):
            commands = self._world.account(named).commands
        command = commands.find(name, channel.guild.id if channel.guild else None, kind=kind)
        if not _available(command, user, channel):
            raise UnknownError("command for this user and channel", f"/{name}")
        return command

    def _message(self, reference: object) -> Message:
        for channel in self._channels():
            if str(reference).isdecimal() and int(str(reference)) in channel.messages:
                return self._world.messages.get(channel, reference)
        raise UnknownError("message", reference)

    def _channels(self) -> Iterator[Channel]:
        for guild in self._world.guilds.values():
            yield from guild.channels.values()
        yield from self._world.direct.values()

    async def _answer(self, interaction: Interaction) -> Json:
        await self._interactions.settled(interaction)
        answer = answer_shape(interaction.message)
        answer["followups"] = [answer_shape(each) for each in interaction.followups]
        if interaction.modal is not None:
            answer["modal"] = interaction.modal
        return {**answer, **_error(interaction)}


def _error(interaction: Interaction) -> Json:
    if interaction.expired:
        return {"error": NO_RESPONSE}
    return {"error": UNFINISHED} if interaction.thinking else {}


def _check_seen(message: Message, user: User) -> None:
    if message.audience not in (None, user):
        raise BadRequestError(f"{user.name} does not see this message.")


def _available(command: Json, user: User, channel: Channel) -> bool:
    if channel.guild is None:
        contexts = command.get("contexts")
        return bool(command.get("dm_permission", True)) and (contexts is None or 1 in contexts)
    needed = int(command.get("default_member_permissions") or 0)
    return permissions_in(channel, user) & needed == needed


def _command_data(command: Json, options: list[Json], found: dict[str, Json]) -> Json:
    data: Json = {
        "id": command["id"],
        "name": command["name"],
        "type": command["type"],
        "options": options,
        "resolved": found,
    }
    return data | ({"guild_id": command["guild_id"]} if "guild_id" in command else {})


def _focus(options: list[Json], name: str) -> None:
    focused = [option for option in options if option["name"] == name] or options[-1:]
    if not focused or (name and focused[0]["name"] != name):
        raise BadRequestError("Give the option that is being typed.")
    focused[0]["focused"] = True


def _walk(components: list[Json]) -> Iterator[Json]:
    for component in components:
        yield component
        yield from _walk(component.get("components") or [])
        if "accessory" in component:
            yield component["accessory"]


def _component(message: Message, custom_id: str) -> Json:
    for component in _walk(message.components):
        if component.get("custom_id") == custom_id:
            return component
    raise UnknownError("button", custom_id)


def _filled(component: Json, values: Json) -> Json:
    """Mirror a form's layout with what was typed into its fields."""
    filled: Json = {key: component[key] for key in ("type", "id", "custom_id") if key in component}
    if "components" in component:
        filled["components"] = [_filled(each, values) for each in component["components"]]
    if "component" in component:
        filled["component"] = _filled(component["component"], values)
    if "custom_id" in component:
        value = values.get(component["custom_id"], component.get("value") or "")
        filled |= {"values": value} if isinstance(value, list) else {"value": value}
    return filled
