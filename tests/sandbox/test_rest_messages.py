import io
from typing import Any

import aiohttp
import discord
import pytest

from sandbox.server import Sandbox
from tests.sandbox.probe import Control, Probe

BUTTON = {"type": 2, "style": 1, "label": "Press", "custom_id": "press"}


async def general(bot: Probe, control: Control) -> discord.TextChannel:
    channel = bot.get_channel(int(await control.channel()))
    assert isinstance(channel, discord.TextChannel)
    return channel


async def test_a_message_of_a_person_arrives_whole(bot: Probe, control: Control) -> None:
    assert bot.user
    await control.say(f"hello <@{bot.user.id}>")
    message = await bot.message()
    assert message.author.name == "ana"
    assert message.content == f"hello <@{bot.user.id}>"
    assert bot.user.mentioned_in(message)
    assert message.guild
    assert message.channel.id == int(await control.channel())


async def test_a_message_is_sent_edited_and_deleted(bot: Probe, control: Control) -> None:
    channel = await general(bot, control)
    message = await channel.send("one")
    await message.edit(content="two")
    await message.edit(content="three")
    [shown] = await control.messages()
    assert shown["id"] == str(message.id)
    assert shown["author"] == {"name": "Sandbox Bot", "bot": True}
    assert shown["content"] == "three"
    assert [edit["content"] for edit in shown["edits"]] == ["two", "three"]
    assert shown["created"] <= shown["edits"][0]["t"] <= shown["edits"][1]["t"]
    await message.delete()
    assert (await control.messages())[0]["deleted"]
    assert await control.rules() == []


async def test_a_reply_refers_to_its_message_and_pings_its_author(
    bot: Probe, control: Control
) -> None:
    asked = await control.say("question")
    await (await bot.message()).reply("answer")
    answer = (await control.messages())[-1]
    assert answer["reply_to"] == asked["id"]
    assert answer["mentions"] == ["ana"]


async def test_a_reply_needs_the_right_to_read_the_history(bot: Probe, control: Control) -> None:
    denied = [{"id": "bot", "deny": ["read_message_history"]}]
    place = await control.post("/channels", {"name": "mute", "permission_overwrites": denied})
    await control.say("question", channel=place["id"])
    asked = await bot.message()
    with pytest.raises(discord.HTTPException) as refused:
        await asked.reply("answer")
    assert refused.value.code == 160002
    await asked.channel.send("answer")


async def test_a_reply_that_may_not_ping_does_not(bot: Probe, control: Control) -> None:
    await control.say("question")
    silent = discord.AllowedMentions.none()
    await (await bot.message()).reply("<@&1> answer @everyone", allowed_mentions=silent)
    assert (await control.messages())[-1]["mentions"] == []
    assert await control.rules() == []


async def test_pinging_everyone_is_a_violation(bot: Probe, control: Control) -> None:
    await (await general(bot, control)).send("look @everyone")
    assert await control.rules() == ["mention"]


async def test_a_text_over_2000_characters_is_refused(bot: Probe, control: Control) -> None:
    channel = await general(bot, control)
    await channel.send("x" * 2000)
    with pytest.raises(discord.HTTPException) as refused:
        await channel.send("x" * 2001)
    assert (refused.value.status, refused.value.code) == (400, 50035)
    assert await control.rules() == ["message_length"]


async def test_an_empty_message_is_refused(bot: Probe, control: Control) -> None:
    with pytest.raises(discord.HTTPException) as refused:
        await (await general(bot, control)).send(" ")
    assert refused.value.code == 50006


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"content": ""}, 50006),
        ({"content": " ", "embeds": []}, 50006),
        ({"content": None, "components": []}, 50006),
        ({"embeds": [{"title": "t" * 257}]}, 50035),
        ({"components": [{"type": 1, "components": []}]}, 50035),
    ],
)
async def test_what_no_message_may_become_is_refused(
    api: Control, control: Control, change: dict[str, Any], code: int
) -> None:
    path = f"/channels/{await control.channel()}/messages"
    message = await api.post(path, {"content": "hello"})
    status, body = await api.call("PATCH", f"{path}/{message['id']}", json=change)
    assert (status, body["code"]) == (400, code)
    assert (await control.messages())[0]["content"] == "hello"
    assert len(await control.rules()) == 1


