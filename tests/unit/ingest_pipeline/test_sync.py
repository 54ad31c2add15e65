"""`ingest` on real trees: what it takes in, what it leaves, what it removes, and what it says of each file."""

from __future__ import annotations

import io
import json
import os
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from appliance.connect import Connection
from appliance.errors import ApiProblem
from appliance.store.registry import Entry
from ingest import pipeline as module
from ingest.converted import Limits
from ingest.discover import Survey
from ingest.original import read_original
from ingest.sandbox import convert_file
from tests.unit.flows import house
from tests.unit.ingest import confined
from tests.unit.ingest_pipeline.conftest import MANIFEST, Bench

RULE = "在宅勤務の申請は前週の木曜日までに行う。\n"


def many(bench: Bench, count: int) -> None:
    for n in range(count):
        bench.write(f"規則{n:02}.txt", f"第{n}号の規則です。{RULE}")


def entry(bench: Bench, path: str) -> Entry:
    with house.opened(bench.home) as services:
        found = services.registry.at("c", path)
        assert found is not None
        return found


# --- in step with the folder -----------------------------------------------------------------------------------------


def test_new_changed_and_unchanged_files_are_told_apart(bench: Bench) -> None:
    many(bench, 3)
    assert set(bench.sync().states.values()) == {"stored"}
    bench.write("規則01.txt", "改めた規則です。")
    bench.write("規則03.txt", "新しい規則です。")
    ended = bench.sync()
    assert ended.code == 0
    assert ended.states == {
        "規則00.txt": "unchanged", "規則01.txt": "replaced", "規則02.txt": "unchanged", "規則03.txt": "stored",
    }  # fmt: skip
    assert bench.truth().registered["規則01.txt"] == "改めた規則です。"


def test_a_second_run_changes_nothing_also_with_every_key_of_the_manifest_in_use(bench: Bench) -> None:
    bench.write(
        "collection.toml",
        'language = "ja"\nclassification = "restricted"\ngroups = ["全行員", "人事部"]\ndenied = ["派遣・委託"]\n'
        'compartments = ["x", "a"]\n[[override]]\npath = "*1.txt"\nlanguage = "en"\nvalid_from = 2025-06-02\n'
        "valid_until = 2035-09-30\n",
    )
    many(bench, 3)
    bench.sync()
    before = bench.truth()
    assert set(bench.sync().states.values()) == {"unchanged"}
    assert bench.truth() == before


def test_changed_rights_move_the_document_without_embedding_it_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(bench, 2)
    bench.sync()
    bench.write("collection.toml", MANIFEST + '[[override]]\npath = "規則00.txt"\ngroups = ["人事部"]\n')
    monkeypatch.setattr(module, "convert_file", None)
    assert bench.sync().states == {"規則00.txt": "access-changed", "規則01.txt": "unchanged"}
    assert entry(bench, "規則00.txt").access.groups == house.HR
    assert set(bench.sync().states.values()) == {"unchanged"}
    bench.truth()


def test_a_changed_language_in_the_manifest_reaches_the_stored_document(bench: Bench) -> None:
    many(bench, 2)
    bench.sync()
    bench.write("collection.toml", MANIFEST + '[[override]]\npath = "規則00.txt"\nlanguage = "en"\n')
    assert bench.sync().states == {"規則00.txt": "replaced", "規則01.txt": "unchanged"}
    assert entry(bench, "規則00.txt").document.language == "en"
    assert set(bench.sync().states.values()) == {"unchanged"}
    bench.truth()


def test_a_title_that_was_given_elsewhere_does_not_make_a_file_look_changed(bench: Bench) -> None:
    many(bench, 1)
    bench.sync()
    with house.opened(bench.home) as services:
        found = services.registry.at("c", "規則00.txt")
        assert found is not None
        from appliance.store import changes

        change = changes.Change("case", "describe", found.document.key, found.document.version)
        changes.announce(services.registry, change)
        new = house.document(services, "規則00.txt", ("x",), title="別の題名")
        changes.describe(services.registry, replace(new, version=found.document.version), case="case")
        changes.settle(services.registry, "case")
    assert bench.sync().states == {"規則00.txt": "unchanged"}
    assert entry(bench, "規則00.txt").document.title == "別の題名"


