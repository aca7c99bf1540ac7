import asyncio
import logging
from dataclasses import replace
from functools import partial

import discord
from discord.ext import commands

from cogs.access import Gate
from cogs.addressing import readable
from cogs.chat import Chat
from cogs.client import Client
from cogs.errors import tell_failure
from cogs.question import read_again, said_before
from cogs.reply_view import PressedButton, buttons_of, view_of
from cogs.text_channels import UNREACHABLE, ChannelText, InteractionText
from cogs.thinking import answered_once
from cogs.voice import Voice
from services.chatter import without_notes
from services.conversations import Conversations
from services.core.errors import BotError
from services.core.logs import new_turn_id
from services.core.protocols import TextChannel
from services.core.tasks import TaskOwner
from services.core.types import Author, ReplyButton, ReplyControls, UserTurn

log = logging.getLogger(__name__)

NOT_YOURS = "Only the person who asked, or a moderator, may press that."
ENDED = "That answer has already ended."
AT_IT = "I'm already answering that again."
SAYING = "I'm already saying that."
NOTHING = "There is nothing to say in that."


class ReplyButtons(commands.Cog):
    """Do what the buttons under a reply say: stop it, answer again, speak it.

    What a button needs to know stands in its custom id, so that it works after a restart. Answers
    to a press change the message without using up the channel's edits.
    """

    def __init__(
        self, client: Client, gate: Gate, chat: Chat, voice: Voice, conversations: Conversations
    ) -> None:
        self._client = client
        self._gate = gate
        self._chat = chat
        self._voice = voice
        self._conversations = conversations
        self._repeating: set[int] = set()  # questions being looked up; bounded by the limiter
        self._saying: dict[int, asyncio.Task[None]] = {}  # by message; bounded by the voice queue
        self._tasks = TaskOwner("reply buttons")

    async def cog_load(self) -> None:
        """Recognise the buttons, those from before a restart too."""
        self._client.add_dynamic_items(PressedButton)

    async def cog_unload(self) -> None:
        """End what is still being said."""
        self._client.remove_dynamic_items(PressedButton)
        await self._tasks.aclose()

    @commands.Cog.listener()
    async def on_reply_button(
        self, interaction: discord.Interaction, controls: ReplyControls
    ) -> None:
        """Do what a pressed button says, for those who may."""
        actions = {"stop": self._stop, "again": self._again, "speak": self._speak}
        [button] = controls.buttons
        try:
            if not _may_press(interaction, controls):
                raise BotError(user_message=NOT_YOURS)
            if refusal := self._gate.refusal(interaction):
                raise BotError(user_message=refusal)
            await actions[button](interaction, controls)
        except (BotError, *UNREACHABLE) as error:
            await tell_failure(interaction, error, of=f"The button {button}")

    async def _stop(self, interaction: discord.Interaction, controls: ReplyControls) -> None:
        message = _message(interaction)
        hushed = self._hush(message.id)
        stopped = self._conversations.stop_reply(_place(interaction), controls.question_id)
        shown = buttons_of(message)
        if stopped and shown == ("stop",):  # its last edit brings the other buttons
            await interaction.response.defer()
            return
        left = tuple(button for button in shown if button not in ("stop", "speak"))
        rest = _at_rest(interaction) if hushed or "speak" in shown or not left else left
        await _show(interaction, controls, rest)
        if not (stopped or hushed):
            await interaction.followup.send(ENDED, ephemeral=True)

    async def _again(self, interaction: discord.Interaction, controls: ReplyControls) -> None:
        place, question = _place(interaction), controls.question_id
        if question in self._repeating or self._conversations.is_writing(place, question):
            raise BotError(user_message=AT_IT)
        self._chat.admit(interaction.user.id)
        self._repeating.add(question)
        try:
            await _show(interaction, controls, ())
            turn = await self._turn(interaction, controls)
        except (BotError, *UNREACHABLE):
            await _put_back(interaction, controls, buttons_of(_message(interaction)))
            raise
        finally:
            self._repeating.discard(question)
        self._hush(_message(interaction).id)
        self._conversations.stop_reply(place, question)
        output = self._output(interaction)
        if not self._conversations.submit(turn, channel=output, alone=True):
            await _put_back(interaction, controls, buttons_of(_message(interaction)))

    async def _turn(self, interaction: discord.Interaction, controls: ReplyControls) -> UserTurn:
        """Return what was asked: as it stands in the channel now, a command's from the history."""
        question = controls.question_id
        kept = await self._conversations.recall(_place(interaction), question)
        if _is_of_command(interaction):
            said = said_before(kept)
            command = self._chat.read_command(interaction, said.text)
            author = Author(controls.asker_id, said.author)
            command = replace(command, id=question, author=author, about=said.about)
            return UserTurn(new_turn_id(), (command,))
        found = await read_again(self._channel(interaction), question, kept)
        messages = [
            self._chat.read(
                message,
                readable(message, self._client.own_id()),
                asker=_member(interaction, message.author),
            )
            for message in found
            if message.content or message.attachments or message.message_snapshots
        ]
        if messages:
            return UserTurn(new_turn_id(), tuple(messages))
        asker = _member(interaction, found[-1].author)
        unread = self._chat.read(found[-1], said_before(kept).text, asker=asker)
        return UserTurn(new_turn_id(), (unread,))

    def _output(self, interaction: discord.Interaction) -> TextChannel:
        if _is_of_command(interaction):
            return InteractionText(interaction, answered=True)
        client = self._client
        channel = self._channel(interaction)
        return ChannelText(
            channel, own_id=client.own_id, newest=client.newest_message, posts=client.posts
        )

    def _channel(self, interaction: discord.Interaction) -> discord.PartialMessageable:
        place, guild_id = _place(interaction), interaction.guild_id
        return self._client.get_partial_messageable(place, guild_id=guild_id)

    async def _speak(self, interaction: discord.Interaction, controls: ReplyControls) -> None:
        message, place = _message(interaction), _place(interaction)
        if message.id in self._saying or self._conversations.is_speaking(
            place, controls.question_id
        ):
            raise BotError(user_message=SAYING)
        self._voice.check_reach(interaction)
        say = self._tasks.start(self._say(interaction, controls), name=f"say {message.id}")
        self._saying[message.id] = say
        say.add_done_callback(partial(self._said, message.id))

    def _said(self, message_id: int, say: asyncio.Task[None]) -> None:
        if self._saying.get(message_id) is say:
            del self._saying[message_id]

    async def _say(self, interaction: discord.Interaction, controls: ReplyControls) -> None:
        """Speak an answer; meanwhile Stop stands in the place of Speak."""
        try:
            await _show(interaction, controls, ("stop", "again"))
            await self._voice.enter(interaction)
            await self._voice.speak(interaction, await self._answer(interaction))
        except (BotError, *UNREACHABLE) as error:
            await tell_failure(interaction, error, of="The button speak")
        await _put_back(interaction, controls, _at_rest(interaction))

    async def _answer(self, interaction: discord.Interaction) -> str:
        """Return the text of an answer, of several messages where it is kept."""
        message = _message(interaction)
        kept = await self._conversations.recall(_place(interaction), message.id)
        shown = without_notes(message.content)
        whole = kept.text if kept is not None and len(kept.message_ids) > 1 else ""
        if not (text := max(shown, whole, key=len)):
            raise BotError(user_message=NOTHING)
        return text

    def _hush(self, message_id: int) -> bool:
        """End the speech that a button began; return whether there was one."""
        saying = self._saying.pop(message_id, None)
        return saying is not None and saying.cancel()


