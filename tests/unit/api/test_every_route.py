"""Every route and method, for everybody: the status, and the events that the log then holds. A new route must stand here.

A row says who may; whoever may not is refused in one way: 401 without a session, 403 without the role, both in the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.routing import BaseRoute

from tests.unit.api.world import ENDED, NOBODY, OWNER, World

READER, GROUPLESS, AUDITOR, ADMINISTRATOR = "yamada", "nakamura", "sato", "kimura"
CALLERS = (NOBODY, ENDED, READER, GROUPLESS, AUDITOR, ADMINISTRATOR, OWNER)
EVERYBODY = frozenset(CALLERS)
SIGNED_IN = frozenset({READER, GROUPLESS, AUDITOR, ADMINISTRATOR})
MAY_AUDIT = frozenset({AUDITOR, OWNER})
MAY_ADMINISTRATE = frozenset({ADMINISTRATOR, OWNER})
MAY_CHANGE = frozenset({OWNER})  # documents and access: no role does
MAY_SEE = frozenset({READER, AUDITOR})  # by their group, never by a role

Request = tuple[str, dict[str, Any]]  # path below /api, and what httpx sends with it


@dataclass(frozen=True)
class Row:
    """One route: who passes, what then happens, and who is told that it is not there (with its event)."""

    request: Callable[[World, str], Request]
    may: frozenset[str]
    status: int = 200
    events: tuple[str, ...] = ()
    hidden_from: frozenset[str] = frozenset()


def plain(path: str, **content: Any) -> Callable[[World, str], Request]:
    return lambda world, caller: (path, content)


def document(suffix: str) -> Callable[[World, str], Request]:
    def request(world: World, caller: str) -> Request:
        stored = world.store("table/seen.txt", "通勤手当は月額三万円を上限とする。", ["g-staff"], picture=True)
        return suffix.format(key=stored["key"], version=stored["version"]), {}

    return request


def own_conversation(world: World, caller: str) -> Request:
    if caller not in SIGNED_IN:
        return "/conversations/" + "a" * 32, {}
    return f"/conversations/{world.services.conversations.begin('質問', person=caller)}", {}


def new_document(world: World, caller: str) -> Request:
    upload = world.upload(f"文書 {caller} {world.size()}", ["g-staff"])
    return f"/collections/tests/documents/table/{caller}.txt", {"files": upload.files()}


def old_document(world: World, caller: str) -> Request:
    world.store(f"table/old-{caller}.txt", "古い文書である。", ["g-staff"])
    return f"/collections/tests/documents/table/old-{caller}.txt", {}


def other_access(world: World, caller: str) -> Request:
    world.store(f"table/moved-{caller}.txt", "閲覧範囲が変わる文書である。", ["g-staff"])
    return f"/collections/tests/access/table/moved-{caller}.txt", {
        "json": {"groups": ["g-hr"], "classification": "internal"}
    }


def last_case(world: World, caller: str) -> Request:
    return f"/audit/cases/{world.since(world.size() - 1)[0].case}", {}


_PARTS = "/documents/{key}/versions/{version}"
_ASKED = ("question.received", "question.retrieved", "question.completed")

# Without an event, for a reason each: nothing of anybody's is shown.
QUIET = {
    ("GET", "/health"),  # says that the process answers
    ("GET", "/ready"),  # says whether a question would be answered
    ("GET", "/openapi.json"),  # the same for every installation: anybody may read it
    ("GET", "/session/demo"),  # what the demo's sign-in page shows to anybody
    ("GET", "/me"),  # one's own name, with every page of the portal
    ("GET", "/groups"),  # names of groups, with every run of `ingest`
    ("GET", "/compartments"),  # names that manifests use, with every run of `ingest`
    ("GET", "/embedder"),  # which model it is, with every run of `ingest`
    ("GET", "/documents/{key}/versions/{version}/thumbnails/{ordinal}"),  # stands with the question it was shown for
}

TABLE: dict[tuple[str, str], Row] = {
    ("GET", "/health"): Row(plain("/health"), EVERYBODY),
    ("GET", "/ready"): Row(plain("/ready"), EVERYBODY),
    ("GET", "/openapi.json"): Row(plain("/openapi.json"), EVERYBODY),
    ("GET", "/doctor"): Row(plain("/doctor"), MAY_ADMINISTRATE, events=("installation.examined",)),
    ("GET", "/session/demo"): Row(plain("/session/demo"), EVERYBODY),
    ("POST", "/session/demo"): Row(
        plain("/session/demo", json={"person": "parker"}), EVERYBODY, 204, ("session.opened",)
    ),
    ("DELETE", "/session"): Row(plain("/session"), SIGNED_IN, 204, ("session.closed",)),
    ("GET", "/me"): Row(plain("/me"), SIGNED_IN),
    ("POST", "/ask"): Row(plain("/ask", json={"question": "通勤手当の上限はいくらか"}), SIGNED_IN, events=_ASKED),
    ("POST", "/search"): Row(plain("/search", json={"query": "通勤手当"}), SIGNED_IN, events=("search.retrieved",)),
    ("GET", "/documents"): Row(plain("/documents"), SIGNED_IN, events=("documents.listed",)),
    ("GET", "/documents/{key}"): Row(
        document("/documents/{key}"), MAY_SEE, 200, ("documents.listed",), SIGNED_IN - MAY_SEE
    ),
    ("GET", _PARTS + "/parts/{ordinal}"): Row(
        document(_PARTS + "/parts/1"), MAY_SEE, 200, ("page.opened",), SIGNED_IN - MAY_SEE
    ),
    ("GET", _PARTS + "/pages/{ordinal}"): Row(
        document(_PARTS + "/pages/1"), MAY_SEE, 200, ("page.opened",), SIGNED_IN - MAY_SEE
    ),
    ("GET", _PARTS + "/thumbnails/{ordinal}"): Row(
        document(_PARTS + "/thumbnails/1"), MAY_SEE, 200, (), SIGNED_IN - MAY_SEE
    ),
    ("GET", "/conversations"): Row(plain("/conversations"), SIGNED_IN, events=("history.listed",)),
    ("GET", "/conversations/{conversation}"): Row(own_conversation, SIGNED_IN, 200, ("history.opened",)),
    ("DELETE", "/conversations/{conversation}"): Row(own_conversation, SIGNED_IN, 204, ("history.deleted",)),
    ("GET", "/groups"): Row(plain("/groups"), MAY_CHANGE),
    ("GET", "/compartments"): Row(plain("/compartments"), MAY_CHANGE),
    ("GET", "/embedder"): Row(plain("/embedder"), MAY_CHANGE),
    ("GET", "/collections"): Row(plain("/collections"), MAY_CHANGE, events=("documents.listed",)),
    ("GET", "/collections/{collection}/documents"): Row(
        plain("/collections/tests/documents"), MAY_CHANGE, events=("documents.listed",)
    ),
    ("PUT", "/collections/{collection}/documents/{path:path}"): Row(
        new_document, MAY_CHANGE, events=("document.storing", "document.stored")
    ),
    ("DELETE", "/collections/{collection}/documents/{path:path}"): Row(
        old_document, MAY_CHANGE, 204, ("document.removing", "document.removed")
    ),
    ("PUT", "/collections/{collection}/access/{path:path}"): Row(
        other_access, MAY_CHANGE, events=("access.changing", "access.changed")
    ),
    ("GET", "/audit/events"): Row(plain("/audit/events"), MAY_AUDIT, events=("audit.viewed",)),
    ("GET", "/audit/cases/{case}"): Row(last_case, MAY_AUDIT, events=("audit.viewed",)),
    ("GET", "/audit/events/{index}/proof"): Row(plain("/audit/events/0/proof"), MAY_AUDIT, events=("audit.viewed",)),
    ("POST", "/audit/export"): Row(plain("/audit/export", json={}), MAY_AUDIT, events=("audit.exported",)),
    ("GET", "/audit/checkpoint"): Row(plain("/audit/checkpoint"), MAY_AUDIT, events=("audit.viewed",)),
    ("POST", "/audit/verify"): Row(plain("/audit/verify"), MAY_AUDIT, events=("audit.verified",)),
}


def routes(found: list[BaseRoute]) -> Iterator[tuple[str, str]]:
    """Every (method, path) that is served; HEAD goes with GET."""
    for route in found:
        router = getattr(route, "original_router", None)
        if router is not None:
            yield from routes(router.routes)
            continue
        for method in sorted(getattr(route, "methods", None) or {"?"}):
            if method != "HEAD":
                yield method, route.path  # type: ignore[attr-defined]


def test_every_route_of_the_application_stands_in_the_table(world: World) -> None:
    assert sorted(routes(world.api.routes)) == sorted(TABLE)


def test_every_route_leaves_an_event_or_is_excepted_by_name() -> None:
    assert {route for route, row in TABLE.items() if not row.events} == QUIET


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("route", TABLE, ids=" ".join)
def test_who_may_and_what_the_log_then_holds(world: World, route: tuple[str, str], caller: str) -> None:
    row = TABLE[route]
    client = world.as_(caller)
    path, content = row.request(world, caller)
    world.services.refusals.flush()  # or the second request of nobody's would only be counted
    size = world.size()

    answer = client.request(route[0], path, **content)

    events = [(event.action, event.outcome) for event in world.since(size)]
    if caller in row.may:
        assert answer.status_code == row.status, answer.text
        assert events == [(action, "success") for action in row.events]
        assert row.may == EVERYBODY or "no-store" in answer.headers["cache-control"]
    else:
        assert answer.status_code == _refusal(row, caller), answer.text
        assert events == [("access.denied", "denied")]
        assert set(answer.json()) == {"code", "message", "values"}
        assert world.since(size)[0].actor_kind == {NOBODY: "nobody", ENDED: "nobody", OWNER: "owner"}.get(
            caller, "person"
        )


def _refusal(row: Row, caller: str) -> int:
    if caller in (NOBODY, ENDED):
        return 401
    if caller in row.hidden_from:
        return 404
    # The owner has no session that could be ended.
    return 401 if row.may == SIGNED_IN and caller == OWNER and row.events == ("session.closed",) else 403


@pytest.mark.parametrize("caller", [ADMINISTRATOR, OWNER])
def test_no_role_shows_a_document(world: World, caller: str) -> None:
    world.store("roles/seen.txt", "役割だけでは見えない文書である。", ["g-staff"])
    client = world.as_(caller)
    if caller == OWNER:
        assert client.post("/search", json={"query": "役割だけでは見えない"}).status_code == 403
        return
    assert client.get("/documents").json() == {"documents": []}
    assert client.post("/search", json={"query": "役割だけでは見えない文書"}).json()["results"] == []
    assert client.get("/me").json()["documents"] == 0
    events = dict(client.ask("役割だけでは見えない文書とは何か"))
    assert events["done"]["outcome"] == "no-evidence"
    assert events["sources"] == {"sources": []}


def test_a_path_that_is_not_there_is_said_in_both_languages(world: World) -> None:
    answer = world.nobody.get("/passwords", headers={"accept-language": "ja"})
    other = world.nobody.post("/documents", headers={"accept-language": "en"})

    assert (answer.status_code, answer.json()["code"]) == (404, "route-unknown")
    assert "/passwords" in answer.json()["message"]
    assert "ありません" in answer.json()["message"]
    assert (other.status_code, other.json()["code"], other.headers["allow"]) == (405, "method-refused", "GET")
    assert "/documents does not take POST" in other.json()["message"]
