"""The catalogue and the events that are made: neither says anything that the other does not."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from appliance.actions import ACTIONS, RECORDS
from appliance.acts import act
from appliance.errors import AuditEventInvalid
from appliance.fields import COMMON, KINDS, Field, fault
from appliance.models import Actor

ROOT = Path(__file__).parents[3]
PERSON = Actor("person", "yamada")
OPENED = {"document": "d" * 32, "version": "a" * 64, "part": 1}
_NAME = re.compile(r"[a-z]+\.[a-z]+")


def calls(name: str) -> list[tuple[Path, ast.Call]]:
    """Every call of a function or class of this name in the product."""
    found = []
    for path in sorted((ROOT / "appliance").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called == name:
                    found.append((path.relative_to(ROOT), node))
    return found


def words() -> set[str]:
    """Every constant of the product, apart from the catalogue, that looks like the name of an action."""
    found = set()
    for path in (ROOT / "appliance").rglob("*.py"):
        if path.name != "actions.py":
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and _NAME.fullmatch(node.value):
                    found.add(node.value)
    return found


def test_events_are_made_in_one_place_alone() -> None:
    assert [str(path) for path, _ in calls("AuditEvent")] == ["appliance/acts.py"]


def test_every_action_that_is_recorded_stands_in_the_catalogue() -> None:
    named = [(path, call.args[0]) for name in ("act", "_commit") for path, call in calls(name)]
    literal = {arg.value for _, arg in named if isinstance(arg, ast.Constant)}
    assert literal - set(ACTIONS) == set()
    assert len(literal) > 20


def test_every_action_of_the_catalogue_is_recorded_somewhere() -> None:
    assert set(ACTIONS) - words() == set()


def test_every_kind_and_every_text_of_the_catalogue_says_what_it_means() -> None:
    def walk(fields: tuple[Field, ...]) -> None:
        for field in fields:
            assert field.kind in KINDS
            assert field.meaning
            assert (field.kind in ("record", "rows")) == bool(field.inner), field
            walk(field.inner)

    walk(COMMON)
    for record in RECORDS.values():
        walk(record.fields)
        assert all(record.texts.values())
        assert record.actors
        assert record.outcomes


def test_an_event_as_it_is_declared_is_made() -> None:
    event = act("page.opened", "success", PERSON, "c1", OPENED)

    assert (event.action, event.actor, event.details) == ("page.opened", PERSON, OPENED)


def test_the_session_and_who_acted_in_a_persons_name_become_fields() -> None:
    event = act("page.opened", "success", Actor("person", "suzuki", "5e55", "uid:0"), "c1", OPENED)

    assert (event.details["session"], event.details["by"]) == ("5e55", "uid:0")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"action": "page.opend"}, "not in appliance.actions"),
        ({"outcome": "aborted"}, "aborted is no outcome of it"),
        ({"actor": Actor("nobody", "-")}, "nobody does not do this"),
        ({"texts": {"note": "x"}}, "the text note is not declared"),
        ({"details": {**OPENED, "score": 0.5}}, "score is not declared"),
        ({"details": {**OPENED, "part": 1.0}}, "part: it is no number"),
        ({"details": {**OPENED, "part": True}}, "part: it is no number"),
        ({"details": {**OPENED, "version": "newest"}}, "version: it is no hash"),
        ({"details": {"document": "d"}}, "version is missing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_event_that_says_something_else_is_refused(changed: dict[str, object], why: str) -> None:
    made = {"action": "page.opened", "outcome": "success", "actor": PERSON, "case": "c1", "details": OPENED, **changed}
    with pytest.raises(AuditEventInvalid, match=why):
        act(**made)  # type: ignore[arg-type]


def test_fields_inside_records_and_rows_are_checked_too() -> None:
    inner = (Field("n", "number", "a number"),)
    rows, record = (Field("r", "rows", "rows", True, inner),), (Field("r", "record", "record", True, inner),)

    assert fault(rows, {"r": [{"n": 1}, {"n": 2}]}) == ""
    assert fault(rows, {"r": [{"n": 1}, {"n": 0.5}]}) == "r: n: it is no number"
    assert fault(rows, {"r": "text"}) == "r: no list of records"
    assert fault(record, {"r": {"n": 1, "cosine": 1}}) == "r: cosine is not declared"
    assert fault(record, {"r": [1]}) == "r: no record"


@pytest.mark.parametrize("sentence", ["a sentence", "質問 です", "two\nlines", ""])
def test_a_word_is_no_sentence(sentence: str) -> None:
    assert fault((Field("w", "word", "a word"),), {"w": sentence}) == "w: it is no word"


def test_no_kind_takes_a_fraction() -> None:
    for kind in KINDS:
        if kind not in ("record", "rows"):
            assert fault((Field("x", kind, "anything"),), {"x": 0.8731}) != ""
            assert fault((Field("x", kind, "anything"),), {"x": [0.8731]}) != ""


def test_a_field_that_may_be_missing_may_be_null() -> None:
    field = (Field("t", "time", "a time", False),)
    assert fault(field, {}) == fault(field, {"t": None}) == fault(field, {"t": "2026-11-24T09:00:00+09:00"}) == ""
    assert fault(field, {"t": "yesterday"}) == "t: it is no time"


def test_the_reference_names_every_field_of_every_action() -> None:
    page = (ROOT / "infra/reference/audit-actions.md").read_text("utf-8")
    for name, record in RECORDS.items():
        part = page.partition(f"### `{name}`")[2].partition("### ")[0]
        for field in record.fields:
            assert f"`{field.name}`" in part, (name, field.name)
        for text in record.texts:
            assert f"`{text}`" in part, (name, text)