async def test_a_text_may_give_way_to_something_else(api: Control, control: Control) -> None:
    path = f"/channels/{await control.channel()}/messages"
    message = await api.post(path, {"content": "hello"})
    embeds = {"content": "", "embeds": [{"title": "news"}]}
    assert (await api.call("PATCH", f"{path}/{message['id']}", json=embeds))[0] == 200
    assert await control.rules() == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"components": [{"type": 1, "components": [BUTTON]}]}, 50006),
        ({"content": "x", "components": [{"type": 1, "components": [BUTTON] * 6}]}, 50035),
        ({"embeds": [{"description": "d" * 4097}]}, 50035),
        ({"embeds": [{"title": "x", "footer": "text"}]}, 50035),
        ({"content": "x", "nonce": "n" * 26}, 50035),
    ],
)
async def test_what_no_message_may_be_is_refused(
    api: Control, control: Control, body: dict[str, Any], code: int
) -> None:
    path = f"/channels/{await control.channel()}/messages"
    status, found = await api.call("POST", path, json=body)
    assert (status, found["code"]) == (400, code)
    assert await control.messages() == []
    assert len(await control.rules()) == 1


async def test_more_than_ten_files_are_refused(bot: Probe, control: Control) -> None:
    files = aiohttp.FormData({"payload_json": "{}"})
    for number in range(11):
        files.add_field(f"files[{number}]", b"x", filename=f"{number}.txt")
    path = f"/channels/{await control.channel()}/messages"
    headers = {"Authorization": f"Bot {bot.http.token}"}
    url = control.url.replace("/sandbox", "/api/v10")
    status, body = await Control(url, control.session).call(
        "POST", path, data=files, headers=headers
    )
    assert (status, body["code"]) == (400, 50035)
    assert await control.rules() == ["upload_count"]


async def test_a_message_is_fetched_with_the_right_to_read_the_history_only(
    bot: Probe, control: Control
) -> None:
    denied = [{"id": "bot", "deny": ["read_message_history"]}]
    place = await control.post("/channels", {"name": "mute", "permission_overwrites": denied})
    said = await control.say("question", channel=place["id"])
    channel = (await bot.message()).channel
    with pytest.raises(discord.Forbidden):
        await channel.fetch_message(int(said["id"]))


async def test_files_are_kept_and_served(bot: Probe, control: Control) -> None:
    channel = await general(bot, control)
    sent = await channel.send(file=discord.File(io.BytesIO(b"abc"), "notes.txt"))
    assert await sent.attachments[0].read() == b"abc"
    [shown] = (await control.messages())[0]["attachments"]
    assert (shown["filename"], shown["size"]) == ("notes.txt", 3)


async def test_a_persons_files_can_be_read_by_the_bot(bot: Probe, control: Control) -> None:
    await control.say("see", attachments=[{"filename": "a.txt", "content": "text"}])
    [attachment] = (await bot.message()).attachments
    assert await attachment.read() == b"text"


@pytest.mark.parametrize("name", ["#1 what? 100%.txt", "a/b.txt", "../größe.txt"])
async def test_a_file_of_any_name_can_be_read(bot: Probe, control: Control, name: str) -> None:
    await control.say("see", attachments=[{"filename": name, "content": "text"}])
    [attachment] = (await bot.message()).attachments
    assert attachment.filename == name
    assert await attachment.read() == b"text"


async def test_a_file_over_ten_mebibytes_is_refused(bot: Probe, control: Control) -> None:
    big = discord.File(io.BytesIO(bytes(10 * 1024 * 1024 + 1)), "big.bin")
    with pytest.raises(discord.HTTPException) as refused:
        await (await general(bot, control)).send(file=big)
    assert (refused.value.status, refused.value.code) == (413, 40005)
    assert await control.rules() == ["upload_size"]


async def test_history_comes_newest_first_and_can_be_read_after_a_message(
    bot: Probe, control: Control
) -> None:
    ids = [int((await control.say(text))["id"]) for text in "abc"]
    channel = await general(bot, control)
    assert [message.content async for message in channel.history()] == ["c", "b", "a"]
    after = channel.history(after=discord.Object(ids[0]))
    assert [message.content async for message in after] == ["b", "c"]
    assert (await channel.fetch_message(ids[1])).content == "b"


async def test_typing_and_reactions_are_seen(bot: Probe, control: Control) -> None:
    said = await control.say("hi")
    message = await bot.message()
    await message.add_reaction("👍")
    assert (await bot.event("reaction")).emoji.name == "👍"
    assert (await control.messages())[0]["reactions"] == {"👍": 1}
    assert bot.user
    await message.remove_reaction("👍", bot.user)
    assert (await control.messages())[0]["reactions"] == {}
    await control.post(f"/channels/{said['channel']}/typing", {"user": "ben"})
    assert (await bot.event("typing")).name == "ben"
    async with message.channel.typing():
        pass


