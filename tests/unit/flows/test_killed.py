"""A process killed at any step of a change leaves, after the next start, one true state, and the log tells which."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.flows import dying, house

OLD, NEW = "\n\n".join(dying.OLD), "\n\n".join(dying.NEW)
# act, point, when, whether its result stands afterwards
STEPS = [
    ("store", "announce", "before", False),
    ("store", "document.storing", "before", False),
    ("store", "document.storing", "after", False),
    ("store", "keep", "after", False),
    ("store", "intern", "after", False),
    ("store", "upsert", "after", False),
    ("store", "make_current", "after", True),
    ("store", "document.stored", "after", True),
    ("replace", "keep", "after", False),
    ("replace", "upsert", "after", False),
    ("replace", "make_current", "after", True),
    ("replace", "index_delete", "before", True),
    ("replace", "settle", "before", True),
    ("replace", "settle", "after", True),
    ("back", "keep", "after", False),
    ("back", "upsert", "after", False),
    ("back", "make_current", "after", True),
    ("translate", "document.storing", "after", False),
    ("translate", "describe", "before", False),
    ("translate", "describe", "after", True),
    ("narrow", "access.changing", "before", False),
    ("narrow", "access.changing", "after", False),
    ("narrow", "access.changed", "before", True),
    ("narrow", "access.changed", "after", True),
    ("narrow", "change_access", "after", True),
    ("narrow", "set_access", "after", True),
    ("remove", "announce", "after", False),
    ("remove", "document.removing", "after", False),
    ("remove", "registry_remove", "after", True),
    ("remove", "index_delete", "after", True),
    ("remove", "forget", "after", True),
    ("remove", "document.removed", "after", True),
]


@pytest.mark.parametrize(("act", "point", "when", "stands"), STEPS)
def test_a_killed_change_is_done_or_not_done_after_the_next_start(
    tmp_path: Path, act: str, point: str, when: str, stands: bool
) -> None:
    with house.opened(tmp_path) as services:
        house.put(services, house.document(services, "old.txt", dying.OLD))
        if act == "back":
            house.put(services, house.document(services, "old.txt", dying.NEW))
        before = house.truth(services)
        begun = len(house.log(services))

    dying.dies(tmp_path, act, point, when)

    with house.opened(tmp_path) as services:
        after = house.truth(services)
        house.told(services)
        recorded = [(action, outcome) for action, outcome, _ in house.log(services)[begun:]]
        if stands:
            _is_done(act, after, before)
        else:
            assert after == before
        resolved = [outcome for action, outcome in recorded if action == "document.resolved"]
        announced = (point, when) != ("announce", "before")
        settled = (point, when) == ("settle", "after")
        assert resolved == (["success" if stands else "failed"] if announced and not settled else [])
        assert _works_again(services)


def _is_done(act: str, after: house.Truth, before: house.Truth) -> None:
    match act:
        case "store":
            assert after.registered == {"old.txt": OLD, "new.txt": NEW}
        case "replace":
            assert after.registered == {"old.txt": NEW}
        case "back":
            assert after.registered == {"old.txt": OLD}
        case "translate":
            assert after.languages == {"old.txt": "en"}
        case "narrow":
            assert after.registered == {"old.txt": OLD}
            assert after.lists != before.lists
        case "remove":
            assert after.registered == {}


def _works_again(services: house.Services) -> bool:
    state = house.put(services, house.document(services, "later.txt", ("後から入れた文書です。",)))
    house.truth(services)
    return state == "stored"
