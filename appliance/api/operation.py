"""Is it alive, is it ready, and what is wrong with it."""

from __future__ import annotations

from contextlib import suppress

from fastapi import APIRouter, Request

from appliance import __version__
from appliance.access import AccessFilter
from appliance.acts import act
from appliance.api.caller import Administrator, Guarded, Held, administers
from appliance.api.schemas.operation import Doctor, Health
from appliance.doctor import examine
from appliance.errors import ApplianceError, AuditUnavailable, IndexUnavailable, NotReady
from appliance.models import new_id
from appliance.wiring import Services

router = APIRouter(route_class=Guarded, tags=["operation"])


@router.get("/health")
def health() -> Health:
    """The process answers."""
    return Health(state="ok", version=__version__)


@router.get("/ready")
def ready(request: Request, services: Held) -> Health:
    """The log can be written and the index read: a question would be answered. Why not, administrators are told."""
    try:
        _probe(services)
    except ApplianceError as error:
        if administers(request):
            raise
        raise NotReady() from error
    return Health(state="ok", version=__version__)


def _probe(services: Services) -> None:
    services.audit.require_writable()
    probe = AccessFilter("ready", (services.documents.probe_list,))  # a passage that nobody's question can find
    if services.index.count(access=probe) < 1:
        raise IndexUnavailable(where=services.settings.data / "index", why="a known passage is not in it")


@router.get("/doctor")
def doctor(services: Held, who: Administrator) -> Doctor:
    """Examine this installation."""
    with suppress(AuditUnavailable):  # a row of its own says so: that nothing else works is why somebody looks
        services.audit.commit(act("installation.examined", "success", who.actor, new_id()))
    return Doctor(checks=examine(services.parts, who.language))
