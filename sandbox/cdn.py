from aiohttp import web

from sandbox.model import Attachment, UnknownError
from sandbox.world import World


class ContentNetwork:
    """Serve uploaded files as Discord's content network does."""

    def __init__(self, *, world: World) -> None:
        self._world = world

    def application(self) -> web.Application:
        """Return the application; avatars and the like do not exist in this world."""
        application = web.Application()
        path = "/attachments/{channel}/{attachment}/{filename}"
        application.router.add_get(path, self.attachment)
        return application

    async def attachment(self, request: web.Request) -> web.Response:
        """Return one file."""
        try:
            found = find_attachment(
                self._world, request.match_info["channel"], request.match_info["attachment"]
            )
        except UnknownError:
            raise web.HTTPNotFound from None
        headers = {"Content-Type": found.content_type}
        return web.Response(body=found.data, headers=headers)


def find_attachment(world: World, channel: str, attachment: str) -> Attachment:
    """Return a file of a message that exists. Raises UnknownError."""
    for message in world.channel(channel).messages.values():
        for each in message.attachments:
            if str(each.id) == attachment and not message.deleted:
                return each
    raise UnknownError("attachment", attachment)
