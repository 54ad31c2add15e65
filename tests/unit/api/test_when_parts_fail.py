"""What happens when a part cannot work: nothing unrecorded is shown, and everybody is told what to do."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import AuditBroken, AuditLocked, DiskFull, IndexUnavailable, StoreUnavailable
from tests.unit.api.world import World, make_home, services_at


@pytest.fixture
def own_world(tmp_path: Path) -> Iterator[World]:
    """An appliance of the test's own, which it may break."""
    with services_at(make_home(tmp_path / "home")) as services:
        world = World(services)
        world.store("a.txt", "通勤手当は月額三万円を上限とする。", ["g-staff"])
        yield world


def poison(world: World) -> None:
    """The next write of the log fails as on a disk that turned read-only; from then on the log refuses."""
    from sqlalchemy import text

    world.services.audit._owned.connection.execute(text("PRAGMA query_only = ON"))
    world.services.audit._owned.connection.commit()


@pytest.mark.parametrize("noticed", [False, True], ids=["at this very question", "before it"])
def test_without_its_log_nothing_is_answered(own_world: World, noticed: bool) -> None:
    client = own_world.as_("yamada")
    size = own_world.size()
    poison(own_world)
    if noticed:
        assert client.get("/documents").status_code == 503

    asked = client.post("/ask", json={"question": "通勤手当の上限はいくらか"})
    searched = client.post("/search", json={"query": "通勤手当"})
    ready = own_world.owner.get("/ready")

    for answer in (asked, searched, ready):
        assert (answer.status_code, answer.json()["code"]) == (503, "audit-unavailable")
        assert "三万円" not in answer.text
    assert own_world.nobody.get("/health").status_code == 200
    assert own_world.services.conversations.of("yamada") == [], "no trace of a question that is not in the log"
    assert own_world.size() == size


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("GET", "/documents", {}),
        ("GET", "/conversations", {}),
        ("POST", "/session/demo", {"json": {"person": "suzuki"}}),
        ("DELETE", "/session", {}),
    ],
)
def test_without_its_log_nothing_else_happens_either(
    own_world: World, method: str, path: str, content: dict[str, Any]
) -> None:
    client = own_world.as_("yamada")
    poison(own_world)

    answer = client.request(method, path, **content)

    assert answer.status_code == 503
    assert "set-cookie" not in answer.headers
    assert client.get("/me").status_code == 200, "the session is as it was"


def test_without_its_log_no_document_comes_in(own_world: World) -> None:
    upload = own_world.upload("届かない文書である。", ["g-staff"])
    poison(own_world)

    assert own_world.put("b.txt", upload).status_code == 503

    assert own_world.services.registry.at("tests", "b.txt") is None