def _may_press(interaction: discord.Interaction, controls: ReplyControls) -> bool:
    moderates = interaction.guild_id is not None and interaction.permissions.manage_messages
    return moderates or interaction.user.id == controls.asker_id


def _at_rest(interaction: discord.Interaction) -> tuple[ReplyButton, ...]:
    return ("again",) if interaction.guild_id is None else ("again", "speak")


async def _show(
    interaction: discord.Interaction, controls: ReplyControls, buttons: tuple[ReplyButton, ...]
) -> None:
    """Answer a press by changing the buttons of its message."""
    with answered_once(interaction):
        await interaction.response.edit_message(view=view_of(replace(controls, buttons=buttons)))


async def _put_back(
    interaction: discord.Interaction, controls: ReplyControls, buttons: tuple[ReplyButton, ...]
) -> None:
    """Change the buttons again after the answer to a press."""
    try:
        await interaction.edit_original_response(view=view_of(replace(controls, buttons=buttons)))
    except UNREACHABLE as error:
        log.info("The buttons under a reply stay as they are: %s", error)


def _message(interaction: discord.Interaction) -> discord.Message:
    if interaction.message is None:
        raise BotError("a button without a message was pressed")
    return interaction.message


def _member(interaction: discord.Interaction, user: discord.abc.User) -> discord.abc.User:
    """Return a person as a member, who may be listening, where they are known as such."""
    member = interaction.guild.get_member(user.id) if interaction.guild else None
    return member or (interaction.user if interaction.user.id == user.id else user)


def _is_of_command(interaction: discord.Interaction) -> bool:
    """Tell whether the answer was given to a command, whose question is no message."""
    return _message(interaction).interaction_metadata is not None


def _place(interaction: discord.Interaction) -> int:
    return interaction.channel_id or interaction.user.id