async def test_edits_and_deletions_of_people_arrive(bot: Probe, control: Control) -> None:
    said = await control.say("hi")
    path = f"/channels/{said['channel']}/messages/{said['id']}"
    status, edited = await control.call("PATCH", path, json={"content": "hello"})
    assert (status, edited["content"]) == (200, "hello")
    assert (await bot.event("edit")).message.content == "hello"
    assert (await control.call("DELETE", path))[0] == 200
    assert (await bot.event("delete")).message_id == int(said["id"])


async def test_several_messages_are_deleted_at_once(bot: Probe, control: Control) -> None:
    said = [await control.say(text) for text in ("one", "two", "three", "four")]
    path = f"/channels/{said[0]['channel']}/messages"
    body = {"messages": [each["id"] for each in said[:2]]}
    assert (await control.call("DELETE", path, json=body))[0] == 200
    deleted = (await bot.event("bulk delete")).message_ids
    assert deleted == {int(each["id"]) for each in said[:2]}
    channel = await general(bot, control)
    with pytest.raises(discord.Forbidden):
        await channel.delete_messages([discord.Object(each["id"]) for each in said[2:]])
    assert [each["deleted"] for each in await control.messages()] == [True, True, False, False]
    assert await control.rules() == ["permission"]


async def test_a_forwarded_message_arrives_as_a_copy_without_its_author(
    bot: Probe, control: Control
) -> None:
    files = [{"filename": "a.txt", "content": "inside"}]
    said = await control.say("news", attachments=files)
    await bot.message()
    forward = {"channel": said["channel"], "message": said["id"]}
    await control.say("", user="ben", forward=forward)
    message = await bot.message()
    assert message.content == ""
    assert message.reference
    assert message.reference.type is discord.MessageReferenceType.forward
    [snapshot] = message.message_snapshots
    assert snapshot.content == "news"
    assert [each.filename for each in snapshot.attachments] == ["a.txt"]


async def test_a_direct_message_goes_both_ways(bot: Probe, control: Control) -> None:
    direct = await control.post("/users/ana/dm")
    assert direct["type"] == "dm"
    await control.say("psst", channel=direct["id"])
    message = await bot.message()
    assert isinstance(message.channel, discord.DMChannel)
    assert message.content == "psst"
    await message.channel.send("yes?")
    ana = await bot.fetch_user(message.author.id)
    await ana.send("again")
    assert [each["content"] for each in await control.messages(direct["id"])] == [
        "psst",
        "yes?",
        "again",
    ]


async def test_nobody_writes_in_others_direct_messages(control: Control) -> None:
    path = f"/channels/{(await control.post('/users/ana/dm'))['id']}"
    for place, body in (("messages", {"content": "psst"}), ("typing", {})):
        refused = await control.refused("POST", f"{path}/{place}", {"user": "ben", **body})
        assert refused == (400, "ben has no part in this conversation.")
    command = {"user": "ben", "channel": path.rpartition("/")[2], "name": "ping"}
    assert (await control.refused("POST", "/commands", command))[0] == 400


async def test_a_voice_channels_own_chat_takes_messages(bot: Probe, control: Control) -> None:
    lounge = await control.channel("Lounge")
    await control.say("in here", channel=lounge)
    message = await bot.message()
    assert isinstance(message.channel, discord.VoiceChannel)
    await message.channel.send("yes")
    assert len(await control.messages(lounge)) == 2


async def test_what_is_not_permitted_is_refused_and_recorded(bot: Probe, control: Control) -> None:
    denied = [{"id": "bot", "type": "member", "deny": ["send_messages"]}]
    quiet = await control.post("/channels", {"name": "quiet", "permission_overwrites": denied})
    hidden = [{"id": "@everyone", "deny": ["view_channel"]}]
    secret = await control.post("/channels", {"name": "secret", "permission_overwrites": hidden})
    for channel_id, code in ((quiet["id"], 50013), (secret["id"], 50001)):
        channel = bot.get_partial_messageable(int(channel_id))
        with pytest.raises(discord.Forbidden) as refused:
            await channel.send("hello")
        assert refused.value.code == code
    assert await control.rules() == ["permission", "permission"]
    await control.say("unheard", channel=secret["id"])
    await control.say("heard")
    assert (await bot.message()).content == "heard"


