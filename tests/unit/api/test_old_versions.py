"""Earlier versions: shown to whom they were meant for, who have them in an answer of their own, and to nobody else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.api.world import Client, World

CANARY = "CANARY9V2K"
PAY = f"部長の基本給は月額{CANARY}円とし、賞与は業績によって定める。"
REDACTED = "部長の基本給は別に定める。賞与は業績によって定める。"
PATHS = ("parts/1", "pages/1", "thumbnails/1")
CONFIDENTIAL = {"classification": "confidential"}


@pytest.fixture
def replaced(world: World, request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """A confidential document that suzuki asked about, then its redacted version for all staff."""
    path = f"old/{request.node.name[:40]}.txt"
    old = world.store(path, PAY, ["g-hr"], access=CONFIDENTIAL, picture=True, title=f"給与 {CANARY}")
    suzuki = world.as_("suzuki")
    events = dict(suzuki.ask("部長の基本給は月額いくらか"))
    assert CANARY in json.dumps(events, ensure_ascii=False)
    new = world.store(path, REDACTED, ["g-staff"], picture=True, title="給与")
    assert (new["key"], new["state"]) == (old["key"], "replaced")
    yield {**old, "new": new["version"], "path": path, "conversation": events["status"]["conversation"]}
    world.owner.request("DELETE", f"/collections/tests/documents/{path}")


def opened(client: Client, key: str, version: str) -> list[int]:
    return [client.get(f"/documents/{key}/versions/{version}/{path}").status_code for path in PATHS]


@pytest.mark.parametrize("person", ["yamada", "sato", "kimura", "nakamura"])
def test_opening_the_new_version_to_more_people_opens_no_older_one(
    world: World, replaced: dict[str, Any], person: str
) -> None:
    client, size = world.as_(person), world.size()

    assert opened(client, replaced["key"], replaced["version"]) == [404, 404, 404]

    assert [event.action for event in world.since(size)] == ["access.denied"] * 3


def test_the_canary_of_the_old_version_is_on_no_route_of_somebody_who_never_might_see_it(
    world: World, replaced: dict[str, Any]
) -> None:
    client, key, old = world.as_("yamada"), replaced["key"], replaced["version"]
    mine = dict(client.ask("部長の基本給は月額いくらか"))["status"]["conversation"]
    answers = [
        client.get("/documents"),
        client.get(f"/documents/{key}"),
        client.get("/conversations"),
        client.get(f"/conversations/{mine}"),
        client.get(f"/conversations/{replaced['conversation']}"),
        client.post("/search", json={"query": "部長の基本給は月額いくらか"}),
        client.post("/ask", json={"question": f"{key} {old} 部長の基本給"}),
        *[client.get(f"/documents/{key}/versions/{version}/{p}") for version in (old, replaced["new"]) for p in PATHS],
    ]

    assert CANARY not in "".join(answer.text for answer in answers if "image" not in answer.headers["content-type"])
    assert opened(client, key, replaced["new"]) == [200, 200, 200]


def test_who_has_an_answer_that_cites_the_old_version_still_opens_it_under_its_own_label(
    world: World, replaced: dict[str, Any]
) -> None:
    client = world.as_("suzuki")

    assert opened(client, replaced["key"], replaced["version"]) == [200, 200, 200]

    part = client.get(f"/documents/{replaced['key']}/versions/{replaced['version']}/parts/1").json()
    assert (part["classification"], part["title"]) == ("confidential", f"給与 {CANARY}")
    turn = client.get(f"/conversations/{replaced['conversation']}").json()["turns"][0]
    assert [source["classification"] for source in turn["sources"] if source["version"] == replaced["version"]] == [
        "confidential"
    ]


def test_an_old_version_that_no_answer_of_ones_own_cites_is_not_there(world: World, replaced: dict[str, Any]) -> None:
    client = world.as_("suzuki")
    client.request("DELETE", f"/conversations/{replaced['conversation']}")

    assert opened(client, replaced["key"], replaced["version"]) == [404, 404, 404]
    assert opened(client, replaced["key"], replaced["new"]) == [200, 200, 200]


def test_closing_a_document_later_closes_its_old_versions_and_the_answers_that_cite_them(
    world: World, replaced: dict[str, Any]
) -> None:
    world.give(replaced["path"], ["g-it"])
    client = world.as_("suzuki")

    assert opened(client, replaced["key"], replaced["version"]) == [404, 404, 404]

    turn = client.get(f"/conversations/{replaced['conversation']}").json()["turns"][0]
    assert (turn["withheld"], turn["sources"], turn["sentences"], turn["citations"]) == (True, [], [], [])


def test_a_rule_that_changes_goes_with_the_current_version_and_with_no_older_one(
    world: World, replaced: dict[str, Any]
) -> None:
    world.give(replaced["path"], ["g-it"])
    world.give(replaced["path"], ["g-staff"])
    yamada = world.as_("yamada")

    assert opened(yamada, replaced["key"], replaced["new"]) == [200, 200, 200]
    assert opened(yamada, replaced["key"], replaced["version"]) == [404, 404, 404]
    assert opened(world.as_("suzuki"), replaced["key"], replaced["version"]) == [200, 200, 200]


def test_an_id_in_a_question_is_no_answer_that_cites_it(world: World, replaced: dict[str, Any]) -> None:
    """What a person types stands in their history too; only what an answer rested on counts."""
    client = world.as_("suzuki")
    client.request("DELETE", f"/conversations/{replaced['conversation']}")
    client.ask(f'"{replaced["key"]}","{replaced["version"]}" 部長の基本給')

    assert opened(client, replaced["key"], replaced["version"]) == [404, 404, 404]


def test_a_version_that_was_closed_to_its_reader_stays_closed_when_the_next_one_is_open(world: World) -> None:
    old = world.store("old/closed.txt", PAY, ["g-staff"], picture=True)
    client = world.as_("yamada")
    asked = dict(client.ask("部長の基本給は月額いくらか"))["status"]["conversation"]
    world.give("old/closed.txt", ["g-hr"])
    new = world.store("old/closed.txt", REDACTED, ["g-staff"], picture=True)

    assert opened(client, old["key"], old["version"]) == [404, 404, 404], "although an answer of their own cites it"
    assert client.get(f"/conversations/{asked}").json()["turns"][0]["withheld"]
    assert CANARY not in client.get(f"/conversations/{asked}").text
    assert opened(client, old["key"], new["version"]) == [200, 200, 200]
    world.owner.request("DELETE", "/collections/tests/documents/old/closed.txt")