def test_a_search_that_fails_leaves_its_event(own_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = own_world.as_("yamada")
    _break_index(own_world, monkeypatch)
    size = own_world.size()

    answer = client.post("/search", json={"query": "通勤手当"})

    assert (answer.status_code, answer.json()["code"]) == (503, "index-unavailable")
    (event,) = own_world.since(size)
    assert (event.action, event.outcome, event.details["error"]) == ("search.retrieved", "failed", "index-unavailable")


def test_an_answer_that_fails_after_its_start_ends_in_an_error_event(
    own_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = own_world.as_("yamada")
    _break_index(own_world, monkeypatch)
    size = own_world.size()

    events = client.ask("通勤手当の上限はいくらか")

    assert [name for name, _ in events] == ["status", "error"]
    assert events[-1][1]["code"] == "index-unavailable"
    assert "appliance doctor" in events[-1][1]["message"]
    assert [(event.action, event.outcome) for event in own_world.since(size)] == [
        ("question.received", "success"),
        ("question.aborted", "failed"),
    ]
    past = client.get(f"/conversations/{events[0][1]['conversation']}").json()
    assert past["turns"][0]["outcome"] == "failed"


def test_a_defect_in_the_middle_of_an_answer_shows_a_reference_and_no_more(
    own_world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client = own_world.as_("yamada")

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("the secret of the defect")

    monkeypatch.setattr(type(own_world.services.retrieval), "passages", broken)

    name, problem = client.ask("通勤手当の上限はいくらか")[-1]
    searched = client.post("/search", json={"query": "通勤手当"})

    assert (name, problem["code"]) == ("error", "internal")
    assert (searched.status_code, searched.json()["code"]) == (500, "internal")
    assert "secret" not in json.dumps(problem) + searched.text
    assert problem["values"]["reference"] in caplog.text
    assert "the secret of the defect" in caplog.text


def test_a_store_that_fails_when_the_conversation_begins_closes_the_question(
    own_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = own_world.as_("yamada")

    def full(*_: object, **__: object) -> str:
        raise StoreUnavailable(where="appliance.db", why="database or disk is full")

    monkeypatch.setattr(type(own_world.services.conversations), "begin", full)
    size = own_world.size()

    answer = client.post("/ask", json={"question": "通勤手当の上限はいくらか"})

    assert (answer.status_code, answer.json()["code"]) == (503, "store-unavailable")
    assert [event.action for event in own_world.since(size)] == ["question.received", "question.aborted"]


def change(world: World, statement: str) -> None:
    """Change the log behind its back, as who owns the disk can."""
    with closing(sqlite3.connect(world.services.settings.data / "audit.db")) as database, database:
        database.execute(statement)


def test_an_export_of_a_damaged_log_is_refused_and_recorded_as_failed(own_world: World) -> None:
    size = own_world.size()
    change(own_world, "UPDATE audit_leaves SET leaf = replace(leaf, 'success', 'aborted') WHERE idx = 0")

    answer = own_world.owner.post("/audit/export", json={})

    assert (answer.status_code, answer.json()["code"]) == (503, "audit-broken")
    assert "appliance audit evidence --out FOLDER" in answer.json()["message"]
    assert [(event.action, event.outcome) for event in own_world.since(size)] == [("audit.exported", "failed")]
    assert list(own_world.services.settings.data.glob("export-*")) == []


def test_an_export_that_finds_no_room_is_recorded_as_failed(own_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    size = own_world.size()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("appliance.api.audit.export", full)

    assert own_world.owner.post("/audit/export", json={}).json()["code"] == "export-not-written"
    assert [(event.action, event.outcome) for event in own_world.since(size)] == [("audit.exported", "failed")]


def test_a_damaged_log_is_named_by_verify_and_doctor_with_the_remedy(own_world: World) -> None:
    change(own_world, "UPDATE audit_leaves SET leaf = replace(leaf, 'success', 'aborted') WHERE idx = 0")

    found = own_world.owner.post("/audit/verify", json={}).json()
    checks = {check["name"]: check for check in own_world.owner.get("/doctor").json()["checks"]}

    assert (found["verified"], found["only_missing"]) == (False, False)
    assert checks["audit log"]["state"] == "failed"
    assert checks["audit log"]["remedy"].startswith("Stop the service, keep the files as evidence")


def test_a_log_that_takes_no_event_is_not_ready(own_world: World) -> None:
    why = {"why_en": "its root differs", "why_ja": "ルートが異なります"}
    own_world.services.audit.refuse(AuditBroken(where="audit.db", **why))

    answers = [own_world.owner.get("/ready"), own_world.owner.get("/audit/events")]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(503, "audit-broken")] * 2


def test_an_index_that_lost_its_probe_is_not_ready(own_world: World) -> None:
    from appliance import probe

    assert own_world.nobody.get("/ready").json()["state"] == "ok"

    own_world.services.index.delete(document=probe.DOCUMENT)

    answer = own_world.owner.get("/ready")
    assert (answer.status_code, answer.json()["code"]) == (503, "index-unavailable")


def test_a_full_disk_keeps_nothing_of_a_document(own_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: object, document: str, version: str, files: object, *, called: str) -> None:
        raise DiskFull(path="originals", document=called)

    monkeypatch.setattr(type(own_world.services.originals), "keep", full)
    size = own_world.size()

    answer = own_world.put("full.txt", own_world.upload("入りきらない文書である。", ["g-staff"]))

    assert (answer.status_code, answer.json()["code"]) == (503, "disk-full")
    assert own_world.services.registry.at("tests", "full.txt") is None
    assert [(event.action, event.outcome) for event in own_world.since(size)] == [
        ("document.storing", "success"),
        ("document.resolved", "failed"),
        ("request.failed", "failed"),
    ]


def test_the_doctor_goes_on_behind_a_file_that_is_gone(own_world: World) -> None:
    (own_world.services.settings.home / "keys" / "audit.key").unlink()

    checks = {check["name"]: check for check in own_world.owner.get("/doctor").json()["checks"]}

    assert checks["permissions"]["state"] == "failed"
    assert "audit.key" in checks["permissions"]["finding"]
    assert checks["search by words"]["state"] == "ok"


def test_the_doctor_names_a_folder_that_others_may_use(own_world: World) -> None:
    own_world.services.settings.home.chmod(0o750)

    checks = own_world.owner.get("/doctor", headers={"accept-language": "ja"}).json()["checks"]

    assert next(check for check in checks if check["name"] == "permissions")["state"] == "failed"
    assert any("chmod 0700" in check["remedy"] for check in checks)


def test_a_second_process_cannot_open_the_installation(own_world: World) -> None:
    with pytest.raises(AuditLocked, match="in use by another process"), services_at(own_world.services.settings.home):
        pass


def test_fifty_questions_at_once_are_all_answered(own_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_world.services.admission, "_a_person", 50)  # there are not fifty people
    client = own_world.as_("yamada")
    size, outcomes, lock = own_world.size(), list[str](), threading.Lock()

    def ask(number: int) -> None:
        last = client.ask(f"通勤手当の上限はいくらか（{number}）")[-1]
        with lock:
            outcomes.append(last[0])

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes == ["done"] * 50
    actions = [event.action for event in own_world.since(size)]
    assert all(actions.count(f"question.{step}") == 50 for step in ("received", "retrieved", "completed"))
    assert len(own_world.services.conversations.of("yamada")) == 50
    cases = {event.case for event in own_world.since(size)}
    assert len(cases) == 50


def _break_index(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> list[object]:
        raise IndexUnavailable(where="data/index", why="the engine failed")

    monkeypatch.setattr(type(world.services.index), "search", broken)