async def test_others_messages_can_be_neither_edited_nor_deleted(
    bot: Probe, control: Control
) -> None:
    await control.say("mine")
    message = await bot.message()
    with pytest.raises(discord.Forbidden):
        await message.edit(content="yours")
    with pytest.raises(discord.Forbidden):
        await message.delete()


async def test_a_message_that_a_person_deleted_is_gone_without_blame(
    bot: Probe, control: Control
) -> None:
    channel = await general(bot, control)
    message = await channel.send("one")
    await control.call("DELETE", f"/channels/{channel.id}/messages/{message.id}")
    with pytest.raises(discord.NotFound) as refused:
        await message.edit(content="two")
    assert refused.value.code == 10008
    assert await control.rules() == []
    with pytest.raises(discord.NotFound):
        await channel.get_partial_message(1).edit(content="never was")
    assert await control.rules() == ["unknown_message"]


async def test_five_posts_and_five_edits_pass_and_the_sixth_is_limited(
    api: Control, control: Control
) -> None:
    path = f"/channels/{await control.channel()}/messages"
    for remaining in (4, 3, 2, 1, 0):
        message = await api.post(path, {"content": "hello"})
        assert api.headers["X-RateLimit-Limit"] == "5"
        assert api.headers["X-RateLimit-Remaining"] == str(remaining)
        assert 0 < float(api.headers["X-RateLimit-Reset-After"]) <= 5.01
    posts = api.headers["X-RateLimit-Bucket"]
    status, body = await api.call("POST", path, json={"content": "hello"})
    assert (status, body["global"]) == (429, False)
    assert 0 < body["retry_after"] <= 5.01
    assert api.headers["Via"]
    status, _ = await api.call("PATCH", f"{path}/{message['id']}", json={"content": "new"})
    assert status == 200
    assert api.headers["X-RateLimit-Remaining"] == "4"
    assert api.headers["X-RateLimit-Bucket"] != posts
    assert await control.rules() == ["rate_limit"]


async def test_answers_carry_the_plain_json_type(api: Control) -> None:
    await api.get("/users/@me")
    assert api.headers["Content-Type"] == "application/json"


async def test_a_malformed_body_is_refused(api: Control, control: Control) -> None:
    path = f"/channels/{await control.channel()}/messages"
    assert (await api.call("POST", path, data=b"{"))[0] == 400
    assert (await api.call("POST", path, json=[1]))[0] == 400
    assert (await api.call("POST", path, json={"content": "x", "flags": "many"}))[0] == 400


async def test_without_a_good_token_nothing_is_answered(api: Control) -> None:
    status, _ = await api.call("GET", "/users/@me", headers={"Authorization": "Bot nonsense"})
    assert status == 401


async def test_ordered_faults_come_once(api: Control, control: Control, sandbox: Sandbox) -> None:
    await control.post("/faults", {"target": "rest", "kind": "429", "seconds": 0.5})
    status, body = await api.call("GET", "/users/@me")
    assert (status, body["retry_after"]) == (429, 0.5)
    assert api.headers["Via"]
    await control.post("/faults", {"target": "rest", "kind": "502", "count": 2})
    await control.post("/faults", {"target": "rest", "kind": "slow", "seconds": 0})
    assert (await api.call("GET", "/users/@me"))[0] == 502
    assert (await control.call("DELETE", "/faults"))[0] == 200
    assert (await api.call("GET", "/users/@me"))[0] == 200
    assert await control.rules() == []


async def test_a_fault_may_hit_some_calls_only(api: Control, control: Control) -> None:
    await control.post("/faults", {"target": "rest", "kind": "500", "only": "POST /channels"})
    assert (await api.call("GET", "/users/@me"))[0] == 200
    path = f"/channels/{await control.channel()}/messages"
    assert (await api.call("POST", path, json={"content": "hello"}))[0] == 500
    assert (await api.call("POST", path, json={"content": "hello"}))[0] == 200


async def test_a_post_whose_answer_was_lost_is_not_posted_twice(
    api: Control, control: Control
) -> None:
    path = f"/channels/{await control.channel()}/messages"
    await control.post("/faults", {"target": "rest", "kind": "lost"})
    body = {"content": "hello", "nonce": "17", "enforce_nonce": True}
    assert (await api.call("POST", path, json=body))[0] == 502
    _, again = await api.call("POST", path, json=body)
    assert [each["id"] for each in await api.get(path)] == [again["id"]]
    _, other = await api.call("POST", path, json={**body, "nonce": "18"})
    assert other["id"] != again["id"]
