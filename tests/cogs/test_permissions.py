from urllib.parse import parse_qs, urlsplit

import discord

from cogs.permissions import NEEDED, invite_link, needed_permissions


def invited(link: str) -> discord.Permissions:
    return discord.Permissions(int(parse_qs(urlsplit(link).query)["permissions"][0]))


def test_the_link_invites_the_bot_with_what_it_needs_and_no_more() -> None:
    link = invite_link(5, NEEDED)
    assert link.startswith("https://discord.com/oauth2/authorize?client_id=5&scope=bot+app")
    assert invited(link) == discord.Permissions(**dict.fromkeys(NEEDED, True))
    assert bin(invited(link).value).count("1") == len(NEEDED)


def test_nothing_that_harms_a_server_is_asked_for() -> None:
    granted = invited(invite_link(5, needed_permissions(voice_status=True)))
    assert not granted & discord.Permissions.elevated()
    assert not granted.mention_everyone


def test_the_status_of_voice_channels_has_a_permission_of_its_own() -> None:
    more = needed_permissions(voice_status=True).keys() - needed_permissions(voice_status=False)
    assert more == {"set_voice_channel_status"}
