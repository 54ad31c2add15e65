"""Servers of the API: on the private socket, and on a port."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from appliance.api.app import create_app
from appliance.api.connections import BoundedProtocol, raise_descriptors
from appliance.api.private import PeerProtocol, Private
from appliance.api.under import UnderApi
from appliance.errors import AddressUnusable, IndexLocked, PortTaken
from appliance.private import listening, ownership
from appliance.settings import Settings
from appliance.wiring import Services, open_services

_GRACE_SECONDS = 5
_BACKLOG = 128  # as many are accepted in one go, before the first of them can be judged


class Server(uvicorn.Server):
    """A uvicorn server on a socket that is already bound; signals are its caller's business."""

    def __init__(self, config: uvicorn.Config, bound: socket.socket) -> None:
        super().__init__(config)
        self._bound = bound

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until `should_exit`."""
        await super()._serve([self._bound])


@contextmanager
def private_server(services: Services, *, grace: int = _GRACE_SECONDS) -> Iterator[Server]:
    """The API on the private socket, not yet serving; at its end it finishes what was asked, for `grace` seconds."""
    app = UnderApi(create_app(services), Starlette())
    with listening(services.settings.home) as bound:
        # No limit here: what others do on the port must not keep the owner out.
        guarded = Private(app, owner=os.getuid(), refusals=services.refusals)
        config = _config(guarded, http=PeerProtocol, most=None, grace=grace)
        yield Server(config, bound)


@contextmanager
def public_server(app: ASGIApp, settings: Settings) -> Iterator[Server]:
    """An application on the settings' host and port, not yet serving. Raises PortTaken or AddressUnusable."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((settings.host, settings.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(port=settings.port, host=settings.host) from error
            raise AddressUnusable(port=settings.port, host=settings.host, why=error.strerror) from error
        bound.listen(_BACKLOG)
        yield Server(_config(app, most=raise_descriptors()), bound)


@contextmanager
def serving(
    settings: Settings, application: Callable[[Services], ASGIApp]
) -> Iterator[Callable[[], Coroutine[None, None, None]]]:
    """What serves an application on the port and the API on the private socket, in one process, until a signal.

    Raises IndexLocked where another process serves this installation already, PortTaken, and what services raise.
    """
    with ownership(settings.home) as ours:
        if not ours:
            raise IndexLocked(where=settings.home)
        with (
            open_services(settings) as services,
            public_server(application(services), settings) as public,
            private_server(services) as private,
        ):

            async def run() -> None:
                loop = asyncio.get_running_loop()

                def stop() -> None:
                    public.should_exit = private.should_exit = True

                for number in (signal.SIGINT, signal.SIGTERM):
                    loop.add_signal_handler(number, stop)
                await asyncio.gather(public.serve(), private.serve())

            yield run


def _config(
    app: ASGIApp, *, most: int | None, http: type[BoundedProtocol] = BoundedProtocol, grace: int = _GRACE_SECONDS
) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=http,
        limit_concurrency=most,
        backlog=_BACKLOG,
        proxy_headers=False,  # nobody stands before us who may say who calls
        server_header=False,
        access_log=False,
        log_config=None,
        lifespan="on",
        timeout_graceful_shutdown=grace,
    )
