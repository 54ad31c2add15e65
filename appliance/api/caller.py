"""Who calls: a signed-in person by their session, or the installation's owner on the private socket. Nobody else.

A request that brings a session cookie is judged by that session alone: where it has ended, the private socket's owner
does not step in for it. Whoever is turned away stands in the log (api/asked.py).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, cast

from fastapi import Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute

from appliance.access import AccessFilter, filter_for
from appliance.acts import act
from appliance.api.asked import PEER, Asked, asked_of
from appliance.api.problems import language_of_request
from appliance.errors import ApplianceError, OwnerNeeded, PersonUnknown, RoleNeeded, SignInNeeded
from appliance.models import Actor, Classification, Language, Principal, Role, new_id
from appliance.store.sessions import reference
from appliance.wiring import Services

COOKIE = "sid"

_OWNER = Principal(
    id="owner",
    name="owner",
    groups=frozenset(),
    clearance=Classification.PUBLIC,
    compartments=frozenset(),
    roles=frozenset({Role.ADMINISTRATOR, Role.AUDITOR}),
)


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller: the principal for access, the actor for the log, the language for words.

    `asked` is what the log will say where this request is refused.
    """

    principal: Principal
    actor: Actor
    language: Language
    asked: Asked

    def access(self, services: Services) -> AccessFilter:
        """What they may see now."""
        return filter_for(self.principal, services.registry.lists.all(), datetime.now(UTC))


def services_of(request: Request) -> Services:
    """The services of the running appliance."""
    services: Services = request.app.state.services
    return services


def session_token(request: Request) -> str | None:
    """The value of the session cookie; None without one, empty where there are two (one of them is not ours)."""
    found = [
        pair.partition("=")[2].strip()
        for header in request.headers.getlist("cookie")
        for pair in header.split(";")
        if pair.partition("=")[0].strip() == COOKIE
    ]
    if not found:
        return None
    return found[0] if len(found) == 1 else ""


def caller(request: Request) -> Caller:
    """The caller of this request. Raises SignInNeeded."""
    found = _found(request)
    if found is None:
        asked_of(request).deny(needed="session")
        raise SignInNeeded()
    principal, actor = found
    asked = asked_of(request)
    asked.actor = actor
    return Caller(principal, actor, language_of_request(request), asked)


def _found(request: Request) -> tuple[Principal, Actor] | None:
    services, token, uid = services_of(request), session_token(request), request.scope.get(PEER)
    by = "" if uid is None else f"uid:{uid}"
    if token is None:
        return (_OWNER, Actor("owner", by)) if by else None
    person = services.sessions.person(token)
    if person is None:
        return None
    try:
        return services.people.person(person).principal, Actor("person", person, reference(token), by)
    except PersonUnknown:  # taken out of the directory since: the session is nobody's any more
        details = {"person": person, "reason": "directory", "session": reference(token)}
        services.audit.commit(act("session.ended", "success", Actor("service", "sessions"), new_id(), details))
        services.sessions.close(token)
        return None


def lasts(request: Request, who: Caller) -> bool:
    """Whether whoever began this request still is who they were then: signed in, with the same groups and rights."""
    token = session_token(request)
    if token is None:
        return who.actor.kind == "owner"
    services = services_of(request)
    try:
        person = services.sessions.person(token, touch=False)
        return person is not None and services.people.person(person).principal == who.principal
    except ApplianceError:  # not to be seen now, so not to be relied on
        return False


def administers(request: Request) -> bool:
    """Whether whoever calls administers this installation; for what says more to them than to anybody."""
    found = _found(request)
    return found is not None and Role.ADMINISTRATOR in found[0].roles


_GUARDS: set[Callable[..., object]] = set()


def _guard(refusal: Callable[[Caller], tuple[str, ApplianceError] | None]) -> Callable[..., Caller]:
    """A dependency that decides by a request's head alone, once; `refusal` says what is needed and the error."""

    def guard(request: Request) -> Caller:
        known: Caller | None = getattr(request.state, "caller", None)
        if known is not None:
            return known
        who = caller(request)
        if (refused := refusal(who)) is not None:
            who.asked.deny(needed=refused[0])
            raise refused[1]
        request.state.caller = who
        return who

    _GUARDS.add(guard)
    return guard


class Guarded(APIRoute):
    """A route whose guard is asked before a byte of the body is read: who may not is not parsed for."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler behind its guard."""
        handler = super().get_route_handler()
        guards = [needed.call for needed in self.dependant.dependencies if needed.call in _GUARDS]

        async def guarded(request: Request) -> Response:
            for guard in guards:
                await run_in_threadpool(cast(Callable[[Request], Caller], guard), request)
            return await handler(request)

        return guarded


def _needs(role: Role) -> Callable[..., Caller]:
    return _guard(lambda who: None if role in who.principal.roles else (role.value, RoleNeeded(role=role.value)))


SignedIn = Annotated[
    Caller, Depends(_guard(lambda who: None if who.actor.kind == "person" else ("session", SignInNeeded())))
]
Reader = Annotated[Caller, Depends(_needs(Role.READER))]
Auditor = Annotated[Caller, Depends(_needs(Role.AUDITOR))]
Administrator = Annotated[Caller, Depends(_needs(Role.ADMINISTRATOR))]
Owner = Annotated[Caller, Depends(_guard(lambda who: None if who.actor.kind == "owner" else ("owner", OwnerNeeded())))]
Held = Annotated[Services, Depends(services_of)]
