"""What a person may not see looks exactly like what does not exist, and reaches them on no path."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.unit.api.world import World

CANARY = "CANARY7F3Q"
SECRET = f"役員報酬の内規番号は{CANARY}であり、外部に示してはならない。"
ABSENT = "f" * 32


@pytest.fixture(scope="module")
def secret(world: World) -> dict[str, Any]:
    """A document that only the personnel department sees, and a conversation of one of them about it."""
    stored = world.store(f"secret/{CANARY}.txt", SECRET, ["g-hr"], title=f"内規 {CANARY}", picture=True)
    events = dict(world.as_("suzuki").ask("役員報酬の内規番号は何か"))
    assert CANARY in json.dumps(events, ensure_ascii=False), "the canary sings for those who may hear it"
    return {**stored, "conversation": events["status"]["conversation"]}


def same_but_for(one: httpx.Response, other: httpx.Response, hidden: str, absent: str) -> bool:
    """Byte for byte, apart from the id that was asked for."""
    drop = ("date", "content-length")
    heads = [{k: v for k, v in answer.headers.items() if k not in drop} for answer in (one, other)]
    return (one.status_code, one.content.replace(hidden.encode(), absent.encode()), heads[0]) == (
        other.status_code,
        other.content,
        heads[1],
    )


@pytest.mark.parametrize("person", ["yamada", "kimura", "nakamura"])
@pytest.mark.parametrize(
    "path",
    [
        "/documents/{key}",
        "/documents/{key}/versions/{version}/parts/1",
        "/documents/{key}/versions/{version}/parts/99",
        "/documents/{key}/versions/{version}/pages/1",
        "/documents/{key}/versions/{version}/thumbnails/1",
        "/documents/{key}/versions/nonsense/parts/1",
    ],
)
def test_a_hidden_document_answers_like_an_absent_one(
    world: World, secret: dict[str, Any], path: str, person: str
) -> None:
    client = world.as_(person)

    size = world.size()
    hidden = client.get(path.format(key=secret["key"], version=secret["version"]))
    absent = client.get(path.format(key=ABSENT, version="0" * 64))

    assert hidden.status_code == 404
    assert same_but_for(hidden, absent, secret["key"], ABSENT)
    assert [(e.action, e.details["document"]) for e in world.since(size)] == [
        ("access.denied", secret["key"]),
        ("access.denied", "unknown"),
    ]


def test_hidden_and_absent_cost_the_same_statements(world: World, secret: dict[str, Any]) -> None:
    from sqlalchemy import event

    client, statements = world.as_("yamada"), []
    engine = world.services.registry.engine

    def note(conn: object, cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    client.get(f"/documents/{ABSENT}")  # the session's `used` is written before anything is compared
    event.listen(engine, "before_cursor_execute", note)
    try:
        client.get(f"/documents/{secret['key']}")
        hidden = list(statements)
        statements.clear()
        client.get(f"/documents/{ABSENT}")
    finally:
        event.remove(engine, "before_cursor_execute", note)

    assert hidden == statements


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_another_persons_conversation_answers_like_none(world: World, secret: dict[str, Any], method: str) -> None:
    client, conversation = world.as_("yamada"), secret["conversation"]

    hidden = client.request(method, f"/conversations/{conversation}")
    absent = client.request(method, f"/conversations/{ABSENT}")

    assert hidden.status_code == 404
    assert same_but_for(hidden, absent, conversation, ABSENT)
    assert world.as_("suzuki").get(f"/conversations/{conversation}").status_code == 200


def test_nobody_goes_on_with_another_persons_conversation(world: World, secret: dict[str, Any]) -> None:
    client, conversation = world.as_("yamada"), secret["conversation"]
    size = world.size()

    hidden = client.post("/ask", json={"question": "続きを教えて", "conversation": conversation})
    absent = client.post("/ask", json={"question": "続きを教えて", "conversation": ABSENT})

    assert hidden.status_code == 404
    assert same_but_for(hidden, absent, conversation, ABSENT)
    assert [event.action for event in world.since(size)] == ["access.denied", "access.denied"]


@pytest.mark.parametrize("person", ["yamada", "nakamura", "kimura", "sato"])
def test_the_canary_reaches_nobody_else(world: World, secret: dict[str, Any], person: str) -> None:
    client = world.as_(person)
    question = "役員報酬の内規番号は何か"

    seen = [
        client.post("/ask", json={"question": question}).text,
        client.post("/search", json={"query": question, "limit": 50}).text,
        client.get("/documents").text,
        client.get("/conversations").text,
        client.get("/me").text,
        client.get(f"/documents/{secret['key']}").text,
        client.get(f"/documents/{secret['key']}/versions/{secret['version']}/parts/1").text,
    ]

    assert not any(CANARY in text for text in seen)
    assert secret["key"] not in "".join(seen[:5])


def test_asking_for_the_canary_by_name_finds_nothing_of_it(world: World, secret: dict[str, Any]) -> None:
    found = world.as_("yamada").post("/search", json={"query": CANARY, "limit": 50}).json()

    assert secret["key"] not in json.dumps(found)


def test_a_change_of_access_counts_at_once_and_the_old_answer_is_withheld(world: World) -> None:
    stored = world.store(
        "narrowed/rule.txt", "出張の宿泊費はNARROW5Xとして一万二千円を支給する。", ["g-staff"], picture=True
    )
    client = world.as_("yamada")
    before = dict(client.ask("出張の宿泊費はいくら支給されるか"))
    conversation = before["status"]["conversation"]
    page = f"/documents/{stored['key']}/versions/{stored['version']}"
    assert "NARROW5X" in json.dumps(before, ensure_ascii=False)
    counted = client.get("/me").json()["documents"]

    assert world.give("narrowed/rule.txt", ["g-hr"]).status_code == 200

    assert client.get("/me").json()["documents"] == counted - 1
    assert client.get(f"{page}/parts/1").status_code == 404
    assert client.get(f"{page}/pages/1").status_code == 404
    assert client.get(f"{page}/thumbnails/1").status_code == 404
    assert stored["key"] not in client.get("/documents").text
    assert "NARROW5X" not in client.post("/search", json={"query": "出張の宿泊費 NARROW5X"}).text
    assert "NARROW5X" not in client.post("/ask", json={"question": "出張の宿泊費はいくら支給されるか"}).text
    past = client.get(f"/conversations/{conversation}")
    assert past.json()["turns"][0]["withheld"] is True
    assert "NARROW5X" not in past.text
    assert stored["key"] not in past.text

    world.give("narrowed/rule.txt", ["g-staff"])
    again = client.get(f"/conversations/{conversation}").json()["turns"][0]
    assert again["withheld"] is False
    assert "NARROW5X" in json.dumps(again, ensure_ascii=False)


@pytest.mark.parametrize(
    "rule",
    [
        {"groups": ["g-staff"], "denied": ["g-staff"]},
        {"groups": ["g-staff"], "classification": "confidential"},
        {"groups": ["g-staff"], "compartments": ["large-exposures"]},
        {"groups": ["g-staff"], "valid_from": "2199-01-01T00:00:00+09:00"},
        {"groups": ["g-staff"], "valid_until": "2020-01-01T00:00:00+09:00"},
    ],
    ids=["denied", "classification", "compartment", "not yet", "no longer"],
)
def test_every_condition_of_a_rule_hides(world: World, rule: dict[str, Any]) -> None:
    stored = world.store("conditions/rule.txt", "条件ごとに見えなくなる文書である。", ["g-staff"])
    client = world.as_("yamada")
    world.give("conditions/rule.txt", ["g-staff"])
    assert client.get(f"/documents/{stored['key']}").status_code == 200

    assert world.give("conditions/rule.txt", **rule).status_code == 200

    assert client.get(f"/documents/{stored['key']}").status_code == 404


def test_a_removed_document_is_gone_from_old_answers(world: World) -> None:
    world.store("removed/rule.txt", "社用車はREMOVED8Kの届出により使用できる。", ["g-staff"])
    client = world.as_("yamada")
    asked = dict(client.ask("社用車は何の届出で使用できるか"))
    assert "REMOVED8K" in json.dumps(asked, ensure_ascii=False)

    world.owner.request("DELETE", "/collections/tests/documents/removed/rule.txt")

    past = client.get(f"/conversations/{asked['status']['conversation']}")
    assert past.json()["turns"][0]["withheld"] is True
    assert "REMOVED8K" not in past.text


def test_deleting_ones_conversation_during_its_answer_keeps_it_deleted(world: World) -> None:
    from appliance.models import Answer

    past = world.services.conversations
    conversation = past.begin("質問", person="yamada")
    past.delete(conversation, person="yamada")
    answer = Answer("no-evidence", "ja", (), (), 0, "extractive", 0.1)

    past.record(conversation, case="c" * 32, question="質問", answer=answer, passages=())

    assert past.one(conversation, person="yamada") is None
    assert past.turns(conversation) == []
