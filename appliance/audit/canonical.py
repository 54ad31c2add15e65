"""Canonical JSON: one value has exactly one encoding, so a byte that could be changed unseen does not exist.

The subset of RFC 8785 (JCS) whose keys are ASCII (then code points sort as UTF-16 does) and whose numbers are finite,
and safe integers where they are whole (|n| < 2**53). Within it the bytes are those of RFC 8785.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping

from appliance.audit.refusal import refusal
from appliance.models import Json

_MAX_SAFE = 2**53 - 1
_SURROGATE = re.compile("[\ud800-\udfff]")
quoted = json.encoder.JSONEncoder(ensure_ascii=False).encode
"""A string without surrogates as JSON writes it, quotes included."""
_fast = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode
# Where Python may write a number otherwise than RFC 8785, or must not write it: an exponent, a whole float, 16 digits.
# A string that looks so costs time and nothing else: the slow way is always right. Each begins with what is quick to
# look for; as one expression they take longer than the rest of reading a leaf.
_ODD = tuple(map(re.compile, (r"e(?<=[0-9]e)[-+]", r"\.0(?![0-9])", r"[:,\[]-?[0-9]{16}")))


class NotCanonical(ValueError):
    """A value that has no encoding in the subset; never leaves the audit package."""


def encode(value: Json) -> bytes:
    """The canonical bytes. Raises NotCanonical for a value outside the subset."""
    return _text(value).encode()


def _text(value: Json) -> str:
    if isinstance(value, str):
        return _string(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_key(key)}:{_text(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(_text(item) for item in value) + "]"
    raise NotCanonical(f"a value of type {type(value).__name__}")


def _string(value: str) -> str:
    if _SURROGATE.search(value):
        raise NotCanonical("a lone surrogate")
    return quoted(value)


def _key(value: str) -> str:
    if not isinstance(value, str) or not value.isascii():
        raise NotCanonical(f"the key {value!r} is not ASCII")
    return quoted(value)


def number(value: float) -> str:
    """A number as ECMAScript writes it (RFC 8785 3.2.2.3)."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise NotCanonical(f"the number {value}")
        if not value.is_integer():
            return _fraction(float.__repr__(value))
    whole = int(value)
    if abs(whole) > _MAX_SAFE:
        raise NotCanonical("the number is whole and beyond 2**53 - 1")
    return int.__repr__(whole)


def _fraction(text: str) -> str:
    """Python turns to exponents below 1e-4, ECMAScript below 1e-6; what is larger than 2**53 has no fraction."""
    mantissa, _, exponent = text.partition("e")
    if not exponent:
        return text
    power = -int(exponent)
    if power > 6:
        return f"{mantissa}e-{power}"
    sign = "-" if mantissa.startswith("-") else ""
    return f"{sign}0.{'0' * (power - 1)}{mantissa.lstrip('-').replace('.', '')}"


def reencode(value: Json) -> str:
    """The canonical text of a value that `decode` returned, fast."""
    text = _fast(value)
    odd = not isinstance(value, (dict, list)) or any([pattern.search(text) for pattern in _ODD])
    return _text(value) if odd else text


def decode(data: bytes) -> Json:
    """The value of canonical bytes; anything else (spaces, doubled or unsorted keys, other spellings) is refused."""
    try:
        value: Json = _reader.decode(data.decode())
        same = reencode(value).encode() == data
    except (ValueError, RecursionError) as error:
        raise refusal("not-canonical", detail=str(error)[:120] or type(error).__name__) from error
    if not same:
        raise refusal("not-canonical", detail="order, spacing or spelling")
    if not (data.isascii() or _ascii_keys(value)):
        raise refusal("not-canonical", detail="a key that is not ASCII")
    return value


def _read_constant(token: str) -> float:
    raise NotCanonical(f"the number {token}")


_reader = json.JSONDecoder(parse_constant=_read_constant)


def _ascii_keys(value: Json) -> bool:
    if isinstance(value, dict):
        return all(key.isascii() for key in value) and all(_ascii_keys(item) for item in value.values())
    return not isinstance(value, list) or all(_ascii_keys(item) for item in value)
