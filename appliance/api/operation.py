"""Is it alive, is it ready, and what is wrong with it."""

from __future__ import annotations

from fastapi import APIRouter

from appliance import __version__
from appliance.api.caller import Administrator, Held
from appliance.api.schemas import Doctor, Health
from appliance.doctor import examine

router = APIRouter(tags=["operation"])


@router.get("/health")
def health() -> Health:
    """The process answers."""
    return Health(state="ok", version=__version__)


@router.get("/ready")
def ready(services: Held) -> Health:
    """The log can be written and the index read: a question would be answered."""
    services.audit.require_writable()
    services.registry.current_versions()
    return Health(state="ok", version=__version__)


@router.get("/doctor")
def doctor(services: Held, who: Administrator) -> Doctor:
    """Examine this installation."""
    return Doctor(checks=examine(services, who.language))