def test_a_moved_file_is_stored_where_it_is_and_removed_where_it_was(bench: Bench) -> None:
    many(bench, 12)
    bench.sync()
    (bench.root / "移動先").mkdir()
    (bench.root / "規則05.txt").rename(bench.root / "移動先/規則05.txt")
    ended = bench.sync()
    assert ended.code == 0
    assert (ended.states["規則05.txt"], ended.states["移動先/規則05.txt"]) == ("removed", "stored")
    assert "移動先/規則05.txt" in bench.truth().registered
    assert "規則05.txt" not in bench.truth().registered


def test_add_takes_in_one_file_and_removes_none(bench: Bench) -> None:
    many(bench, 3)
    bench.sync()
    (bench.root / "規則00.txt").unlink()
    bench.write("下/規則9.txt", RULE)
    ended = bench.ingest("add", str(bench.root / "下/規則9.txt"), "--collection", "c", "--json")
    assert (ended.code, ended.states) == (0, {"下/規則9.txt": "stored"})
    assert len(bench.truth().registered) == 4


def test_remove_takes_a_document_out_by_its_path(bench: Bench) -> None:
    many(bench, 2)
    bench.sync()
    ended = bench.ingest("remove", "規則00.txt", "--collection", "c", "--json")
    assert (ended.code, ended.states) == (0, {"規則00.txt": "removed"})
    assert set(bench.truth().registered) == {"規則01.txt"}


def test_remove_says_what_it_removed_before_a_path_that_is_not_there(bench: Bench) -> None:
    many(bench, 2)
    bench.sync()
    ended = bench.ingest("remove", "規則00.txt", "nothing.txt", "規則01.txt", "--collection", "c", "--json")
    assert (ended.code, ended.states) == (5, {"規則00.txt": "removed"})
    assert "c/nothing.txt" in ended.err
    assert set(bench.truth().registered) == {"規則01.txt"}


def test_status_lists_what_the_collection_holds(bench: Bench) -> None:
    many(bench, 2)
    bench.sync()
    ended = bench.ingest("status", "--collection", "c", "--json")
    assert [row["path"] for row in ended.rows.values()] == ["規則00.txt", "規則01.txt"]
    assert "規則00.txt" in bench.ingest("status", "--collection", "c").out


# --- removals --------------------------------------------------------------------------------------------------------


def test_more_than_a_tenth_missing_stops_and_changes_nothing(bench: Bench) -> None:
    many(bench, 10)
    bench.sync()
    for n in (3, 4):
        (bench.root / f"規則{n:02}.txt").unlink()
    bench.write("規則00.txt", "改めた規則です。")
    before = bench.truth()
    ended = bench.sync()
    stopped = json.loads(ended.out)["stopped"]
    assert (ended.code, stopped["code"]) == (11, "too-many-removals")
    assert stopped["removals"] == ["規則03.txt", "規則04.txt"]
    assert "2 of the collection's 10 documents are not in the folder:\n  規則03.txt\n  規則04.txt\n" in ended.err
    assert "Nothing was removed" in ended.err
    assert "--yes" in ended.err
    assert bench.truth() == before


def test_a_tenth_missing_is_removed_without_asking(bench: Bench) -> None:
    many(bench, 10)
    bench.sync()
    (bench.root / "規則03.txt").unlink()
    ended = bench.sync()
    assert (ended.code, ended.states["規則03.txt"]) == (0, "removed")
    assert len(bench.truth().registered) == 9


@pytest.mark.parametrize("options", [("--yes",), ("--max-removals", "50")])
def test_many_removals_are_done_when_they_are_meant(bench: Bench, options: tuple[str, ...]) -> None:
    many(bench, 4)
    bench.sync()
    for n in (0, 1):
        (bench.root / f"規則{n:02}.txt").unlink()
    ended = bench.sync(*options)
    assert ended.code == 0
    assert set(bench.truth().registered) == {"規則02.txt", "規則03.txt"}


