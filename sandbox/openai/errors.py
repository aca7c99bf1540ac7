from collections.abc import Awaitable, Callable
from functools import wraps

from aiohttp import web

from sandbox.openai.pace import ClientGoneError

Endpoint = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ApiError(ValueError):
    """Refuse a request in OpenAI's form, or a script with its one sentence."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.code = code

    def response(self) -> web.Response:
        """Return the answer that OpenAI's clients turn into their own exceptions."""
        error = {"message": str(self), "type": self.kind, "param": None, "code": self.code}
        return web.json_response({"error": error}, status=self.status)


def server_error(message: str) -> ApiError:
    """Return a failure that is the server's own."""
    return ApiError(message, status=500, kind="server_error", code="internal_error")


def answering_errors(endpoint: Endpoint) -> Endpoint:
    """Wrap an endpoint so that refusals, aiohttp's own too, take OpenAI's form."""

    @wraps(endpoint)
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await endpoint(request)
        except ApiError as error:
            return error.response()
        except ClientGoneError:
            return web.Response(status=499, reason="Client Closed Request")
        except web.HTTPClientError as error:
            return ApiError(error.reason, status=error.status).response()

    return answer
