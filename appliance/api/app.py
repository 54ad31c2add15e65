"""The API as one application: routers, errors, and the services that live as long as it does."""

from __future__ import annotations

from fastapi import APIRouter, Depends, FastAPI, Response

from appliance import __version__
from appliance.api import ask, audit, collections, conversations, documents, operation, problems, session
from appliance.api.limits import BodyLimit
from appliance.api.repeats import Views
from appliance.wiring import Services


def routers(*, demo: bool) -> list[APIRouter]:
    """Every router of the API; the demo's way in is there with the demo identity only."""
    modules = (session, ask, documents, conversations, collections, audit, operation)
    return [module.router for module in modules] + ([session.demo] if demo else [])


def create_app(services: Services) -> FastAPI:
    """The API over open services, under /api. It decides who may do what; whatever serves it adds nothing to that."""

    app = FastAPI(
        title="Document inquiry appliance",
        version=__version__,
        description="Questions over documents that the caller may see. Every answer cites; every act is audited.",
        docs_url=None,  # its page loads scripts from another origin
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.state.services = services
    app.state.views = Views()
    # Beside the original stand its text, vectors and pictures.
    app.add_middleware(BodyLimit, upload=4 * services.settings.upload_bytes + (64 << 20))
    problems.install(app)
    for router in routers(demo=services.settings.identity == "demo"):
        app.include_router(router, dependencies=[Depends(_uncached)])
    return app


def _uncached(response: Response) -> None:
    """What one person may see stays in no cache. A route that makes its own response says so there."""
    response.headers["cache-control"] = "no-store"