@pytest.mark.parametrize("fault", ["empty", "missing", "a file", "no manifest"])
def test_a_folder_that_is_not_believed_removes_nothing(bench: Bench, fault: str) -> None:
    many(bench, 3)
    bench.sync()
    before = bench.truth()
    bench.root.rename(bench.root.with_name("away"))
    if fault == "empty":
        bench.root.mkdir()
    elif fault == "a file":
        bench.root.write_text("x")
    elif fault == "no manifest":
        bench.write("規則00.txt", RULE)
    ended = bench.sync("--yes")
    assert (ended.code, ended.out) == (3, "")
    assert str(bench.root) in ended.err
    assert bench.truth() == before


def test_a_folder_with_its_manifest_alone_removes_nothing(bench: Bench) -> None:
    many(bench, 3)
    bench.sync()
    before = bench.truth()
    for file in bench.root.glob("*.txt"):
        file.unlink()
    assert bench.sync("--yes").code == 3
    assert bench.truth() == before


# --- looking without touching ----------------------------------------------------------------------------------------


def test_check_says_what_sync_would_do_and_does_none_of_it(bench: Bench) -> None:
    many(bench, 3)
    bench.sync()
    (bench.root / "規則00.txt").unlink()
    bench.write("規則01.txt", "改めた規則です。")
    bench.write("壊れた.pdf", "%PDF-1.7 no more")
    bench.write("collection.toml", MANIFEST + '[[override]]\npath = "規則02.txt"\ngroups = ["人事部"]\n')
    before = bench.truth()
    ended = bench.ingest("check", str(bench.root), "--collection", "c", "--json")
    assert ended.code == 10
    assert ended.states == {
        "規則00.txt": "would-remove", "規則01.txt": "would-store", "規則02.txt": "would-change-access",
        "壊れた.pdf": "failed",
    }  # fmt: skip
    assert bench.truth() == before


# --- files that fail -------------------------------------------------------------------------------------------------


def test_a_bad_file_is_a_row_with_its_reason_and_the_others_come_in(bench: Bench) -> None:
    many(bench, 2)
    bench.write("壊れた.pdf", "%PDF-1.7 no more")
    bench.write("画像.png", "x")
    ended = bench.sync()
    assert ended.code == 10
    assert ended.states["規則00.txt"] == ended.states["規則01.txt"] == "stored"
    for path in ("壊れた.pdf", "画像.png"):
        row = ended.rows[path]
        assert row["state"] == "failed"
        assert row["code"]
        assert path.split("/")[-1] in row["reason"]
    assert set(bench.truth().registered) == {"規則00.txt", "規則01.txt"}


def test_a_file_that_fails_keeps_its_stored_version(bench: Bench) -> None:
    many(bench, 2)
    bench.sync()
    (bench.root / "規則00.txt").write_bytes(b"\x00\x01\x02\xff\xfe" * 100)
    before = bench.truth()
    bench.sync()
    assert bench.truth().registered["規則01.txt"] == before.registered["規則01.txt"]
    assert "規則00.txt" in bench.truth().registered


UNREADABLE = b"\x00\x01\x02\xff\xfe" * 100


@pytest.mark.parametrize("options", [(), ("--fail-fast",)])
def test_access_is_taken_away_also_where_the_file_fails_in_the_same_run(bench: Bench, options: tuple[str, ...]) -> None:
    """The override was mistyped, and everybody could read it; since then the file has gone bad."""
    many(bench, 2)
    bench.write("secret/a.md", "# 役員報酬\n\n内規です。\n")
    bench.sync()
    bench.write("collection.toml", MANIFEST + '[[override]]\npath = "secret/**"\ngroups = ["人事部"]\n')
    (bench.root / "secret/a.md").write_bytes(UNREADABLE)
    ended = bench.sync(*options)
    assert entry(bench, "secret/a.md").access.groups == house.HR
    assert ended.code == (3 if options else 10)
    if not options:
        row = ended.rows["secret/a.md"]
        assert row["state"] == "failed"
        assert "The version stored before stays; who sees it: Human Resources; Internal." in row["reason"]
        assert "what this run changed it to" in row["reason"]


