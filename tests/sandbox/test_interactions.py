import asyncio
from typing import Any

import discord
import pytest
from discord import app_commands

from sandbox import interactions
from tests.sandbox.probe import Control, Probe

Interaction = discord.Interaction[Any]


class Buttons(discord.ui.View):
    """Offer one button for each way to respond."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Say", custom_id="say")
    async def say(self, interaction: Interaction, button: Any) -> None:
        await interaction.response.send_message("pressed", ephemeral=True)

    @discord.ui.button(label="Change", custom_id="change")
    async def change(self, interaction: Interaction, button: Any) -> None:
        await interaction.response.edit_message(content="changed", view=None)

    @discord.ui.button(label="Later", custom_id="later")
    async def later(self, interaction: Interaction, button: Any) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="changed later")

    @discord.ui.button(label="No", custom_id="no", disabled=True)
    async def no(self, interaction: Interaction, button: Any) -> None:
        raise AssertionError


class Form(discord.ui.Modal, title="About you"):
    """Ask for a name."""

    name: discord.ui.TextInput[Any] = discord.ui.TextInput(label="Name", custom_id="name")

    def __init__(self) -> None:
        super().__init__(custom_id="about", timeout=None)

    async def on_submit(self, interaction: Interaction) -> None:
        await interaction.response.send_message(f"Hello {self.name.value}")


@app_commands.command()
async def ping(interaction: Interaction, text: str = "") -> None:
    """Answer at once."""
    await interaction.response.send_message(f"pong {text}")


@app_commands.command()
async def think(interaction: Interaction) -> None:
    """Answer later, in steps."""
    await interaction.response.defer(ephemeral=True)
    await interaction.edit_original_response(content="half")
    await interaction.edit_original_response(content="whole")


@app_commands.command()
async def follow(interaction: Interaction) -> None:
    """Answer with what follows."""
    await interaction.response.defer()
    await interaction.followup.send("first")
    await interaction.followup.send("second", ephemeral=True)


@app_commands.command()
async def plain(interaction: Interaction) -> None:
    """Fill a deferred answer as if it were any message."""
    await interaction.response.defer()
    answer = await interaction.original_response()
    assert isinstance(interaction.channel, discord.TextChannel)
    await interaction.channel.get_partial_message(answer.id).edit(content="filled")


@app_commands.command()
async def silent(interaction: Interaction) -> None:
    """Answer nothing."""


@app_commands.command()
async def twice(interaction: Interaction) -> None:
    """Answer once too often."""
    await interaction.response.send_message("once")
    interaction.response._response_type = None
    try:
        await interaction.response.send_message("twice")
    except discord.HTTPException as error:
        interaction.client.happened.put_nowait(("refused", error.code))


@app_commands.command()
async def who(
    interaction: Interaction,
    user: discord.Member,
    channel: discord.VoiceChannel,
    role: discord.Role,
    times: app_commands.Range[int, 1, 3] = 1,
) -> None:
    """Name what was given."""
    await interaction.response.send_message(f"{user.name} {channel.name} {role.name} {times}")


@app_commands.command()
async def read(interaction: Interaction, file: discord.Attachment) -> None:
    """Read a file out."""
    await interaction.response.send_message((await file.read()).decode())


@app_commands.command()
async def pick(interaction: Interaction, fruit: str) -> None:
    """Pick a fruit."""
    await interaction.response.send_message(fruit)


@pick.autocomplete("fruit")
async def fruits(interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
    found = [name for name in ("apple", "apricot", "pear") if name.startswith(current)]
    return [app_commands.Choice(name=name.title(), value=name) for name in found]


@app_commands.command()
async def buttons(interaction: Interaction) -> None:
    """Show buttons."""
    await interaction.response.send_message("choose", view=Buttons())


@app_commands.command()
async def form(interaction: Interaction) -> None:
    """Show a form."""
    await interaction.response.send_modal(Form())


@app_commands.command()
@app_commands.default_permissions(administrator=True)
@app_commands.guild_only()
async def secret(interaction: Interaction) -> None:
    """Serve administrators."""
    await interaction.response.send_message("secret")


@app_commands.context_menu(name="Read this")
async def read_this(interaction: Interaction, message: discord.Message) -> None:
    """Read a message out."""
    await interaction.response.send_message(f"{message.author.name}: {message.content}")


class Voice(app_commands.Group):
    """Commands about voice."""

    @app_commands.command()
    async def join(self, interaction: Interaction) -> None:
        """Join."""
        await interaction.response.send_message("joined")


@pytest.fixture
async def ready(bot: Probe) -> Probe:
    commands: list[Any] = [
        ping,
        think,
        follow,
        plain,
        silent,
        twice,
        who,
        read,
        pick,
        buttons,
        form,
        secret,
        read_this,
    ]
    for command in (*commands, Voice(name="voice", description="Voice")):
        bot.tree.add_command(command)
    await bot.tree.sync()
    return bot


async def run(control: Control, name: str, user: str = "ana", **options: Any) -> Any:
    body = {"user": user, "channel": await control.channel(), "name": name, "options": options}
    return await control.post("/commands", body)


async def test_a_command_is_answered(ready: Probe, control: Control) -> None:
    answer = await run(control, "ping", text="you")
    assert (answer["content"], answer["ephemeral"]) == ("pong you", False)
    assert {"id", "content", "ephemeral", "embeds", "attachments", "components"} <= set(answer)
    [shown] = await control.messages()
    assert shown["id"] == answer["id"]
    assert await control.rules() == []


async def test_the_commands_a_person_gets_are_listed(ready: Probe, control: Control) -> None:
    general = await control.channel()
    everything = {each["name"] for each in (await control.get("/commands"))["commands"]}
    mine = await control.get("/commands", user="ana", channel=general)
    assert everything - {each["name"] for each in mine["commands"]} == {"secret"}
    direct = (await control.post("/users/admin/dm"))["id"]
    theirs = await control.get("/commands", user="admin", channel=direct)
    assert "secret" not in {each["name"] for each in theirs["commands"]}


async def test_a_deferred_answer_settles_in_its_last_edit(ready: Probe, control: Control) -> None:
    answer = await run(control, "think")
    assert (answer["content"], answer["ephemeral"]) == ("whole", True)
    assert await control.messages() == []


async def test_the_first_followup_fills_a_deferred_answer(ready: Probe, control: Control) -> None:
    answer = await run(control, "follow")
    assert answer["content"] == "first"
    assert [each["content"] for each in answer["followups"]] == ["second"]
    [shown] = await control.messages()
    assert (shown["content"], shown["edits"]) == ("first", [])


async def test_a_deferred_answer_may_be_edited_as_a_plain_message(
    ready: Probe, control: Control
) -> None:
    assert (await run(control, "plain"))["content"] == "filled"


async def test_what_one_person_sees_is_no_message_of_the_channel(
    ready: Probe, control: Control, api: Control
) -> None:
    answer = await run(control, "think")
    path = f"/channels/{await control.channel()}/messages"
    for method in ("GET", "PATCH", "DELETE"):
        status, body = await api.call(method, f"{path}/{answer['id']}", json={"content": "x"})
        assert (status, body["code"]) == (404, 10008)
    reply = {"content": "x", "message_reference": {"message_id": answer["id"]}}
    assert (await api.call("POST", path, json=reply))[0] == 400
    assert await control.messages() == []


async def test_a_command_that_stays_silent_is_a_violation(
    ready: Probe, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interactions, "FIRST_RESPONSE", 0.02)
    answer = await run(control, "silent")
    assert answer["error"] == "The application did not respond."
    assert await control.rules() == ["interaction_timeout"]


async def test_a_second_response_is_refused(ready: Probe, control: Control) -> None:
    assert (await run(control, "twice"))["content"] == "once"
    assert await ready.event("refused") == 40060
    assert await control.rules() == ["second_response"]


async def test_an_unknown_interaction_is_refused(api: Control, control: Control) -> None:
    status, body = await api.call("POST", "/interactions/1/nonsense/callback", json={"type": 4})
    assert (status, body["code"]) == (404, 10062)
    assert await control.rules() == ["unknown_interaction"]


async def test_options_are_resolved_by_name(ready: Probe, control: Control) -> None:
    options = {"user": "ben", "channel": "Lounge", "role": "admin", "times": 2}
    body = {"user": "ana", "channel": await control.channel(), "name": "who", "options": options}
    answer = await control.post("/commands", body)
    assert answer["content"] == "ben Lounge admin 2"


async def test_a_file_given_to_a_command_can_be_read(ready: Probe, control: Control) -> None:
    file = {"filename": "a.txt", "content": "inside"}
    assert (await run(control, "read", file=file))["content"] == "inside"


async def test_a_group_is_called_with_spaces(ready: Probe, control: Control) -> None:
    assert (await run(control, "voice join"))["content"] == "joined"


@pytest.mark.parametrize(
    ("name", "options", "status"),
    [
        ("nonsense", {}, 404),
        ("voice", {}, 404),
        ("voice nonsense", {}, 404),
        ("pick", {}, 400),
        ("ping", {"nonsense": 1}, 400),
        ("who", {"user": "nobody", "channel": "Lounge", "role": "admin"}, 404),
        ("who", {"user": "ben", "channel": "Lounge", "role": "admin", "times": 4}, 400),
        ("secret", {}, 404),
    ],
)
async def test_what_cannot_be_called_is_refused_in_words(
    ready: Probe, control: Control, name: str, options: dict[str, Any], status: int
) -> None:
    channel = await control.channel()
    body = {"user": "ana", "channel": channel, "name": name, "options": options}
    found, sentence = await control.refused("POST", "/commands", body)
    assert found == status
    assert sentence.endswith(".")
    assert await control.rules() == []


async def test_an_administrator_may_call_what_others_may_not(
    ready: Probe, control: Control
) -> None:
    assert (await run(control, "secret", user="admin"))["content"] == "secret"


async def test_commands_work_in_direct_messages(ready: Probe, control: Control) -> None:
    direct = await control.post("/users/ana/dm")
    body = {"user": "ana", "channel": direct["id"], "name": "ping"}
    assert (await control.post("/commands", body))["content"] == "pong "
    status, _ = await control.refused("POST", "/commands", {**body, "name": "secret"})
    assert status == 404


async def test_choices_are_offered_while_typing(ready: Probe, control: Control) -> None:
    channel = await control.channel()
    body = {"user": "ana", "channel": channel, "name": "pick", "options": {"fruit": "ap"}}
    choices = (await control.post("/autocomplete", body))["choices"]
    assert [(each["name"], each["value"]) for each in choices] == [
        ("Apple", "apple"),
        ("Apricot", "apricot"),
    ]


async def press(control: Control, message: str, custom_id: str) -> Any:
    body = {"user": "ana", "message": message, "custom_id": custom_id}
    return await control.post("/components", body)


async def test_buttons_answer_and_change_their_message(ready: Probe, control: Control) -> None:
    shown = await run(control, "buttons")
    assert [each["label"] for each in shown["components"][0]["components"]] == [
        "Say",
        "Change",
        "Later",
        "No",
    ]
    said = await press(control, shown["id"], "say")
    assert (said["content"], said["ephemeral"]) == ("pressed", True)
    later = await press(control, shown["id"], "later")
    assert (later["id"], later["content"]) == (shown["id"], "changed later")
    body = {"user": "ana", "message": shown["id"], "custom_id": "no"}
    assert (await control.refused("POST", "/components", body))[0] == 400
    changed = await press(control, shown["id"], "change")
    assert (changed["content"], changed["components"]) == ("changed", [])
    body["custom_id"] = "say"
    assert (await control.refused("POST", "/components", body))[0] == 404


async def test_what_a_bot_shows_is_used_when_the_bot_knows_it(
    ready: Probe, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, know = asyncio.get_running_loop(), ready._connection.store_view
    monkeypatch.setattr(
        ready._connection, "store_view", lambda *it: loop.call_later(0.1, know, *it)
    )
    shown = await run(control, "form")
    body = {"user": "ana", "custom_id": shown["modal"]["custom_id"], "values": {"name": "Ana"}}
    assert (await control.post("/modals", body))["content"] == "Hello Ana"
    shown = await run(control, "buttons")
    assert (await press(control, shown["id"], "say"))["content"] == "pressed"


async def test_a_form_is_shown_filled_and_answered(ready: Probe, control: Control) -> None:
    shown = await run(control, "form")
    assert shown["modal"]["title"] == "About you"
    body = {"user": "ana", "custom_id": "about", "values": {"name": "Ana"}}
    assert (await control.post("/modals", body))["content"] == "Hello Ana"
    body["user"] = "ben"
    assert (await control.refused("POST", "/modals", body))[0] == 404


async def test_the_registered_commands_are_listed(ready: Probe, control: Control) -> None:
    commands = (await control.get("/commands"))["commands"]
    assert {"ping", "voice"} <= {command["name"] for command in commands}
    guild = ready.guilds[0]
    ready.tree.add_command(
        app_commands.Command(name="here", description="x", callback=_here), guild=guild
    )
    await ready.tree.sync(guild=guild)
    commands = (await control.get("/commands"))["commands"]
    assert {"ping", "voice", "here"} <= {command["name"] for command in commands}
    assert (await run(control, "here"))["content"] == "here"


async def _here(interaction: Interaction) -> None:
    await interaction.response.send_message("here")


async def test_a_message_comes_whole_with_the_command_of_its_menu(
    ready: Probe, control: Control
) -> None:
    await control.post("/application", {"intents": []})
    general = await control.channel()
    posted = await control.post(f"/channels/{general}/messages", {"user": "ben", "content": "Moin"})
    body = {"user": "ana", "message": posted["id"], "name": "Read this"}
    answer = await control.post("/commands", body)
    assert answer["content"] == "ben: Moin"
    [_, shown] = await control.messages()
    assert shown["interaction"] == {"name": "Read this", "user": "ana"}


async def test_what_follows_a_changed_message_is_part_of_the_answer(
    bot: Probe, control: Control
) -> None:
    pressed = await _press_changing(bot, control)
    assert pressed["content"] == "changed"
    assert [each["content"] for each in pressed["followups"]] == ["and more"]


class Changing(discord.ui.View):
    """Change and then follow."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Change", custom_id="change")
    async def change(self, interaction: Interaction, button: Any) -> None:
        await interaction.response.edit_message(content="changed", view=None)
        await interaction.followup.send("and more", ephemeral=True)


async def _press_changing(bot: Probe, control: Control) -> Any:
    general = bot.get_channel(int(await control.channel()))
    assert isinstance(general, discord.TextChannel)
    posted = await general.send("choose", view=Changing())
    body = {"user": "ana", "message": str(posted.id), "custom_id": "change"}
    return await control.post("/components", body)
