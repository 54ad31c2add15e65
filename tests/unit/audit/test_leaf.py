"""What a leaf may hold, and that it is read only as it is written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from hashlib import sha256

import numpy as np
import pytest

from appliance.audit.leaf import commitment, draft, moment, parse, stamp
from appliance.errors import AuditEventInvalid, ExportRefused
from appliance.models import Actor, Json
from tests.unit.audit.support import by_hand, event, leaf_fields

TIME = "2026-11-24T09:00:00.000001Z"


class Word(StrEnum):
    """A fixed word."""

    ANSWERED = "answered"


def test_a_leaf_holds_the_event_and_only_commitments_to_its_texts() -> None:
    made = draft(event(0))
    data = made.leaf(TIME)
    (text,) = made.texts

    leaf = parse(data)

    assert (leaf.id, leaf.time, leaf.action, leaf.outcome) == (made.event.id, TIME, "question.received", "success")
    assert (leaf.actor_kind, leaf.actor, leaf.case) == ("person", "p0", "case-0")
    assert leaf.details == {"number": 0, "score": 0.25, "chunks": ["c1", "c2"]}
    assert leaf.commitments == {"question": sha256(text.salt + text.text).hexdigest()}
    assert "在宅勤務".encode() not in data
    assert len(text.salt) == 32


def test_the_same_text_twice_has_two_commitments_that_tell_nothing() -> None:
    first, second = draft(event(0)), draft(event(0))

    assert first.texts[0].salt != second.texts[0].salt
    assert first.head != second.head


def test_the_bytes_are_those_that_anybody_would_write_by_hand() -> None:
    fields = leaf_fields(7)
    made = draft(
        event(
            details={"number": 7},
            action="page.opened",
            actor=Actor("person", "p1"),
            case="case-7",
            texts={},
            id=f"{7:032x}",
        )
    )

    assert made.leaf(str(fields["time"])) == by_hand(fields)


@pytest.mark.parametrize(
    ("details", "what"),
    [
        ({"question": "x" * 201}, "a string of 201 characters"),
        ({"question": "line\nbreak"}, "line break"),
        ({"question": "line\u2028break"}, "line break"),
        ({"a": {"b": ["deep\rdown"]}}, "line break"),
        ({"a": "\x1b[2J"}, "control character"),
        ({"a": "\ud800"}, "control character"),
        ({"a": b"bytes"}, "type bytes"),
        ({"a": {1, 2}}, "type set"),
        ({"a": datetime(2026, 1, 1, tzinfo=UTC)}, "type datetime"),
        ({"a": np.float32(0.5)}, "type float32"),
        ({"a": float("nan")}, "the number nan"),
        ({"a": 2**60}, "beyond"),
        ({1: "a"}, "the key '1'"),
        ({"a": {"在宅": 1}}, "the key '在宅'"),
        ({"what did they ask me": 1}, "the key"),
        ({"": 1}, "the key"),
        ({"a": [[[[[[[[[1]]]]]]]]]}, "nested deeper"),
        ({"a": ["x" * 200] * 400}, "more than 65535"),
    ],
    ids=str,
)
def test_details_that_could_hold_a_text_are_a_clear_error_of_the_developer(details: dict[str, Json], what: str) -> None:
    with pytest.raises(AuditEventInvalid, match=f"question.received: details cannot be recorded: .*{what}"):
        draft(event(details=details))


@pytest.mark.parametrize(
    "details",
    [
        {},
        {"a": None, "b": True, "c": -1, "d": 1e-9, "e": "語" * 200, "f": [], "g": {}},
        {"f": ("c1", "c2"), "outcome": Word.ANSWERED, "score": np.float64(0.125)},
        {"a.b:c/d-e_f": {"x": [{"y": [1]}]}},
    ],
    ids=str,
)
def test_ids_numbers_words_lists_and_mappings_are_details(details: dict[str, Json]) -> None:
    assert parse(draft(event(details=details)).leaf(TIME)).details.keys() == details.keys()


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"id": ""}, "id cannot be recorded: it is empty"),
        ({"case": ""}, "case cannot be recorded: it is empty"),
        ({"id": "a\nb"}, "id cannot be recorded: a line break"),
        ({"case": "x" * 201}, "case cannot be recorded: a string of 201"),
        ({"action": "question.asked"}, "not in appliance.actions"),
        ({"outcome": "ok"}, "outcome cannot be recorded"),
        ({"actor": Actor("robot", "r")}, "robot is not a kind of actor"),  # type: ignore[arg-type]
        ({"actor": Actor("person", "a\nb")}, "actor cannot be recorded"),
        ({"texts": {"the question": "x"}}, "texts 'the question' cannot be recorded"),
    ],
)
def test_an_event_that_is_not_one_is_refused(changes: dict[str, object], what: str) -> None:
    with pytest.raises(AuditEventInvalid, match=what):
        draft(event(**changes))


def test_any_text_can_be_recorded_whatever_somebody_typed() -> None:
    for text in ("", "\x00\x01", "\u202e", "a" * 2_000_000, "line\nbreak", "😀"):
        assert draft(event(texts={"question": text})).texts[0].text.decode() == text


def test_a_lone_surrogate_in_a_text_is_written_out() -> None:
    assert draft(event(texts={"question": "a\udc80b"})).texts[0].text.decode() == "a⟨U+DC80⟩b"


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"v": 2}, "not the fields"),
        ({"extra": 1}, "not the fields"),
        ({"time": "2026-11-24T09:00:00Z"}, "the time"),
        ({"time": "2026-11-24T09:00:00.000000+00:00"}, "the time"),
        ({"time": "2026-13-24T09:00:00.000000Z"}, "the time"),
        ({"time": "２026-11-24T09:00:00.000000Z"}, "the time"),
        ({"time": 5}, "not a string"),
        ({"id": 5}, "not a string"),
        ({"case": None}, "not a string"),
        ({"outcome": "maybe"}, "outcome or kind"),
        ({"actor": {"id": "p", "kind": "robot"}}, "outcome or kind"),
        ({"actor": {"id": 1, "kind": "person"}}, "not a string"),
        ({"actor": {"id": "p", "kind": "person", "name": "x"}}, "actor"),
        ({"actor": "p"}, "actor"),
        ({"details": []}, "details or commitments"),
        ({"commitments": []}, "details or commitments"),
        ({"commitments": {"question": "AB" * 32}}, "a commitment"),
        ({"commitments": {"question": "ab" * 31}}, "a commitment"),
        ({"commitments": {"question": 1}}, "a commitment"),
        ({"commitments": {"a b": "ab" * 32}}, "a commitment"),
    ],
    ids=str,
)
def test_a_leaf_of_another_shape_is_refused(changes: dict[str, Json], what: str) -> None:
    with pytest.raises(ExportRefused, match=what):
        parse(by_hand(leaf_fields(1, **changes)))


def test_a_leaf_without_a_field_or_not_an_object_is_refused() -> None:
    fields = leaf_fields(1)
    del fields["case"]
    for data in (by_hand(fields), b"[]", b"null", b'"x"'):
        with pytest.raises(ExportRefused, match="not the fields of a leaf"):
            parse(data)


def test_a_leaf_with_a_space_a_doubled_key_or_another_order_is_refused() -> None:
    data = by_hand(leaf_fields(1))
    for spoilt in (
        data.replace(b'"case":', b'"case": ', 1),
        data + b"\n",
        data.replace(b'"v":1', b'"v":1,"v":1', 1),
        b'{"v":1,' + data[1:].replace(b',"v":1', b""),
        data.replace(b"page", b"\\u0070age", 1),
        data.replace(b'"v":1', b'"v":1.0', 1),
    ):
        with pytest.raises(ExportRefused, match="not canonical"):
            parse(spoilt)


def test_a_leaf_longer_than_its_length_prefix_is_refused() -> None:
    with pytest.raises(ExportRefused, match="larger than any of its kind"):
        parse(by_hand(leaf_fields(1, details={"a": "x" * 66_000})))


def test_times_are_utc_with_microseconds_and_sort_as_text() -> None:
    tokyo = datetime(2026, 1, 1, 8, 59, 59, tzinfo=timezone(timedelta(hours=9)))

    assert stamp(tokyo) == "2025-12-31T23:59:59.000000Z"
    assert moment("2025-12-31T23:59:59.000000Z") == tokyo
    assert stamp(datetime(2026, 1, 1, tzinfo=UTC)) > stamp(tokyo)


def test_a_commitment_needs_its_salt() -> None:
    assert commitment(b"\x00" * 32, b"text") != commitment(b"\x01" * 32, b"text")
    assert commitment(b"s" * 32, b"text") == sha256(b"s" * 32 + b"text").hexdigest()
