"""The manifest says only what it can say, in one spelling."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from appliance.actions import ACTIONS
from appliance.audit.checkpoint import Checkpoint
from appliance.audit.leaf import parse
from appliance.audit.manifest import FileEntry, Manifest, StatedSelection, contents, statement
from appliance.errors import ExportRefused
from tests.unit.audit.support import by_hand, leaf_fields

MANIFEST = Manifest(
    origin="bank.example/audit",
    size=3,
    root="ab" * 32,
    created="2026-11-24T09:00:00.000000Z",
    selection=StatedSelection("2026-01-01T00:00:00.000000Z", None, "p1"),
    events=2,
    missing=0,
    text_names=("question",),
    actions={"page.opened": ACTIONS["page.opened"]},
    files={"events.csv": FileEntry("cd" * 32, 17)},
)


def test_a_manifest_is_read_back() -> None:
    assert Manifest.decode(MANIFEST.encode()) == MANIFEST
    assert MANIFEST.encode().endswith(b"}\n")


def altered(**changes: object) -> bytes:
    value = {**json.loads(MANIFEST.encode()), **changes}
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


@pytest.mark.parametrize(
    "changes",
    [
        {"size": -1},
        {"note": {"en": "Hand it to everybody.", "ja": "どなたにもお渡しください。"}},
        {"size": "3"},
        {"size": True},
        {"events": None},
        {"root": "AB" * 32},
        {"root": "ab"},
        {"created": "today"},
        {"created": None},
        {"origin": 5},
        {"selection": None},
        {"selection": {"start": None, "end": None}},
        {"selection": {"start": "2026", "end": None, "person": None}},
        {"selection": {"start": None, "end": None, "person": 5}},
        {"selection": {"start": None, "end": None, "person": None, "group": "x"}},
        {"texts": "question"},
        {"texts": [1]},
        {"actions": []},
        {"actions": {"a": {"activity": 1, "class": 1, "en": "x"}}},
        {"actions": {"a": {"activity": 1, "class": "1", "en": "x", "ja": "y"}}},
        {"files": {"a": {"sha256": "cd" * 32, "size": 1, "mode": 0}}},
        {"files": {"a": {"sha256": "cd", "size": 1}}},
        {"files": {"a": None}},
        {"comment": "hello"},
    ],
    ids=str,
)
def test_a_manifest_of_another_shape_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ExportRefused, match="its content is malformed"):
        Manifest.decode(altered(**changes))


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (MANIFEST.encode()[:-1], "no line end"),
        (MANIFEST.encode() + b"\n", "not canonical"),
        (b" " + MANIFEST.encode(), "not canonical"),
        (b"[]\n", "not an object"),
        (b"\n", "not canonical"),
        (altered(format="appliance-export/3"), "does not know its format appliance-export/3"),
        (altered(format=None), "does not know its format None"),
    ],
)
def test_another_encoding_or_format_is_refused(data: bytes, what: str) -> None:
    with pytest.raises(ExportRefused, match=what):
        Manifest.decode(data)


def test_what_is_signed_for_a_manifest_is_never_a_checkpoint() -> None:
    for origin in ("bank.example/audit", "5", "appliance-export/2"):
        with pytest.raises(ExportRefused, match="it is not a checkpoint"):
            Checkpoint.decode(statement(origin, "ab" * 32))


def test_an_exports_files_follow_from_the_size_of_the_log() -> None:
    fixed = {"events.csv", "events.jsonl", "log.vkey", "log/checkpoint"}

    assert contents(0) == fixed
    assert contents(1) == fixed | {"log/tile/0/000.p/1", "log/tile/entries/000.p/1"}
    assert len(contents(70_000)) == 4 + 274 * 2 + 2 + 1


def test_a_selection_takes_its_first_moment_and_not_its_last() -> None:
    leaf = parse(by_hand(leaf_fields(0)))

    assert StatedSelection(start=leaf.time).admits(leaf)
    assert not StatedSelection(end=leaf.time).admits(leaf)
    assert not StatedSelection(start=leaf.time, person="p2").admits(leaf)
    assert replace(MANIFEST.selection, start=None).admits(leaf)
