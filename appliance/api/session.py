"""Signing in and out, and who one is. The demo's way in exists with the demo identity only."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from appliance.acts import act
from appliance.api.asked import PEER, asked_of, source_of, target_of
from appliance.api.caller import COOKIE, Guarded, Held, Reader, SignedIn, session_token
from appliance.api.problems import language_of_request
from appliance.api.schemas.people import DemoPerson, DemoSignIn, Me
from appliance.errors import PersonUnknown
from appliance.models import Actor, Json, new_id
from appliance.recording import asker
from appliance.refusals import Refusal
from appliance.store.sessions import new_token, reference
from appliance.wiring import Services

router = APIRouter(route_class=Guarded, tags=["session"])
demo = APIRouter(route_class=Guarded, tags=["session"])


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
def sign_in(body: DemoSignIn, request: Request, response: Response, services: Held) -> None:
    """Open a session as one of the demo's people; the cookie is the session."""
    try:
        person = services.people.person(body.person)
    except PersonUnknown as error:  # its sentence lists the ids: GET of this route shows them to anybody, too
        _refused(body.person[:200], request, services, error)
        raise
    principal, uid = person.principal, request.scope.get(PEER)
    token = new_token()
    actor = Actor("person", principal.id, reference(token), "" if uid is None else f"uid:{uid}")
    details: dict[str, Json] = {
        **asker(principal),
        "roles": sorted(role.value for role in principal.roles),
        "via": "http" if uid is None else "private-socket",
        "source": source_of(request.scope),
    }
    services.audit.commit(act("session.opened", "success", actor, new_id(), details))
    services.sessions.begin(principal.id, token)
    response.set_cookie(
        COOKIE,
        token,
        httponly=True,
        samesite="lax",
        secure=services.settings.origin.startswith("https:"),
        path="/",
    )


def _refused(name: str, request: Request, services: Services, error: PersonUnknown) -> None:
    waiting = services.refusals.submit(
        Refusal(
            action="session.refused",
            source=source_of(request.scope),
            code=error.code,
            status=401,
            request={"method": request.method, "route": request.scope["route"].path},
            texts={"name": name, "target": target_of(request.scope)},
        )
    )
    asked_of(request).recorded = True
    if waiting is not None:
        waiting.result()


@router.delete("/session", status_code=204)
def sign_out(request: Request, response: Response, services: Held, who: SignedIn) -> None:
    """End this session; open pages of it are closed."""
    services.audit.commit(act("session.closed", "success", who.actor, new_id()))
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
