from itertools import chain

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
    """Return a file of a message that exists, or of a command. Raises UnknownError."""
    place = world.channel(channel)
    shown = (message for message in place.messages.values() if not message.deleted)
    files = chain(place.handed, *(message.attachments for message in shown))
    for each in files:
        if str(each.id) == attachment:
            return each
    raise UnknownError("attachment", attachment)
