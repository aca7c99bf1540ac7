"""The buttons under a reply: all they need to know stands in their custom ids."""

import re
from typing import Any, Final, cast

import discord
from discord import ButtonStyle

from services.core.types import ReplyButton, ReplyControls

PRESSED: Final = "reply_button"
"""The client's event: a button was pressed; its arguments are the interaction and ReplyControls."""

TEMPLATE: Final = re.compile(r"reply:(?P<button>stop|again|speak):(?P<asker>\d+):(?P<question>\d+)")

LOOKS: Final = {
    "stop": ("Stop", ButtonStyle.danger),
    "again": ("Again", ButtonStyle.secondary),
    "speak": ("Speak", ButtonStyle.secondary),
}


class PressedButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=TEMPLATE):
    """Be one button; a press becomes the client's event PRESSED, after a restart as well."""

    def __init__(self, controls: ReplyControls) -> None:
        [button] = controls.buttons
        label, style = LOOKS[button]
        custom_id = f"reply:{button}:{controls.asker_id}:{controls.question_id}"
        super().__init__(discord.ui.Button(label=label, style=style, custom_id=custom_id))
        self.controls = controls

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: object, match: re.Match[str], /
    ) -> "PressedButton":
        """Read what the button knows."""
        button = cast("ReplyButton", match["button"])
        return cls(ReplyControls(int(match["asker"]), int(match["question"]), (button,)))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Tell the client."""
        interaction.client.dispatch(PRESSED, interaction, self.controls)


def view_of(controls: ReplyControls) -> discord.ui.View | None:
    """Return the buttons as Discord shows them, None for none; nothing keeps or times the view."""
    if not controls.buttons:
        return None
    view = discord.ui.View(timeout=None)
    for button in controls.buttons:
        view.add_item(
            PressedButton(ReplyControls(controls.asker_id, controls.question_id, (button,)))
        )
    return view


def buttons_of(message: discord.Message) -> tuple[ReplyButton, ...]:
    """Return which buttons stand under a message of ours."""
    found: list[ReplyButton] = []
    for row in message.components:
        for item in row.children if isinstance(row, discord.ActionRow) else ():
            match = TEMPLATE.fullmatch(getattr(item, "custom_id", None) or "")
            found += [cast("ReplyButton", match["button"])] if match else []
    return tuple(found)
