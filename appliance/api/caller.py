"""Who calls: a signed-in person by their session, or the installation's owner on the private socket. Nobody else.

A request that brings a session cookie is judged by that session alone: where it has ended, the private socket's owner
does not step in for it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request

from appliance.access import AccessFilter, filter_for
from appliance.api.problems import language_of_request
from appliance.errors import RoleNeeded, SignInNeeded
from appliance.models import Actor, AuditEvent, Classification, Language, Principal, Role, new_id
from appliance.wiring import Services

COOKIE = "sid"
# Set by the private socket's server alone (api/private.py): the uid of the process at the other end.
PEER = "appliance.peer"

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
    """An authenticated caller: the principal for access, the actor for the log, the language for words."""

    principal: Principal
    actor: Actor
    language: Language

    def access(self, services: Services) -> AccessFilter:
        """What they may see now."""
        return filter_for(self.principal, services.registry.lists.all(), datetime.now(UTC))


def services_of(request: Request) -> Services:
    """The services of the running appliance."""
    services: Services = request.app.state.services
    return services


def caller(request: Request) -> Caller:
    """The caller of this request. Raises SignInNeeded."""
    services = services_of(request)
    language = language_of_request(request)
    token = request.cookies.get(COOKIE)
    if token is not None:
        person = services.sessions.person(token)
        if person is None:
            raise SignInNeeded()
        return Caller(services.people.person(person).principal, Actor("person", person), language)
    if request.scope.get(PEER) == os.getuid():
        return Caller(_OWNER, Actor("owner", f"uid:{os.getuid()}"), language)
    raise SignInNeeded()


def _needs(role: Role) -> Callable[..., Caller]:
    def check(request: Request, who: Annotated[Caller, Depends(caller)]) -> Caller:
        if role not in who.principal.roles:
            details = {"needed": role.value, "route": request.scope["route"].path}
            services_of(request).audit.commit(AuditEvent("access.denied", "denied", who.actor, new_id(), details))
            raise RoleNeeded(role=role.value)
        return who

    return check


Anyone = Annotated[Caller, Depends(caller)]
Reader = Annotated[Caller, Depends(_needs(Role.READER))]
Auditor = Annotated[Caller, Depends(_needs(Role.AUDITOR))]
Administrator = Annotated[Caller, Depends(_needs(Role.ADMINISTRATOR))]
Held = Annotated[Services, Depends(services_of)]
