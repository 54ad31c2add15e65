"""One value, one encoding. Examples of numbers are those of RFC 8785, appendix B."""

from __future__ import annotations

import json
import random
import struct

import pytest

from appliance.audit.canonical import NotCanonical, decode, encode, number, reencode
from appliance.errors import ExportRefused
from appliance.models import Json


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-1.5, "-1.5"),
        (0.000001, "0.000001"),
        (-0.0000033333333333333333, "-0.0000033333333333333333"),
        (0.00001234, "0.00001234"),
        (1e-7, "1e-7"),
        (1.25e-9, "1.25e-9"),
        (5e-324, "5e-324"),
        (333333333.3333333, "333333333.3333333"),
        (9007199254740991.0, "9007199254740991"),
        (9007199254740991, "9007199254740991"),
        (0.1, "0.1"),
        (0.30000000000000004, "0.30000000000000004"),
    ],
)
def test_numbers_are_written_as_ecmascript_does(value: float, text: str) -> None:
    assert number(value) == text
    assert encode({"n": value}) == b'{"n":' + text.encode() + b"}"
    assert decode(text.encode()) == value


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), -float("inf"), 2**53, -(2**53), 1e21, 10**400],
    ids=lambda value: f"{value:.3}"[:9] if isinstance(value, float) else "whole",
)
def test_a_number_outside_the_subset_is_refused(value: float) -> None:
    with pytest.raises(NotCanonical, match="the number"):
        encode({"n": value})


def test_numbers_read_back_as_they_were_over_the_whole_range() -> None:
    source = random.Random(8785)
    for _ in range(20_000):
        value = struct.unpack("<d", source.randbytes(8))[0]
        if value == value and abs(value) < 2**53:
            assert decode(encode(value)) == value


def test_strings_keep_their_characters_and_escape_what_json_demands() -> None:
    text = '"\\/\b\f\n\r\t\x00\x1f\x7f€é在宅勤務\u2028\u202e😀'

    data = encode(text)

    assert data.decode() == '"\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f€é在宅勤務\u2028\u202e😀"'
    assert decode(data) == text


def test_keys_are_sorted_and_nothing_is_spaced() -> None:
    value: Json = {"b": [1, {"z": None, "a": True}], "a": False, "B": "x", "aa": {}, "": []}

    assert encode(value) == b'{"":[],"B":"x","a":false,"aa":{},"b":[1,{"a":true,"z":null}]}'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" 1",
        b"1 ",
        b"1\n",
        b'{"a": 1}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a":1,"a":2}',
        b"[1,]",
        b"01",
        b"+1",
        b"-0",
        b"1.0",
        b"1e2",
        b"1E-7",
        b"0.10",
        b"1e-07",
        b"0.0000001",
        b"9007199254740992",
        b"9007199254740993",
        b"1" * 5000,
        b"NaN",
        b"Infinity",
        b'"\\u0041"',
        b'"\\/"',
        b'"\\u000a"',
        b'"\\u001F"',
        b'"\\ud800"',
        b'"\\ud83d\\ude00"',
        b'"\x01"',
        b'"\xff"',
        b"\xef\xbb\xbf1",
        b"'a'",
        b"[" * 100_000 + b"]" * 100_000,
        '{"é":1}'.encode(),
        '{"a":{"é":1}}'.encode(),
        '[{"é":1}]'.encode(),
    ],
    ids=lambda data: repr(data[:24]),
)
def test_every_other_spelling_is_refused(data: bytes) -> None:
    with pytest.raises(ExportRefused, match="not canonical"):
        decode(data)


def test_a_lone_surrogate_or_a_foreign_type_has_no_encoding() -> None:
    with pytest.raises(NotCanonical, match="surrogate"):
        encode({"a": "\ud800"})
    with pytest.raises(NotCanonical, match="not ASCII"):
        encode({"é": 1})
    with pytest.raises(NotCanonical, match="type bytes"):
        encode({"a": b"x"})  # type: ignore[dict-item]


def made(source: random.Random, depth: int) -> Json:
    kind = source.randrange(8 if depth else 6)
    if kind < 2:
        return source.choice([0, -1, 17, 2**53 - 1, 0.5, 1e-5, -2.5e-9, 123.456])
    if kind < 4:
        return "".join(source.choice('aé在\n"\\\x01😀e-') for _ in range(source.randrange(6)))
    if kind < 6:
        return source.choice([None, True, False])
    if kind == 6:
        return [made(source, depth - 1) for _ in range(source.randrange(4))]
    return {f"k{source.randrange(99)}": made(source, depth - 1) for _ in range(source.randrange(4))}


def test_any_value_is_read_back_and_the_fast_way_writes_the_same_bytes() -> None:
    source = random.Random(6962)
    for _ in range(3000):
        value = made(source, 3)
        data = encode(value)

        again = decode(data)

        assert again == json.loads(data)
        assert reencode(again).encode() == data


def test_one_changed_bit_is_another_value_or_refused() -> None:
    data = encode({"a": [1, 2.5, "x"], "b": {"c": None}})
    for position in range(len(data) * 8):
        changed = bytearray(data)
        changed[position // 8] ^= 1 << position % 8
        try:
            value = decode(bytes(changed))
        except ExportRefused:
            continue
        assert encode(value) == bytes(changed)
