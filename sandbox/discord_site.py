from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox.cdn import ContentNetwork
from sandbox.faults import Faults
from sandbox.gateway import Gateway
from sandbox.interactions import Interactions
from sandbox.ports import Voice
from sandbox.rate_limits import RateLimits
from sandbox.rest import MAX_BODY, PREFIX, Rest
from sandbox.rest_directory import DirectoryRoutes
from sandbox.rest_interactions import InteractionRoutes
from sandbox.rest_messages import MessageRoutes
from sandbox.rest_voice import VoiceRoutes
from sandbox.violations import Violations
from sandbox.world import World

REST_HOST = "discord.com"
GATEWAY_HOSTS = "*.discord.gg"
VOICE_HOSTS = "*.discord.media"
CDN_HOST = "cdn.discordapp.com"
"""The names under which a client finds Discord's parts, all in one place."""


class DiscordSite:
    """Put Discord's parts together: by its own names, by this server's address, and under TLS."""

    def __init__(
        self,
        *,
        world: World,
        gateway: Gateway,
        voice: Voice,
        interactions: Interactions,
        limits: RateLimits,
        violations: Violations,
        faults: Faults,
    ) -> None:
        self._world = world
        self._gateway = gateway
        self._voice = voice
        self._interactions = interactions
        self._limits = limits
        self._violations = violations
        self._faults = faults

    def add_to(self, application: web.Application) -> None:
        """Serve requests for Discord's names, and REST under its path at any other."""
        by_name = web.Application()
        by_name.add_subapp(PREFIX, self._rest())
        application.add_domain(REST_HOST, by_name)
        application.add_domain(GATEWAY_HOSTS, _all_to(self._gateway.handle))
        application.add_domain(VOICE_HOSTS, _all_to(self._voice.handle))
        application.add_domain(CDN_HOST, ContentNetwork(world=self._world).application())
        application.add_subapp(PREFIX, self._rest())

    def under_tls(self) -> web.Application:
        """Return what stands behind TLS: all of Discord, and voice at the root."""
        application = web.Application(client_max_size=MAX_BODY)
        self.add_to(application)
        application.router.add_get("/", self._voice.handle)
        return application

    def _rest(self) -> web.Application:
        world, violations = self._world, self._violations
        rest = Rest(world=world, limits=self._limits, violations=violations, faults=self._faults)
        interactions = InteractionRoutes(interactions=self._interactions, violations=violations)
        return rest.application(
            [
                *DirectoryRoutes(world=world).routes(),
                *VoiceRoutes(world=world).routes(),
                *MessageRoutes(world=world, violations=violations).routes(),
                *interactions.routes(),
            ]
        )


def _all_to(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.Application:
    application = web.Application()
    application.router.add_get("/{path:.*}", handler)
    return application
