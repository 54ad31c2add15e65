"""The log tells the person from the owner who acts as them, and one session from another."""

from __future__ import annotations

import os
import re

from appliance.store.sessions import digest, reference
from tests.unit.api.world import Client, World


def on_private_socket(world: World, person: str) -> Client:
    """What `appliance ask --as PERSON` does."""
    answer = world.owner.post("/session/demo", json={"person": person})
    assert answer.status_code == 204
    cookie = answer.headers["set-cookie"].split(";")[0].removeprefix("sid=")
    return Client(world.private, cookie, client=("peer", os.getuid()))


def test_the_owner_who_acts_as_somebody_is_named_in_every_act(world: World) -> None:
    size = world.size()
    client = on_private_socket(world, "suzuki")
    client.ask("通勤手当の上限はいくらか")
    client.request("DELETE", "/session")

    events = world.since(size)

    assert [event.action for event in events] == [
        "session.opened", "question.received", "question.retrieved", "question.completed", "session.closed"
    ]  # fmt: skip
    assert {event.actor for event in events} == {"suzuki"}
    assert {event.details["by"] for event in events} == {f"uid:{os.getuid()}"}
    assert (events[0].details["via"], events[0].details["source"]) == ("private-socket", f"uid:{os.getuid()}")


def test_a_person_who_signs_in_acts_for_themselves(world: World) -> None:
    size = world.size()
    world.as_("suzuki").get("/documents")

    opened, listed = world.since(size)

    assert (opened.details["via"], opened.details["source"]) == ("http", "127.0.0.1")
    assert "by" not in opened.details
    assert "by" not in listed.details
    assert opened.details["clearance"] == "confidential"
    assert opened.details["groups"] == ["g-hr", "g-staff"]
    assert opened.details["compartments"] == []


def test_a_cookie_that_is_carried_to_the_private_socket_is_seen(world: World) -> None:
    cookie = world.as_("suzuki").cookie
    size = world.size()

    Client(world.private, cookie, client=("peer", os.getuid())).get("/documents")

    assert world.since(size)[0].details["by"] == f"uid:{os.getuid()}"


def test_two_sessions_of_one_person_are_told_apart_and_lead_to_their_sign_in(world: World) -> None:
    size = world.size()
    one, other = world.as_("yamada"), world.as_("yamada")
    one.get("/documents")
    other.get("/documents")
    one.get("/doctor")
    other.request("DELETE", "/session")

    first, second, a, b, denied, closed = world.since(size)

    assert first.details["session"] != second.details["session"]
    assert [e.details["session"] for e in (a, denied)] == [first.details["session"]] * 2
    assert [e.details["session"] for e in (b, closed)] == [second.details["session"]] * 2


def test_the_reference_of_a_session_leads_neither_to_the_cookie_nor_to_what_is_stored(world: World) -> None:
    cookie = world.as_("yamada").cookie or ""

    found = reference(cookie)

    assert re.fullmatch(r"[0-9a-f]{16}", found)
    assert found not in digest(cookie)
    assert Client(world.app, found).get("/me").status_code == 401


def test_an_auditor_sees_who_really_acted(world: World) -> None:
    size = world.size()
    on_private_socket(world, "suzuki").get("/documents")
    auditor = world.as_("sato")

    rows = {row["index"]: row for row in auditor.get("/audit/events?person=suzuki").json()["events"]}

    row = rows[size + 1]
    assert row["by"] == f"uid:{os.getuid()}"
    assert row["actor_name"].endswith(f"(by uid:{os.getuid()})")
    assert row["session"] == rows[size]["session"] != ""


def test_without_its_event_no_session_is_opened(own_world: World) -> None:
    opened = own_world.services.sessions
    before = own_world.as_("yamada")
    own_world.services.audit.close()

    assert own_world.nobody.post("/session/demo", json={"person": "suzuki"}).status_code == 503

    assert opened.person(before.cookie or "") == "yamada"
    with own_world.services.registry.engine.connect() as connection:
        rows = connection.exec_driver_sql("select person from session").scalars().all()
    assert "suzuki" not in rows
