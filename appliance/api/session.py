"""Signing in and out, and who one is. The demo's way in exists with the demo identity only."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from appliance.api.caller import COOKIE, Held, Reader, SignedIn, session_token
from appliance.api.problems import language_of_request
from appliance.api.schemas.people import DemoPerson, DemoSignIn, Me
from appliance.errors import PersonUnknown
from appliance.models import Actor, AuditEvent, new_id

router = APIRouter(tags=["session"])
demo = APIRouter(tags=["session"])


@demo.get("/session/demo")
def people(request: Request, services: Held) -> list[DemoPerson]:
    """Whom the demo's sign-in page offers."""
    language = language_of_request(request)
    return [
        DemoPerson(
            id=person.principal.id,
            name=person.called(language),
            groups=services.people.group_names(person.principal.groups, language),
            roles=sorted(role.value for role in person.principal.roles),
        )
        for person in services.people.all()
    ]


@demo.post("/session/demo", status_code=204)
def sign_in(body: DemoSignIn, response: Response, services: Held) -> None:
    """Open a session as one of the demo's people; the cookie is the session."""
    try:
        person = services.people.person(body.person)
    except PersonUnknown:  # its sentence lists the ids: GET of this route shows them to anybody, too
        event = AuditEvent("session.refused", "denied", Actor("nobody", "-"), new_id(), {}, {"name": body.person[:200]})
        services.audit.commit(event)
        raise
    actor = Actor("person", person.principal.id)
    details = {
        "groups": sorted(person.principal.groups),
        "roles": sorted(role.value for role in person.principal.roles),
    }
    services.audit.commit(AuditEvent("session.opened", "success", actor, new_id(), details))
    response.set_cookie(
        COOKIE,
        services.sessions.open(person.principal.id),
        httponly=True,
        samesite="lax",
        secure=services.settings.origin.startswith("https:"),
        path="/",
    )


@router.delete("/session", status_code=204)
def sign_out(request: Request, response: Response, services: Held, who: SignedIn) -> None:
    """End this session; open pages of it are closed."""
    services.audit.commit(AuditEvent("session.closed", "success", who.actor, new_id()))
    services.sessions.close(session_token(request) or "")
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")


@router.get("/me")
def me(services: Held, who: Reader) -> Me:
    """The signed-in person."""
    person = services.people.person(who.principal.id)
    return Me(
        id=who.principal.id,
        name=person.called(who.language),
        groups=services.people.group_names(who.principal.groups, who.language),
        clearance=who.principal.clearance.word,
        roles=sorted(role.value for role in who.principal.roles),
        documents=len(services.registry.documents(access=who.access(services))),
    )
