"""What a leaf says of a question and a search, what stands beside it, and what an auditor is told of both."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from appliance.access import AccessFilter
from appliance.audit.reading import LoggedEvent
from appliance.recording import filter_of, listed_of
from tests.unit.api.world import World

QUESTION = "宿直勤務の手当はいくら支給されるか"
TEXT = "宿直勤務の手当は一回につき七千四百円を支給する。"


def values(value: Any) -> Iterator[Any]:
    """Every value inside."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from values(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from values(inner)
    else:
        yield value


@pytest.fixture(scope="module")
def stored(world: World) -> dict[str, Any]:
    return world.store("held/night.txt", TEXT, ["g-staff"], title="宿直手当規程")


def asked(world: World, question: str = QUESTION, person: str = "yamada") -> tuple[dict[str, Any], list[LoggedEvent]]:
    """The events of an answer, and of the log."""
    client, size = world.as_(person), world.size()
    answer = dict(client.ask(question))
    return answer, world.since(size)


def test_no_leaf_of_a_question_holds_a_score_or_a_length(world: World, stored: dict[str, Any]) -> None:
    client, size = world.as_("yamada"), world.size()
    client.ask(QUESTION)
    client.post("/search", json={"query": QUESTION})

    for event in world.since(size):
        assert not [value for value in values(dict(event.details)) if isinstance(value, float)], event
        assert len(QUESTION) not in list(values(dict(event.details))), "its length would tell"
        assert "score" not in json.dumps(event.details)


def test_the_scores_stand_beside_the_log_and_are_those_that_were_shown(world: World, stored: dict[str, Any]) -> None:
    answer, events = asked(world)
    beside = json.loads(events[1].texts["passages"] or "")

    shown = [
        {k: source[k] for k in ("number", "score", "cosine", "coverage")} for source in answer["sources"]["sources"]
    ]
    assert [{k: v for k, v in row.items() if k != "salt"} for row in beside] == shown


def test_what_was_shown_can_be_proved_after_its_document_is_gone(world: World) -> None:
    world.store("held/gone.txt", "避難訓練は毎年九月の第一月曜日に行うものとする。", ["g-staff"])
    answer, events = asked(world, "避難訓練は毎年いつ行うか")
    world.owner.request("DELETE", "/collections/tests/documents/held/gone.txt")

    sources = {source["number"]: source["text"] for source in answer["sources"]["sources"]}
    rows: Any = events[1].details["passages"]
    salts = {row["number"]: row["salt"] for row in json.loads(events[1].texts["passages"] or "")}
    assert sources
    for row in rows:
        salted = bytes.fromhex(salts[row["number"]]) + sources[row["number"]].encode()
        assert hashlib.sha256(salted).hexdigest() == row["text"]
    assert "避難訓練" not in json.dumps([dict(e.details) for e in events], ensure_ascii=False)


def test_the_same_passage_has_another_hash_every_time(world: World, stored: dict[str, Any]) -> None:
    hashes = set()
    for _ in range(2):
        rows: Any = asked(world)[1][1].details["passages"]
        hashes |= {row["text"] for row in rows if row["document"] == stored["key"]}

    assert len(hashes) == 2


def test_the_access_lists_in_force_stand_in_clear(world: World, stored: dict[str, Any]) -> None:
    _, events = asked(world)
    under: Any = events[1].details["filter"]
    rows: Any = events[1].details["passages"]

    ids = ",".join(map(str, under["lists"]))
    assert under["sha256"] == hashlib.sha256(ids.encode()).hexdigest()
    assert under["count"] == len(under["lists"]) > 0
    assert {row["list"] for row in rows} <= set(under["lists"])


def test_more_lists_or_documents_than_a_leaf_can_hold_stand_beside_it() -> None:
    many = filter_of(AccessFilter("p", tuple(range(3000))))
    few = filter_of(AccessFilter("p", (3, 5)))
    listed = listed_of([f"{n:032x}" for n in range(201)])

    assert many.details["filter"]["lists"] is None  # type: ignore[index,call-overload]
    assert many.texts["lists"].split(",")[-1] == "2999"
    assert (few.details["filter"]["lists"], few.texts) == ([3, 5], {})  # type: ignore[index,call-overload]
    assert listed.details == {"documents": 201, "keys": None}
    assert len(listed.texts["keys"].splitlines()) == 201


def test_what_was_found_and_not_shown_says_so(world: World, stored: dict[str, Any]) -> None:
    answer, events = asked(world, "ペンギンの平均的な寿命について教えてください")

    assert answer["done"]["outcome"] == "no-evidence"
    assert answer["sources"]["sources"] == []
    assert (events[1].details["shown"], events[1].details["decision"]) == (False, "no-evidence")
    assert events[1].details["passages"], "what the decision was made on"
    assert asked(world)[1][1].details["shown"] is True


def test_a_search_says_under_which_clearance_it_was_made(world: World, stored: dict[str, Any]) -> None:
    client, size = world.as_("yamada"), world.size()
    client.post("/search", json={"query": QUESTION})

    (event,) = world.since(size)
    assert event.details["clearance"] == "internal"
    assert event.details["groups"]
    assert event.details["compartments"] == []
    assert event.details["shown"] is True


def test_a_list_of_documents_says_which(world: World, stored: dict[str, Any]) -> None:
    client, size = world.as_("yamada"), world.size()
    keys = [row["key"] for row in client.get("/documents").json()["documents"]]

    (event,) = world.since(size)
    assert event.details["keys"] == keys
    assert event.details["documents"] == len(keys)
    assert event.details["filter"]


# --- what an auditor is told -------------------------------------------------------------------------------------------


def case_of(world: World, case: str) -> list[dict[str, Any]]:
    answer = world.as_("sato").get(f"/audit/cases/{case}")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["events"])


