"""Read the bodies of requests to Discord's API, and hold them to its limits."""

import json
import mimetypes
from collections.abc import Mapping
from typing import Any

from aiohttp import BodyPartReader, hdrs, web

from sandbox.discord_error import DiscordError, invalid_form
from sandbox.message_parts import check_components, check_embeds
from sandbox.messages import Draft, Revision, Upload
from sandbox.model import Json, Message

MAX_CONTENT = 2000
MAX_NONCE = 25
MAX_UPLOADS = 10
MAX_UPLOAD = 10 * 1024 * 1024
"""Discord's limits: characters of a message and of its nonce, files, bytes of one."""

PARTS_ONLY = 1 << 15
"""The flag of a message that consists of components (Discord's Components V2)."""


async def read_json(request: web.Request) -> Any:
    """Return a request's JSON; an empty body is an empty object. Raises DiscordError."""
    return _parse(await request.read())


async def read_object(request: web.Request) -> Json:
    """Return a request's JSON object. Raises DiscordError."""
    return _object(await read_json(request))


async def read_message(request: web.Request) -> tuple[Json, list[Upload]]:
    """Return a request's JSON object and its files. Raises DiscordError."""
    if request.content_type != "multipart/form-data":
        return await read_object(request), []
    payload: Json = {}
    uploads = []
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        data = await _read_part(part)
        if part.name == "payload_json":
            payload = _object(_parse(data))
        elif part.name and part.name.startswith("files["):
            uploads.append(_upload(part, data))
    return payload, uploads


def parse_draft(payload: Mapping[str, Any], uploads: list[Upload]) -> Draft:
    """Read what is to be posted. Raises DiscordError where it is empty or too long."""
    draft = Draft(
        content=_content(payload) or "",
        embeds=_embeds(payload) or [],
        components=_components(payload) or [],
        uploads=uploads,
        flags=int(payload.get("flags") or 0),
        allowed_mentions=payload.get("allowed_mentions"),
        nonce=payload.get("nonce"),
    )
    if len(uploads) > MAX_UPLOADS:
        raise invalid_form(f"Must be {MAX_UPLOADS} or fewer in length.", rule="upload_count")
    if len(str(draft.nonce or "")) > MAX_NONCE:
        raise invalid_form(f"Must be {MAX_NONCE} or fewer in length.", rule="nonce")
    parts = draft.flags & PARTS_ONLY and draft.components
    _refuse_nothing(draft.content.strip() or draft.embeds or parts or draft.uploads)
    return draft


def parse_revision(payload: Mapping[str, Any], uploads: list[Upload], message: Message) -> Revision:
    """Read what is to be changed in a message. Raises DiscordError."""
    kept = None
    if payload.get("attachments") is not None:
        kept = {int(each["id"]) for each in payload["attachments"]}
    revision = Revision(
        content=(_content(payload) or "") if "content" in payload else None,
        embeds=_embeds(payload),
        components=_components(payload),
        kept=kept,
        allowed_mentions=payload.get("allowed_mentions"),
        uploads=uploads,
    )
    _refuse_nothing(_leaves_something(message, revision))
    return revision


def _leaves_something(message: Message, revision: Revision) -> bool:
    content = message.content if revision.content is None else revision.content
    embeds = message.embeds if revision.embeds is None else revision.embeds
    files = [
        each for each in message.attachments if revision.kept is None or each.id in revision.kept
    ]
    return bool(
        content.strip() or embeds or files or revision.uploads or message.flags & PARTS_ONLY
    )


def _refuse_nothing(something: object) -> None:
    if not something:
        raise DiscordError(400, 50006, "Cannot send an empty message", rule="empty_message")


async def _read_part(part: BodyPartReader) -> bytes:
    data, size = bytearray(), 0
    while chunk := await part.read_chunk(1 << 16):
        size += len(chunk)
        data += chunk if size <= MAX_UPLOAD else b""
    if size > MAX_UPLOAD:
        raise DiscordError(413, 40005, "Request entity too large", rule="upload_size")
    return bytes(data)


def _upload(part: BodyPartReader, data: bytes) -> Upload:
    filename = part.filename or "file"
    guessed = mimetypes.guess_type(filename)[0] or part.headers.get(hdrs.CONTENT_TYPE)
    return Upload(filename, guessed or "application/octet-stream", data)


def _parse(data: bytes) -> Any:
    try:
        return json.loads(data) if data else {}
    except ValueError:
        raise DiscordError(400, 50109, "The request body contains invalid JSON.") from None


def _object(payload: Any) -> Json:
    if not isinstance(payload, dict):
        raise invalid_form("Only dictionaries may be used here.", rule="")
    return payload


def _content(payload: Mapping[str, Any]) -> str | None:
    content = payload.get("content")
    if content is not None and len(str(content)) > MAX_CONTENT:
        detail = f"Must be {MAX_CONTENT} or fewer in length, not {len(str(content))}."
        raise invalid_form(detail, rule="message_length")
    return None if content is None else str(content)


def _embeds(payload: Mapping[str, Any]) -> list[Json] | None:
    if "embeds" not in payload:
        return None
    embeds = payload["embeds"] or []
    check_embeds(embeds)
    return list(embeds)


def _components(payload: Mapping[str, Any]) -> list[Json] | None:
    if "components" not in payload:
        return None
    components = payload["components"] or []
    check_components(components)
    return list(components)
