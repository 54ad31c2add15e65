"""What the log says when the appliance starts and stops."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from appliance.audit.log import AuditLog
from appliance.audit.reading import EventFilter, LoggedEvent
from tests.unit.flows import house


def started(folder: Path) -> Sequence[LoggedEvent]:
    """Start and stop once; what the log holds then of both, oldest first."""
    with house.opened(folder) as services:
        size = services.audit.reader.head().size
    with AuditLog.open(folder / "data/audit.db", folder / "keys/audit.key") as log:
        events = tuple(reversed(log.reader.events(EventFilter(), limit=20, texts=True)))
    return [event for event in events if event.index >= size - 2]


def change(folder: Path, old: str, new: str) -> None:
    """Another line in the file of people."""
    file = folder / "people.toml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def test_the_first_start_records_everybody(tmp_path: Path) -> None:
    house.home(tmp_path)

    loaded, people, *_, stopped = started(tmp_path)

    digest = hashlib.sha256((tmp_path / "people.toml").read_bytes()).hexdigest()
    assert (loaded.action, loaded.details["people_sha256"]) == ("settings.loaded", digest)
    assert loaded.details["settings"]["identity"] == "demo"  # type: ignore[index,call-overload]
    assert (people.action, people.details["removed"], people.details["changed"]) == ("people.changed", 0, 0)
    assert people.details["added"] == len(json.loads(people.texts["people"] or ""))
    assert (stopped.action, stopped.outcome) == ("service.stopped", "success")


def test_a_start_with_the_same_people_says_nothing_of_them(tmp_path: Path) -> None:
    house.home(tmp_path)
    started(tmp_path)
    (tmp_path / "people.toml").write_text((tmp_path / "people.toml").read_text("utf-8") + "\n# a remark\n", "utf-8")

    actions = [event.action for event in started(tmp_path)]

    assert actions[-2:] == ["settings.loaded", "service.stopped"]


def test_who_was_given_another_clearance_is_named_with_before_and_after(tmp_path: Path) -> None:
    house.home(tmp_path)
    first = started(tmp_path)[1]
    change(tmp_path, 'clearance = "internal"', 'clearance = "confidential"')

    (event,) = [event for event in started(tmp_path) if event.action == "people.changed"]

    assert (event.details["added"], event.details["removed"], event.details["changed"]) == (0, 0, 1)
    assert event.details["before"] == first.details["people_sha256"]
    ((name, pair),) = json.loads(event.texts["people"] or "").items()
    assert (pair["before"]["clearance"], pair["now"]["clearance"]) == ("internal", "confidential")
    assert name not in str(dict(event.details))


def test_who_was_added_and_who_is_gone_is_named(tmp_path: Path) -> None:
    house.home(tmp_path)
    started(tmp_path)
    change(tmp_path, 'id = "suzuki"', 'id = "shimizu"')

    (event,) = [event for event in started(tmp_path) if event.action == "people.changed"]

    assert (event.details["added"], event.details["removed"], event.details["changed"]) == (1, 1, 0)
    people = json.loads(event.texts["people"] or "")
    assert people["suzuki"]["now"] is None
    assert people["shimizu"]["before"] is None
    assert people["shimizu"]["now"]["groups"] == ["g-hr", "g-staff"]


def test_what_nobody_was_refused_is_recorded_before_the_end(tmp_path: Path) -> None:
    from appliance.refusals import Refusal

    with house.opened(tmp_path) as services:
        for _ in range(3):
            services.refusals.submit(Refusal("access.denied", "10.0.0.1", "sign-in-needed", 401, {}, {}))
    with AuditLog.open(tmp_path / "data/audit.db", tmp_path / "keys/audit.key") as log:
        stopped, counted, first = log.reader.events(EventFilter(), limit=3)

    assert (stopped.action, counted.details["count"], first.details["count"]) == ("service.stopped", 2, 1)
