"""Whoever is turned away is in the log: persons once each, nobody's by source and minute."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any

import pytest

from appliance.api.asked import source_of, target_of
from appliance.api.origin import ExactOrigin
from appliance.errors import AuditUnavailable
from appliance.models import AuditEvent, Receipt
from appliance.refusals import Refusal, Refusals
from tests.unit.api.world import Client, World

ORIGIN = "http://127.0.0.1:8765"
ABSENT = "f" * 32


class Timers:
    """Timers that a test rings."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []
        self.cancelled = 0

    def __call__(self, seconds: float, call: Callable[[], None]) -> Timers:
        self._call = call
        return self

    def start(self) -> None:
        self.waiting.append(self._call)

    def cancel(self) -> None:
        self.cancelled += 1

    def ring(self) -> None:
        waiting, self.waiting = self.waiting, []
        for call in waiting:
            call()


@pytest.fixture
def counted(world: World) -> tuple[World, Refusals, Timers]:
    timers = Timers()
    return world, Refusals(world.services.audit, timers), timers


def refusal(source: str = "10.0.0.1", code: str = "sign-in-needed") -> Refusal:
    return Refusal("access.denied", source, code, 401, {"method": "GET", "route": "/me"}, {"target": "/api/me"})


def told(world: World, size: int) -> list[tuple[object, object]]:
    return [(event.details["source"], event.details["count"]) for event in world.since(size)]


def test_the_first_is_recorded_at_once_and_the_rest_with_the_minute(counted: tuple[World, Refusals, Timers]) -> None:
    world, refusals, timers = counted
    size = world.size()

    for _ in range(1000):
        waiting = refusals.submit(refusal())
        if waiting is not None:
            waiting.result()

    assert told(world, size) == [("10.0.0.1", 1)]
    timers.ring()
    assert told(world, size) == [("10.0.0.1", 1), ("10.0.0.1", 999)]
    assert world.since(size)[-1].details["seconds"] == 60
    timers.ring()
    assert len(world.since(size)) == 2, "nothing came, nothing is recorded"


def test_the_next_minute_begins_with_an_event_again(counted: tuple[World, Refusals, Timers]) -> None:
    world, refusals, _ = counted
    size = world.size()

    for _ in range(2):
        waiting = refusals.submit(refusal())
        assert waiting is not None
        waiting.result()
        refusals.flush()

    assert told(world, size) == [("10.0.0.1", 1)] * 2


def test_sources_and_errors_are_told_apart(counted: tuple[World, Refusals, Timers]) -> None:
    world, refusals, _ = counted
    size = world.size()

    made = [refusal(), refusal("10.0.0.2"), refusal(code="origin-refused"), refusal()]
    waiting = [refusals.submit(one) for one in made]

    assert [one is not None for one in waiting] == [True, True, True, False]
    refusals.close()
    assert told(world, size)[3:] == [("10.0.0.1", 1)]


def test_the_end_records_what_was_counted(counted: tuple[World, Refusals, Timers]) -> None:
    world, refusals, timers = counted
    size = world.size()
    refusals.submit(refusal())
    refusals.submit(refusal())

    refusals.close()

    assert (told(world, size), timers.cancelled) == ([("10.0.0.1", 1), ("10.0.0.1", 1)], 1)


def test_a_thousand_sources_cannot_fill_the_log_either(counted: tuple[World, Refusals, Timers]) -> None:
    world, refusals, _ = counted
    size = world.size()

    for number in range(1000):
        refusals.submit(refusal(f"2001:db8::{number:x}"))
    refusals.flush()

    events = told(world, size)
    assert len(events) <= 203
    assert sum(int(str(count)) for _, count in events) == 1000, "none is lost"
    assert ("others", 799) in events


def test_a_log_that_cannot_be_written_stops_no_refusal_at_the_door(world: World) -> None:
    class Full:
        def submit(self, event: AuditEvent) -> Any:
            raise AuditUnavailable(where="here", why="it is full")

        def commit(self, event: AuditEvent) -> Receipt:
            raise AuditUnavailable(where="here", why="it is full")

    refusals = Refusals(Full(), Timers())

    asyncio.run(refusals.note(refusal()))
    with pytest.raises(AuditUnavailable, match="it is full"):
        refusals.submit(refusal("10.0.0.9"))


def test_a_flood_without_a_session_leaves_two_events(world: World) -> None:
    world.services.refusals.flush()
    size = world.size()

    for _ in range(50):
        assert world.nobody.get("/documents").status_code == 401
    world.services.refusals.flush()

    first, rest = world.since(size)
    assert (first.action, first.details["count"], first.details["route"]) == ("access.denied", 1, "/documents")
    assert (rest.details["count"], rest.details["code"], rest.actor_kind) == (49, "sign-in-needed", "nobody")


