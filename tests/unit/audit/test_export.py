"""What an export consists of, and that it is whole or not there."""

from __future__ import annotations

import csv
import json
import re
import resource
import stat
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from appliance.actions import ACTIONS
from appliance.audit.export import Exported, Selection, export
from appliance.audit.log import AuditLog
from appliance.audit.manifest import Manifest
from appliance.audit.verify import MISSING, VERIFIED
from appliance.errors import (
    AuditBroken,
    ExportFolderUsed,
    ExportNotWritten,
    SelectionEmpty,
    SelectionPersonUnknown,
)
from appliance.models import Actor
from tests.unit.audit.support import NAME, START, Clock, Home, event, fill, reasons, verify


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "export"


@pytest.fixture
def filled(log: AuditLog) -> AuditLog:
    fill(log, 300)
    return log


def shown(folder: Path) -> list[int]:
    return [json.loads(line)["index"] for line in (folder / "events.jsonl").read_bytes().splitlines()]


def test_an_export_holds_the_whole_log_and_what_the_manifest_names(filled: AuditLog, out: Path) -> None:
    exported = export(filled, out, Selection())

    files = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
    assert files == [
        "events.csv",
        "events.jsonl",
        "log.vkey",
        "log/checkpoint",
        "log/tile/0/000",
        "log/tile/0/001.p/44",
        "log/tile/1/000.p/1",
        "log/tile/entries/000",
        "log/tile/entries/001.p/44",
        "manifest.json",
        "manifest.sig",
    ]
    manifest = Manifest.decode((out / "manifest.json").read_bytes())
    assert sorted(manifest.files) == [name for name in files if not name.startswith("manifest")]
    for name, entry in manifest.files.items():
        data = (out / name).read_bytes()
        assert (entry.sha256, entry.size) == (sha256(data).hexdigest(), len(data))
    assert exported == Exported(300, filled.reader.head().root.hex(), 300, 0)
    assert (manifest.origin, manifest.size, manifest.text_names) == (NAME, 300, ("question",))
    assert manifest.actions["page.opened"] == ACTIONS["page.opened"]
    assert (out / "log.vkey").read_text() == filled.key.encode() + "\n"


def test_the_untouched_export_is_verified(filled: AuditLog, out: Path) -> None:
    export(filled, out, Selection())

    code, said = verify(out, out / "log.vkey")

    assert code == 0, said
    assert f"the whole log {NAME} of 300 events as they were recorded, and shows all of them" in said


@pytest.mark.parametrize("count", [0, 1, 2, 255, 256, 257, 513])
def test_an_export_of_any_size_is_verified(log: AuditLog, out: Path, count: int) -> None:
    fill(log, count)
    export(log, out, Selection())

    code, said = verify(out, out / "log.vkey")

    assert code == 0, said
    assert shown(out) == list(range(count))


@pytest.mark.parametrize(
    ("wanted", "indexes"),
    [
        (Selection(person="p1"), list(range(1, 300, 4))),
        (Selection(start=START + timedelta(seconds=11)), list(range(10, 300))),
        (Selection(end=START + timedelta(seconds=11)), list(range(10))),
        (Selection(start=START + timedelta(seconds=11), end=START + timedelta(seconds=21)), list(range(10, 20))),
        (Selection(start=START + timedelta(seconds=11), end=START + timedelta(seconds=21), person="p3"), [11, 15, 19]),
    ],
    ids=["person", "from", "to", "between", "all"],
)
def test_a_selection_shows_its_events_and_the_log_stays_whole(
    filled: AuditLog, out: Path, wanted: Selection, indexes: list[int]
) -> None:
    exported = export(filled, out, wanted)

    assert shown(out) == indexes
    assert exported.events == len(indexes)
    code, said = verify(out, out / "log.vkey")
    assert code == 0, said
    if wanted == Selection():
        assert "whole log bank.example/audit of 300 events" in said
    else:
        assert f"Verified, as a SELECTION ({', '.join(wanted.stated.parts())})" in said
        assert f"of 300 events and shows {len(indexes)} of them" in said
    with (out / "events.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [int(row[0]) for row in list(csv.reader(file))[1:]] == indexes


def test_the_columns_of_texts_are_those_of_the_events_shown(log: AuditLog, out: Path) -> None:
    log.commit(event(0, texts={"question": "q", "answer": "a"}))
    log.commit(event(1, texts={"file_name": "秘密.pdf"}))
    export(log, out, Selection(person="p0"))

    assert Manifest.decode((out / "manifest.json").read_bytes()).text_names == ("answer", "question")
    assert "秘密".encode() not in b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    assert verify(out, out / "log.vkey")[0] == 0


@pytest.mark.parametrize("person", ["yamda", "a\udc80", ""])
def test_a_person_whom_no_event_names_is_refused(filled: AuditLog, out: Path, person: str) -> None:
    with pytest.raises(SelectionPersonUnknown, match="No event of the log is of or about"):
        export(filled, out, Selection(person=person))
    assert list(out.parent.glob("*export*")) == []


@pytest.mark.parametrize("seconds", [0, -1])
def test_a_selection_that_ends_before_it_begins_is_refused(filled: AuditLog, out: Path, seconds: int) -> None:
    with pytest.raises(SelectionEmpty, match="later than the beginning"):
        export(filled, out, Selection(start=START, end=START + timedelta(seconds=seconds)))


def test_a_persons_export_holds_the_events_about_them(filled: AuditLog, out: Path) -> None:
    about = event(2, action="session.ended", actor=Actor("service", "sessions"), details={"person": "p3"})
    index = filled.commit(about).index
    filled.commit(event(2, action="session.ended", actor=Actor("service", "sessions"), details={"person": "p1"}))

    export(filled, out, Selection(person="p3"))

    assert shown(out) == [*range(3, 300, 4), index]
    assert verify(out, out / "log.vkey")[0] == VERIFIED


def test_an_export_after_the_clock_was_set_back_is_not_older_than_its_log(home: Home, out: Path) -> None:
    clock = Clock()
    with home.open(clock) as log:
        fill(log, 3)
        clock.now -= timedelta(days=1)
        export(log, out, Selection())

    assert verify(out, out / "log.vkey")[0] == VERIFIED


def test_a_persons_export_holds_no_text_of_another(filled: AuditLog, out: Path) -> None:
    export(filled, out, Selection(person="p1"))

    everything = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file()).decode(errors="replace")
    asked = {int(number) for number in re.findall(r"ですか？ (\d+)", everything)}
    assert asked == {number for number in range(300) if number % 4 == 1 and number % 3 != 2}


