"""What the log says of a request that was refused: method, route, status and code; the path beside it.

Persons and the owner stand in the log once a refusal. What nobody tried is summed (appliance/refusals.py), so that
whoever can reach the port cannot fill the log.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from fastapi import Request
from starlette.types import Scope

from appliance.acts import act
from appliance.errors import ApplianceError, Denied
from appliance.models import Actor, Json, new_id
from appliance.protocols import AuditSink
from appliance.refusals import NOBODY, Refusal, Refusals

# Set by the private socket's server alone (api/private.py), and for the owner alone: their uid.
PEER = "appliance.peer"
_LONGEST = 2000  # characters of a path


@dataclass(slots=True)
class Asked:
    """What is known of a request by the time it is refused. `about` are ids; `recorded`: it has events of its own."""

    actor: Actor = NOBODY
    about: dict[str, Json] = field(default_factory=dict)
    denied: bool = False
    recorded: bool = False

    def deny(self, **about: Json) -> None:
        """What is asked for is not this caller's, or is said not to be there: a denial, whatever the answer is."""
        self.denied = True
        self.about.update(about)


def asked_of(request: Request) -> Asked:
    """What is known of this request; the same object as long as it lasts."""
    if not hasattr(request.state, "asked"):
        request.state.asked = Asked()
    known: Asked = request.state.asked
    return known


def source_of(scope: Scope) -> str:
    """Where a request comes from, as the kernel says: an address, or the uid at the private socket."""
    host, number = scope.get("client") or ("-", 0)
    return f"uid:{number}" if host == "peer" else str(host)


def target_of(scope: Scope) -> str:
    """Path and query as they came; a text, since anybody may write anything into it."""
    raw: bytes = scope.get("raw_path") or str(scope.get("path", "")).encode()
    query: bytes = scope.get("query_string", b"")
    return (raw + (b"?" + query if query else b"")).decode("utf-8", "replace")[:_LONGEST]


def refusal_of(scope: Scope, error: ApplianceError, status: int, route: str = "-") -> Refusal:
    """What nobody was refused."""
    return Refusal(
        action="access.denied",
        source=source_of(scope),
        code=error.code,
        status=status,
        request={"method": scope.get("method", "WEBSOCKET"), "route": route},
        texts={"target": target_of(scope)},
    )


async def record(request: Request, error: ApplianceError, status: int, audit: AuditSink, refusals: Refusals) -> None:
    """Put a refusal into the log, before it is answered. Raises AuditUnavailable."""
    asked = asked_of(request)
    if asked.recorded:
        return
    route = getattr(request.scope.get("route"), "path", "-")
    if asked.actor.kind == "nobody":
        # What a caller cannot have meant as a try at something (a probe of a part that is down) is no refusal.
        waiting = refusals.submit(refusal_of(request.scope, error, status, route)) if status < 500 else None
    else:
        denied = asked.denied or isinstance(error, Denied)
        details: dict[str, Json] = {
            "method": request.method, "route": route, "status": status, "code": error.code, **asked.about
        }  # fmt: skip
        name = "access.denied" if denied else "request.failed"
        texts = {"target": target_of(request.scope)}
        event = act(name, "denied" if denied else "failed", asked.actor, new_id(), details, texts)
        waiting = audit.submit(event)
    if waiting is not None:
        await asyncio.wrap_future(waiting)