def test_access_is_taken_away_before_the_first_file_is_converted(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    many(bench, 3)
    bench.sync()
    bench.write("collection.toml", MANIFEST.replace('"internal"', '"confidential"'))
    bench.write("規則00.txt", "改めた規則です。")

    def broken_off(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "read_original", broken_off)
    assert bench.sync().code == 130
    assert {entry(bench, f"規則{n:02}.txt").access.classification.word for n in range(3)} == {"confidential"}


def test_access_is_taken_away_from_what_lies_behind_a_closed_folder(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write("規則.txt", RULE)
    bench.write("中/規則.txt", RULE)
    bench.sync()
    bench.write("collection.toml", MANIFEST.replace('"internal"', '"restricted"'))
    shutil.rmtree(bench.root / "中")
    (bench.root / "中").symlink_to(bench.root / "none")
    real = Survey.gone
    monkeypatch.setattr(Survey, "gone", lambda self, path: not path.startswith("中/") and real(self, path))
    assert bench.sync().states["中/規則.txt"] == "access-changed"
    assert entry(bench, "中/規則.txt").access.classification.word == "restricted"


def test_what_the_manifest_gives_in_addition_waits_for_the_new_content(bench: Bench) -> None:
    """Something may have been taken out of it before more people were let in."""
    bench.write("collection.toml", MANIFEST.replace("全行員", "人事部"))
    many(bench, 2)
    bench.sync()
    bench.write("collection.toml", MANIFEST.replace('"全行員"', '"全行員", "人事部"'))
    (bench.root / "規則00.txt").write_bytes(UNREADABLE)
    ended = bench.sync()
    assert entry(bench, "規則00.txt").access.groups == house.HR
    assert entry(bench, "規則01.txt").access.groups == house.HR | house.STAFF
    assert "who sees it: Human Resources; Internal." in ended.rows["規則00.txt"]["reason"]
    assert ended.states["規則01.txt"] == "access-changed"


def test_access_is_taken_away_though_a_denied_group_is_gone(bench: Bench) -> None:
    bench.write("collection.toml", MANIFEST + 'denied = ["派遣・委託"]\n')
    many(bench, 1)
    bench.sync()
    people = bench.home / "people.toml"
    without = people.read_text(encoding="utf-8").replace('["g-partners"]', "[]")
    people.write_text(
        without.replace('[[group]]\nid = "g-partners"\nname = "派遣・委託"\nname_en = "Contractors"\n', "")
    )
    bench.write("collection.toml", MANIFEST.replace("全行員", "人事部"))
    (bench.root / "規則00.txt").write_bytes(UNREADABLE)
    assert bench.sync().code == 10
    assert entry(bench, "規則00.txt").access.groups == house.HR


def test_add_takes_away_access_of_what_it_was_given_alone(bench: Bench) -> None:
    many(bench, 2)
    bench.sync()
    bench.write("collection.toml", MANIFEST.replace("全行員", "人事部"))
    (bench.root / "規則00.txt").write_bytes(UNREADABLE)
    bench.ingest("add", str(bench.root / "規則00.txt"), "--collection", "c", "--json")
    assert entry(bench, "規則00.txt").access.groups == house.HR
    assert entry(bench, "規則01.txt").access.groups == house.STAFF


def test_a_check_says_what_would_be_taken_away_and_takes_nothing(bench: Bench) -> None:
    many(bench, 1)
    bench.sync()
    bench.write("collection.toml", MANIFEST.replace("全行員", "人事部"))
    (bench.root / "規則00.txt").write_bytes(UNREADABLE)
    ended = bench.ingest("check", str(bench.root), "--collection", "c", "--json")
    assert "Human Resources; Internal. That is what sync will change it to." in ended.rows["規則00.txt"]["reason"]
    assert entry(bench, "規則00.txt").access.groups == house.STAFF


def test_check_and_status_say_who_will_see_what(bench: Bench) -> None:
    bench.write(
        "collection.toml",
        MANIFEST + '[[override]]\npath = "規則00.txt"\ngroups = ["人事部"]\ndenied = ["Contractors"]\n'
        'compartments = ["mergr"]\nvalid_until = 2035-09-30\n',
    )
    many(bench, 2)
    seen = {
        "groups": ["Human Resources"], "classification": "internal", "compartments": ["mergr"],
        "denied": ["Contractors"], "valid_from": None, "valid_until": "2035-09-30T15:00:00+00:00",
    }  # fmt: skip
    line = "Seen by: Human Resources; Internal; compartments mergr; not Contractors; until 2035-09-30T15:00"
    warning = "Nobody holds the compartment mergr: nobody will see this."

    before = bench.ingest("check", str(bench.root), "--collection", "c")
    row = bench.ingest("check", str(bench.root), "--collection", "c", "--json").rows["規則00.txt"]
    synced = bench.sync().rows["規則00.txt"]
    after = bench.ingest("check", str(bench.root), "--collection", "c")
    status = bench.ingest("status", "--collection", "c")
    stored = bench.ingest("status", "--collection", "c", "--json").rows["規則00.txt"]

    for said in (before.out, after.out, status.out):
        assert line in said.replace("\n", " ").replace("  ", " ") or line.split("; until", maxsplit=1)[0] in said
    for said in (before.out, after.out):
        assert "Seen by: All staff; Internal" in said, "also of what is unchanged"
        assert "Nobody holds the compartment mergr" in said
    assert row["seen_by"] == synced["seen_by"] == stored["seen_by"] == seen
    assert any(warning in note for note in row["notes"])
    assert any(warning in note for note in synced["notes"])


def test_status_without_a_collection_lists_them(bench: Bench) -> None:
    many(bench, 1)
    bench.sync()
    assert bench.ingest("status").out == "c\n"
    assert json.loads(bench.ingest("status", "--json").out) == ["c"]


@pytest.mark.parametrize("name", ["A B", "../x", "a/b", "", "..", "-x", "\udcff", "x" * 101])
def test_a_name_of_no_collection_is_refused_before_anything_is_opened(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("appliance.connect.connect", None)
    ended = bench.ingest("status", "--collection", name)
    assert (ended.code, ended.out) == (3, "")
    assert "No collection can be called" in ended.err


def test_fail_fast_ends_at_the_first_failure_and_still_reports(bench: Bench) -> None:
    bench.write("0.txt", RULE)
    bench.sync()
    bench.write("1.pdf", "%PDF-1.7 no more")
    for n in range(2, 9):
        bench.write(f"{n}.txt", f"{n}{RULE}")
    ended = bench.sync("--fail-fast")
    assert ended.code == 3
    assert "1.pdf" in ended.err
    assert set(bench.truth().registered) < {"0.txt", *(f"{n}.txt" for n in range(2, 9))}


def test_a_file_that_vanishes_while_it_is_read_is_a_row(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    many(bench, 3)

    def read(found: Any, file: Any) -> Any:
        if file.path == "規則01.txt":
            os.unlink(found.root / file.path)
        return read_original(found, file)

    monkeypatch.setattr(module, "read_original", read)
    ended = bench.sync()
    assert ended.code == 10
    assert (ended.rows["規則01.txt"]["state"], ended.rows["規則01.txt"]["code"]) == ("failed", "file-gone")
    assert set(bench.truth().registered) == {"規則00.txt", "規則02.txt"}


@pytest.mark.parametrize(
    ("manifest", "named"),
    [
        ('language = "ja"\nclassification = "internal"\ngroups = ["存在しない部"]\n', "存在しない部"),
        ('language = "ja"\nclassification = "internal"\ngroups = []\n', "groups"),
        ('language = "ja"\nclassification = "internal"\ngruops = ["全行員"]\n', "gruops"),
    ],
)
def test_a_manifest_that_cannot_be_meant_stops_the_run(bench: Bench, manifest: str, named: str) -> None:
    many(bench, 2)
    bench.write("collection.toml", manifest)
    ended = bench.sync()
    assert (ended.code, ended.out) == (3, "")
    assert named in ended.err
    assert bench.truth().registered == {}


def test_what_the_api_refuses_of_one_file_is_its_row(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    many(bench, 2)

    def refuse(self: Connection, path: str, files: Any) -> Any:
        raise ApiProblem(code="document-invalid", message=f"{path} contradicts itself")

    monkeypatch.setattr(Connection, "upload", refuse)
    ended = bench.sync()
    assert ended.code == 10
    assert {row["code"] for row in ended.rows.values()} == {"document-invalid"}


@pytest.mark.parametrize(
    ("code", "ends"), [("index-unavailable", 7), ("audit-unavailable", 7), ("embedder-mismatch", 6)]
)
def test_what_concerns_every_file_ends_the_run_and_what_was_stored_is_reported(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, code: str, ends: int
) -> None:
    many(bench, 20)
    upload, calls = Connection.upload, list[str]()

    def refuse(self: Connection, path: str, files: Any) -> Any:
        calls.append(path)
        if len(calls) == 3:
            raise ApiProblem(code=code, message="it is down")
        return upload(self, path, files)

    with monkeypatch.context() as broken:
        broken.setattr(Connection, "upload", refuse)
        ended = bench.sync()
    assert ended.code == ends
    assert ended.err == "ingest: it is down\n"
    assert list(ended.states.values()) == ["stored", "stored"]
    assert len(bench.truth().registered) == 2
    states = list(bench.sync().states.values())
    assert (states.count("unchanged"), states.count("stored")) == (2, 18)


# --- what people read ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ja", ["登録  規則00.txt（断片 1）", "失敗  壊れた.pdf", "登録 1、失敗 1"]),
        ("en", ["stored  規則00.txt (1 chunks)", "failed  壊れた.pdf", "stored 1, failed 1"]),
    ],
)
def test_the_report_is_in_the_language_set(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, language: str, words: list[str]
) -> None:
    monkeypatch.setenv("APPLIANCE_LANGUAGE", language)
    many(bench, 1)
    bench.write("壊れた.pdf", "%PDF-1.7 no more")
    out = bench.ingest("sync", str(bench.root), "--collection", "c").out
    for word in words:
        assert word in out
    assert "\x1b" not in out


def test_acting_characters_in_a_name_do_not_act_in_the_report(bench: Bench) -> None:
    bench.write("a\x1b[31m\u202eb.txt", RULE)
    ended = bench.ingest("sync", str(bench.root), "--collection", "c")
    assert "\x1b" not in ended.out + ended.err
    assert "\u202e" not in ended.out + ended.err


def test_an_installation_that_is_not_there_is_named(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("APPLIANCE_HOME", str(tmp_path / "nowhere"))
    ended = bench.sync()
    assert (ended.code, ended.out) == (3, "")
    assert str(tmp_path / "nowhere") in ended.err


@pytest.mark.parametrize(("megabytes", "state"), [("1", "failed"), ("2", "would-store")])
def test_the_largest_document_is_what_the_settings_say(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, megabytes: str, state: str
) -> None:
    bench.write("大きい.html", f"<html><!--{'x' * (3 << 19)}--><body>{RULE}")
    monkeypatch.setenv("APPLIANCE_UPLOAD_MEGABYTES", megabytes)

    [row] = bench.ingest("check", str(bench.root), "--collection", "c", "--json").rows.values()

    assert row["state"] == state
    assert ("at most 1 MB" in (row["reason"] or "")) == (state == "failed")


def test_a_file_as_large_as_the_settings_allow_gets_through_every_limit() -> None:
    limits = Limits.for_files_of(400 << 20)

    assert limits.input == 400 << 20
    assert limits.memory >= 2 * limits.input


@pytest.mark.parametrize(("guards", "state"), [("required", "failed"), ("as-available", "stored")])
def test_without_the_guards_of_conversion_nothing_is_taken_in_unless_the_settings_say_so(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, guards: str, state: str
) -> None:
    bench.write("規則.txt", RULE)
    monkeypatch.setenv("APPLIANCE_CONVERSION_GUARDS", guards)
    without = confined.child(confined.unguarded("files", "system-calls") + "main()")
    monkeypatch.setattr(module, "convert_file", partial(convert_file, child=without))

    ended = bench.sync()

    assert ended.states == {"規則.txt": state}
    if state == "failed":
        assert ended.rows["規則.txt"]["code"] == "conversion-unguarded"
        assert "missing files, system-calls" in ended.rows["規則.txt"]["reason"]


# --- names, hints and notes ------------------------------------------------------------------------------------------


def test_of_many_removals_the_first_ten_are_named(bench: Bench) -> None:
    many(bench, 12)
    bench.sync()
    bench.write("残る.txt", RULE)
    for n in range(12):
        (bench.root / f"規則{n:02}.txt").unlink()
    err = bench.sync().err
    assert err.count("  規則") == 10
    assert "and 2 more" in err


@pytest.mark.parametrize(("answer", "left"), [("n", 2), ("y", 1)])
def test_somebody_at_a_terminal_is_shown_the_names_and_asked(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, answer: str, left: int
) -> None:
    many(bench, 2)
    bench.sync()
    (bench.root / "規則01.txt").unlink()
    monkeypatch.setenv("APPLIANCE_LANGUAGE", "ja")

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal(f"{answer}\n"))
    ended = bench.sync()
    assert "文書群の 2 件のうち、次の 1 件がフォルダーにありません。\n  規則01.txt\n削除しますか [y/N]" in ended.err
    assert ("削除しませんでした" in ended.err) is (answer == "n")
    assert len(bench.truth().registered) == left


@pytest.mark.parametrize(
    ("language", "words"),
    [("ja", ["文書群 ない はありません", "ある文書群: c"]), ("en", ["no collection ない", "Collections: c"])],
)
def test_the_status_of_a_collection_that_is_not_there_says_so(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, language: str, words: list[str]
) -> None:
    many(bench, 1)
    bench.sync()
    monkeypatch.setenv("APPLIANCE_LANGUAGE", language)
    ended = bench.ingest("status", "--collection", "ない")
    assert (ended.code, ended.out) == (5, "")
    for word in words:
        assert word in ended.err


def test_a_document_to_be_removed_that_is_spelled_otherwise_is_offered(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write("議事録/ﾐｰﾃｨﾝｸﾞ 11月.txt", RULE)
    bench.write("規則.txt", RULE)
    bench.sync()
    monkeypatch.setenv("APPLIANCE_LANGUAGE", "ja")
    ended = bench.ingest("remove", "議事録/ミーティング 11月.txt", "--collection", "c")
    assert ended.code == 5
    assert "登録されていないため、削除していません。近い名前: 議事録/ﾐｰﾃｨﾝｸﾞ 11月.txt。" in ended.err
    assert "閲覧できる" not in ended.err
    assert len(bench.truth().registered) == 2


@pytest.mark.parametrize("command", ["sync", "check"])
def test_a_folder_that_is_not_there_is_said_to_be_missing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("APPLIANCE_LANGUAGE", "ja")
    ended = bench.ingest(command, "/no/such/folder", "--collection", "c")
    assert ended.code == 3
    assert "フォルダー /no/such/folder がありません" in ended.err
    assert "collection.toml" not in ended.err


def test_a_remark_stands_beneath_its_document_on_one_line_in_a_pipe(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APPLIANCE_LANGUAGE", "ja")
    bench.write("画像.ppt", "x")
    lines = bench.ingest("sync", str(bench.root), "--collection", "c").out.splitlines()
    assert lines[0] == "失敗  画像.ppt"
    assert lines[1].startswith("      画像.ppt は読み取れません（拡張子 .ppt のファイルには対応していません）。PDF, ")


def test_a_note_is_told_as_long_as_the_version_stands(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPLIANCE_LANGUAGE", "ja")
    (bench.root / "規則.txt").write_bytes(RULE.encode("cp932"))
    note = "文字コード cp932 として読み取りました。"
    assert note in bench.ingest("sync", str(bench.root), "--collection", "c").out
    bench.sync()
    out = bench.ingest("status", "--collection", "c").out
    assert f"規則.txt\n    {note}\n" in out
    held = json.loads(bench.ingest("status", "--collection", "c", "--json").out)
    assert held[0]["notes"] == [{"code": "encoding", "ja": note, "en": "Read as cp932."}]
    bench.write("規則.txt", RULE)
    bench.sync()
    assert note not in bench.ingest("status", "--collection", "c").out


def test_the_status_is_in_the_words_of_the_portal(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    many(bench, 1)
    bench.sync()
    monkeypatch.setenv("APPLIANCE_LANGUAGE", "ja")
    out = bench.ingest("status", "--collection", "c").out
    for word in ("文書", "題名", "取扱区分", "グループ", "言語", "社内限", "全行員", "日本語"):
        assert word in out
    assert "internal" not in out
    assert "g-staff" not in out