def test_a_case_names_the_documents_and_pages_for_its_ids(world: World, stored: dict[str, Any]) -> None:
    answer, _ = asked(world)

    rows = case_of(world, answer["status"]["case"])

    first = next(p for p in rows[1]["passages"] if p["document"] == stored["key"])
    assert (first["collection"], first["path"], first["title"]) == ("tests", "held/night.txt", "宿直手当規程")
    assert (first["part"], first["part_kind"], first["part_label"]) == (1, "section", "1")
    assert first["version"] == stored["version"]
    assert first["shown"] is True
    assert first["score"] > 0
    assert len(first["salt"]) == 64
    assert "passages" not in rows[1]["texts"], "it is told as fields"
    assert rows[0]["texts"]["question"] == QUESTION


def test_a_case_whose_document_is_gone_keeps_its_ids(world: World) -> None:
    stored = world.store("held/later.txt", "献血休暇は年に二回まで取得できるものとする。", ["g-staff"])
    answer, _ = asked(world, "献血休暇は年に何回まで取得できるか")
    world.owner.request("DELETE", "/collections/tests/documents/held/later.txt")

    rows = case_of(world, answer["status"]["case"])

    first = next(p for p in rows[1]["passages"] if p["document"] == stored["key"])
    assert (first["title"], first["path"], first["part_label"]) == (None, None, None)
    assert first["version"] == stored["version"]


def test_a_case_of_a_document_names_it(world: World, stored: dict[str, Any]) -> None:
    size = world.size()
    world.give("held/night.txt", ["g-staff", "g-hr"])
    case = world.since(size)[0].case

    rows = case_of(world, case)
    world.give("held/night.txt", ["g-staff"])

    assert [row["action"] for row in rows] == ["access.changing", "access.changed"]
    assert rows[1]["document"] == {
        "key": stored["key"], "collection": "tests", "path": "held/night.txt", "title": "宿直手当規程"
    }  # fmt: skip
    assert rows[1]["details"]["list_before"] != rows[1]["details"]["list"]
    assert rows[1]["details"]["from"]["groups"] == ["g-staff"]
    assert rows[1]["details"]["to"]["groups"] == ["g-hr", "g-staff"]


def test_looking_at_the_log_says_what_was_looked_at(world: World) -> None:
    client, size = world.as_("sato"), world.size()

    client.get("/audit/events", params={"person": "yamada", "action": "page.opened", "from": "2026-01-01T00:00:00Z"})
    case = world.since(size)[0].case
    client.get(f"/audit/cases/{case}")
    client.get("/audit/events/0/proof")

    views = [dict(event.details) for event in world.since(size)]
    assert {event.action for event in world.since(size)} == {"audit.viewed"}
    assert (views[0]["view"], views[0]["person"], views[0]["action"]) == ("events", "yamada", "page.opened")
    assert str(views[0]["from"]).startswith("2026-01-01T00:00:00")
    assert (views[1]["view"], views[1]["case"], views[1]["events"]) == ("case", case, 1)
    assert (views[2]["view"], views[2]["index"]) == ("proof", 0)


def test_a_page_that_draws_itself_again_is_recorded_once(world: World) -> None:
    client, other, size = world.as_("sato"), world.as_("sato"), world.size()

    client.get("/audit/events")  # the page is opened
    client.post("/audit/verify")  # and its button pressed:
    client.get("/audit/events")  # it draws itself again
    client.get("/audit/events?person=yamada")
    other.get("/audit/events")

    assert [event.action for event in world.since(size)] == [
        "audit.viewed", "audit.verified", "audit.viewed", "audit.viewed"
    ]  # fmt: skip


def test_the_command_line_is_recorded_every_time(world: World) -> None:
    size = world.size()

    for _ in range(2):
        world.owner.get("/audit/events")

    assert [event.action for event in world.since(size)] == ["audit.viewed"] * 2


def test_a_view_that_could_not_be_recorded_is_not_shown_the_next_time_either(own_world: World) -> None:
    client = own_world.as_("sato")
    own_world.services.audit.close()

    for _ in range(2):
        assert client.get("/audit/events").status_code == 503


def test_a_check_of_the_log_says_what_was_checked(world: World) -> None:
    client, size = world.as_("sato"), world.size()

    found = client.post("/audit/verify").json()

    (event,) = world.since(size)
    assert (event.action, event.outcome) == ("audit.verified", "success")
    assert event.details["size"] == found["size"] == size
    assert event.details["root"] == found["root"]
    assert event.details["problems"] == 0


@pytest.mark.parametrize(
    ("field", "value"), [("person", "unknown"), ("person", "山田"), ("action", "question.recieved"), ("action", "*")]
)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_selection_by_what_does_not_exist_is_refused_by_name(
    world: World, field: str, value: str, language: str
) -> None:
    client, size = world.as_("sato"), world.size()

    answer = client.get("/audit/events", params={field: value}, headers={"accept-language": language})

    assert (answer.status_code, answer.json()["code"]) == (422, "audit-filter-unknown")
    assert value in answer.json()["message"]
    assert field in answer.json()["message"]
    assert world.refused(size) == [("request.failed", 422, "audit-filter-unknown")]
    assert value not in list(values(dict(world.since(size)[0].details)))


def test_everybody_who_ever_acted_can_be_selected(world: World) -> None:
    owner, size = world.owner, world.size()
    owner.get("/audit/events")
    (event,) = world.since(size)

    assert owner.get("/audit/events", params={"person": event.actor}).json()["events"]
    assert owner.get("/audit/events", params={"person": "nakamura"}).status_code == 200, "in the directory"
    assert owner.get("/audit/events", params={"person": "start-up"}).json()["events"]