def test_a_missing_text_is_null_counted_and_no_verification(home: Home, out: Path) -> None:
    with home.open() as log:
        fill(log, 9)
    home.sql("DELETE FROM audit_texts WHERE idx in (3, 4)")
    with home.open() as log:
        assert export(log, out, Selection()).missing == 2

    code, said = verify(out, out / "log.vkey")

    assert code == MISSING
    assert said.startswith("NOT verified: 2 texts are missing.")
    for index in (3, 4):
        assert f"events.jsonl is refused: text question of event {index} is missing" in said
    assert reasons(out, out / "log.vkey") == [("events.jsonl", "text-missing")] * 2
    lines = [json.loads(line) for line in (out / "events.jsonl").read_bytes().splitlines()]
    assert [line["texts"] for line in lines[3:6]] == [{"question": None}, {"question": None}, {}]


def test_what_people_asked_is_readable_by_the_owner_only(filled: AuditLog, out: Path) -> None:
    export(filled, out, Selection())

    for path in [out, *out.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_an_empty_folder_is_used_and_a_full_one_is_not(filled: AuditLog, out: Path) -> None:
    out.mkdir()
    export(filled, out, Selection())
    before = sorted(out.rglob("*"))

    with pytest.raises(ExportFolderUsed, match=f"{out} already exists and is not empty"):
        export(filled, out, Selection())
    assert sorted(out.rglob("*")) == before


def test_a_file_or_a_link_is_not_written_over(filled: AuditLog, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("file", "link"):
        with pytest.raises(ExportFolderUsed, match=name):
            export(filled, tmp_path / name, Selection())


def test_a_folder_that_cannot_be_made_leaves_nothing(filled: AuditLog, tmp_path: Path) -> None:
    with pytest.raises(ExportNotWritten, match=r"missing/export .No such file or directory.; nothing was left"):
        export(filled, tmp_path / "missing" / "export", Selection())


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file may grow beyond 20,000 bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_nothing_half_written(filled: AuditLog, out: Path, small_disk: None) -> None:
    before = sorted(out.parent.iterdir())

    with pytest.raises(ExportNotWritten, match="File too large"):
        export(filled, out, Selection())
    assert sorted(out.parent.iterdir()) == before


def test_a_log_that_no_longer_leads_to_its_root_is_not_exported(home: Home, out: Path) -> None:
    with home.open() as log:
        fill(log, 9)
        home.sql("UPDATE audit_leaves SET leaf = replace(leaf, 'success', 'aborted') WHERE idx = 3")

        with pytest.raises(AuditBroken, match="another root"):
            export(log, out, Selection())
        assert not out.exists()


def test_an_unreadable_leaf_is_not_exported(home: Home, out: Path) -> None:
    with home.open() as log:
        fill(log, 9)
        home.sql("UPDATE audit_leaves SET leaf = x'7b7d' WHERE idx = 3")

        with pytest.raises(AuditBroken, match="not the fields of a leaf"):
            export(log, out, Selection())
        assert list(out.parent.glob("*export*")) == []


def test_what_is_appended_meanwhile_is_not_half_in_the_export(log: AuditLog, out: Path) -> None:
    fill(log, 200)
    waiting = [log.submit(event(number)) for number in range(3000)]

    exported = export(log, out, Selection())

    waiting[-1].result()
    assert verify(out, out / "log.vkey")[0] == 0
    assert 200 <= exported.size <= 3200
    assert len(shown(out)) == exported.size


def test_an_action_that_left_the_catalogue_is_still_exported(
    log: AuditLog, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(log, 3)
    monkeypatch.delitem(ACTIONS, "page.opened")

    export(log, out, Selection())

    assert verify(out, out / "log.vkey")[0] == 0
    assert json.loads((out / "events.jsonl").read_bytes().splitlines()[2])["ocsf"]["type_uid"] == 0


def test_an_old_export_stays_verifiable_when_the_catalogue_changes(
    filled: AuditLog, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(filled, out, Selection())
    for name in list(ACTIONS):
        monkeypatch.delitem(ACTIONS, name)

    assert verify(out, out / "log.vkey")[0] == 0
