"""Fields of a JSON body, checked one at a time. All raise ApiError (400), a ValueError."""

import json
from typing import Any

from aiohttp import web

from sandbox.openai.errors import ApiError


async def read_json(request: web.Request) -> Any:
    """Return a request's body, decoded."""
    try:
        return json.loads(await request.read())
    except (ValueError, RecursionError):
        raise ApiError("The body is not valid JSON.", code="invalid_json") from None


def mapping(value: Any, name: str) -> dict[str, Any]:
    """Return a value that must be a JSON object."""
    if not isinstance(value, dict):
        raise _invalid(f"{name} must be a JSON object.")
    return value


def text(fields: dict[str, Any], name: str) -> str:
    """Return a field that must be there and be text."""
    value = fields.get(name)
    if value is None:
        raise ApiError(f"Missing required parameter: '{name}'.", code="missing_required_parameter")
    if not isinstance(value, str) or not value:
        raise _invalid(f"'{name}' must be a string that is not empty.")
    return value


def texts(fields: dict[str, Any], name: str) -> list[str]:
    """Return a list of texts; absent is empty."""
    value = fields.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _invalid(f"'{name}' must be a list of strings.")
    return value


def flag(fields: dict[str, Any], name: str) -> bool:
    """Return a truth value; absent or null is False."""
    value = fields.get(name)
    if value is not None and not isinstance(value, bool):
        raise _invalid(f"'{name}' must be true or false.")
    return bool(value)


def whole(fields: dict[str, Any], name: str, *, low: int, high: int) -> int | None:
    """Return a whole number between two bounds, or None where it is absent or null."""
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise _invalid(f"'{name}' must be a whole number from {low} to {high}.")
    return value


def number(
    fields: dict[str, Any], name: str, *, low: float = 0.0, high: float = 86_400.0, default: float
) -> float:
    """Return a number between two bounds, or the default where it is absent or null."""
    value = fields.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise _invalid(f"'{name}' must be a number from {low:g} to {high:g}.")
    return float(value)


def _invalid(message: str) -> ApiError:
    return ApiError(message, code="invalid_value")