def test_a_persons_denials_are_recorded_each(world: World) -> None:
    client = world.as_("yamada")
    size = world.size()

    for _ in range(3):
        client.get("/doctor")

    assert world.refused(size) == [("access.denied", 403, "role-needed")] * 3
    assert {event.details["needed"] for event in world.since(size)} == {"administrator"}


@pytest.mark.parametrize(
    "headers", [{"host": "evil.example"}, {"host": "127.0.0.1:8765", "origin": "http://evil.example"}]
)
def test_another_name_is_in_the_log(world: World, headers: dict[str, str]) -> None:
    world.services.refusals.flush()
    size = world.size()
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def send(message: Any) -> None:
        pass

    scope = {"type": "http", "method": "POST", "path": "/api/ask", "headers": raw, "client": ("10.1.2.3", 4)}
    door = ExactOrigin(world.app, ORIGIN, world.services.refusals)
    asyncio.run(door(scope, None, send))  # type: ignore[arg-type]

    (event,) = world.since(size)
    assert (event.action, event.outcome, event.actor_kind) == ("access.denied", "denied", "nobody")
    assert event.details == {
        "code": "origin-refused", "count": 1, "method": "POST", "route": "-", "source": "10.1.2.3", "status": 403
    }  # fmt: skip
    assert event.texts == {"target": "/api/ask"}


def test_another_user_of_the_private_socket_is_in_the_log(world: World) -> None:
    world.services.refusals.flush()
    size = world.size()

    assert Client(world.private, client=("peer", os.getuid() + 7)).get("/groups").status_code == 403

    (event,) = world.since(size)
    assert (event.details["code"], event.details["source"]) == ("peer-refused", f"uid:{os.getuid() + 7}")


def test_a_look_at_and_a_deletion_of_a_foreign_conversation_differ(world: World) -> None:
    conversation = world.services.conversations.begin("質問", person="suzuki")
    client = world.as_("yamada")
    size = world.size()

    for method in ("GET", "DELETE"):
        client.request(method, f"/conversations/{conversation}")
    client.get("/conversations/nonsense")

    events = world.since(size)
    assert [(e.details["method"], e.details["conversation"]) for e in events] == [
        ("GET", conversation), ("DELETE", conversation), ("GET", "unknown")
    ]  # fmt: skip
    assert {e.details["route"] for e in events} == {"/conversations/{conversation}"}


def test_a_reader_who_tries_to_delete_a_document_is_named_with_what_they_tried(world: World) -> None:
    client = world.as_("yamada")
    size = world.size()

    client.request("DELETE", "/collections/tests/documents/salaries/2026.xlsx")

    (event,) = world.since(size)
    assert (event.actor, event.details["method"], event.details["status"]) == ("yamada", "DELETE", 403)
    assert event.texts == {"target": "/api/collections/tests/documents/salaries/2026.xlsx"}
    assert "salaries" not in str(event.details), "a path is a text: it stands beside the log"


@pytest.mark.parametrize(
    ("caller", "method", "path", "status", "code"),
    [
        ("yamada", "GET", "/documents/{key}/versions/{version}/parts/999", 404, "part-not-found"),
        ("sato", "GET", f"/audit/cases/{ABSENT}", 404, "audit-event-not-found"),
        ("sato", "GET", "/audit/events/999999/proof", 404, "audit-event-not-found"),
        ("owner", "DELETE", "/collections/tests/documents/absent.txt", 404, "document-not-found"),
        ("owner", "PUT", "/collections/tests/documents/x.txt", 422, "document-invalid"),
        ("kimura", "GET", "/passwords", 404, "route-unknown"),
    ],
)
def test_a_failed_act_is_in_the_log(world: World, caller: str, method: str, path: str, status: int, code: str) -> None:
    stored = world.store("failed/a.txt", "失敗の記録を試す文書である。", ["g-staff"])
    client = world.as_(caller)
    world.services.refusals.flush()
    size = world.size()

    answer = client.request(method, path.format(key=stored["key"], version=stored["version"]))

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    (event,) = world.since(size)
    assert (event.details["status"], event.details["code"], event.details["method"]) == (status, code, method)
    if code != "route-unknown":  # nobody is asked who they are there
        actor = f"uid:{os.getuid()}" if caller == "owner" else caller
        assert (event.action, event.outcome, event.actor) == ("request.failed", "failed", actor)


def test_where_a_request_comes_from_and_what_it_asked_for() -> None:
    scope = {"client": ("peer", 1001), "path": "/a", "raw_path": b"/%61", "query_string": b"x=" + b"y" * 5000}

    assert source_of(scope) == "uid:1001"
    assert source_of({"client": None}) == "-"
    assert target_of(scope).startswith("/%61?x=yyy")
    assert len(target_of(scope)) == 2000
