"""The API as one application: routers, errors, and the services that live as long as it does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI

from appliance import __version__
from appliance.api import ask, audit, collections, conversations, documents, operation, problems, session
from appliance.api.limits import BodyLimit
from appliance.wiring import Services


def create_app(services: Services) -> FastAPI:
    """The API over open services, under /api. It decides who may do what; whatever serves it adds nothing to that."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = 64
        yield

    app = FastAPI(
        title="Document inquiry appliance",
        version=__version__,
        description="Questions over documents that the caller may see. Every answer cites; every act is audited.",
        lifespan=lifespan,
        docs_url=None,  # its page loads scripts from another origin
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.state.services = services
    # Beside the original stand its text, vectors and pictures.
    app.add_middleware(BodyLimit, upload=4 * services.settings.upload_bytes + (64 << 20))
    problems.install(app)
    for router in (
        session.router,
        ask.router,
        documents.router,
        conversations.router,
        collections.router,
        audit.router,
        operation.router,
    ):
        app.include_router(router)
    if services.settings.identity == "demo":
        app.include_router(session.demo)
    return app
