"""A leaf of the log: what is recorded of one act, as canonical JSON of at most 65,535 bytes.

    {"action", "actor": {"id", "kind"}, "case", "commitments": {name: hex}, "details", "id", "outcome", "time", "v": 1}

A leaf holds ids, hashes, whole numbers and fixed words (appliance/actions.py declares them by action), and nothing that
was measured on what somebody typed: no score and no length. Each text stands beside the log with a salt of 32 random
bytes; its commitment is sha256(salt || text in UTF-8), in hex. Without the salt nobody can try texts against a leaf, so
destroying text and salt erases the text and leaves the log as it is.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import get_args

from appliance.actions import ACTIONS
from appliance.audit.canonical import NotCanonical, decode, encode
from appliance.audit.refusal import refusal
from appliance.audit.tiles import MAX_ENTRY
from appliance.errors import AuditEventInvalid
from appliance.models import ActorKind, AuditEvent, Json, Outcome

SALT_SIZE = 32
VERSION = 1
_FIELDS = {"action", "actor", "case", "commitments", "details", "id", "outcome", "time", "v"}
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,63}")
_HEX = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
# A line break would make a word a text; a surrogate has no UTF-8.
_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ANY_TIME = "0000-00-00T00:00:00.000000Z"  # all times are as long
_MAX_WORD = 200
_MAX_DEPTH = 8
_OUTCOMES = frozenset(get_args(Outcome))
_KINDS = frozenset(get_args(ActorKind))


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf as read. `time` is UTC with microseconds and sorts as text; `commitments` are hex by text name."""

    id: str
    time: str
    action: str
    outcome: str
    actor_kind: str
    actor: str
    case: str
    details: Mapping[str, Json]
    commitments: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SaltedText:
    """A text beside the log, with the salt of its commitment."""

    name: str
    salt: bytes
    text: bytes  # UTF-8


@dataclass(frozen=True, slots=True)
class Draft:
    """An event that was checked and encoded, all but its time, which the writer gives."""

    event: AuditEvent
    head: bytes
    texts: tuple[SaltedText, ...]

    def leaf(self, time: str) -> bytes:
        """The exact bytes that are hashed and stored."""
        return self.head + b',"time":"' + time.encode() + b'","v":%d}' % VERSION


def stamp(moment: datetime) -> str:
    """A moment as leaves hold it: UTC, microseconds, Z."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def commitment(salt: bytes, text: bytes) -> str:
    """What a leaf says about a text, in hex."""
    return sha256(salt + text).hexdigest()


def draft(event: AuditEvent) -> Draft:
    """Check and encode an event. Raises AuditEventInvalid, which is a defect of the code that records it."""
    for name, word in (("id", event.id), ("case", event.case), ("action", event.action)):
        _require(event, name, "" if word else "it is empty")
        _require(event, name, _word(word))
    _require(event, "action", "" if event.action in ACTIONS else "it is not in appliance.actions")
    _require(event, "actor", _word(event.actor.id))
    _require(event, "outcome", "" if event.outcome in _OUTCOMES else f"{event.outcome} is not an outcome")
    _require(event, "actor", "" if event.actor.kind in _KINDS else f"{event.actor.kind} is not a kind of actor")
    for name in event.texts:
        _require(event, f"texts {name!r}", "" if _KEY.fullmatch(name) else "its name is not a plain word")
    _require(event, "details", _fault(event.details, 0))
    texts = tuple(_salted(name, text) for name, text in sorted(event.texts.items()))
    fields: dict[str, Json] = {
        "action": event.action,
        "actor": {"id": event.actor.id, "kind": event.actor.kind},
        "case": event.case,
        "commitments": {text.name: commitment(text.salt, text.text) for text in texts},
        "details": event.details,
        "id": event.id,
        "outcome": event.outcome,
    }
    try:
        head = encode(fields)[:-1]
    except NotCanonical as error:
        raise AuditEventInvalid(action=event.action, field="details", why=error) from error
    made = Draft(event, head, texts)
    size = len(made.leaf(_ANY_TIME))
    _require(event, "details", "" if size <= MAX_ENTRY else f"the leaf has {size} bytes, more than {MAX_ENTRY}")
    return made


def _require(event: AuditEvent, field: str, fault: str) -> None:
    if fault:
        raise AuditEventInvalid(action=event.action, field=field, why=fault)


def _word(value: str) -> str:
    """What is wrong with a word of a leaf, or nothing."""
    if len(value) > _MAX_WORD:
        return f"a string of {len(value)} characters, more than {_MAX_WORD}"
    return f"a line break or control character in {value[:40]!r}" if _BREAKS.search(value) else ""


def _fault(value: object, depth: int) -> str:
    """What is wrong with a value of details, or nothing."""
    if depth > _MAX_DEPTH:
        return f"nested deeper than {_MAX_DEPTH}"
    if isinstance(value, str):
        return _word(value)
    items: Iterable[object] = ()
    if isinstance(value, Mapping):
        odd = next((key for key in value if not isinstance(key, str) or not _KEY.fullmatch(key)), None)
        if odd is not None:
            return f"the key {str(odd)[:40]!r} is not a plain word"
        items = value.values()
    elif isinstance(value, (list, tuple)):
        items = value
    elif value is not None and not isinstance(value, (int, float)):
        return f"a value of type {type(value).__name__}"
    return next((fault for item in items if (fault := _fault(item, depth + 1))), "")


def _salted(name: str, text: str) -> SaltedText:
    # A question typed by anybody may hold a lone surrogate, which has no UTF-8: it is written out, not refused.
    plain = _SURROGATE.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)
    return SaltedText(name, secrets.token_bytes(SALT_SIZE), plain.encode())


def parse(data: bytes) -> Leaf:
    """Read a leaf; refused unless it is exactly what `draft` writes: all fields, no other, canonical bytes."""
    if len(data) > MAX_ENTRY:
        raise refusal("too-large", detail=len(data))
    value = decode(data)
    if not isinstance(value, dict) or value.keys() != _FIELDS or value["v"] != VERSION:
        raise refusal("malformed", detail="not the fields of a leaf")
    actor, commitments, details = value["actor"], value["commitments"], value["details"]
    if not isinstance(actor, dict) or actor.keys() != {"id", "kind"}:
        raise refusal("malformed", detail="actor")
    if not isinstance(details, dict) or not isinstance(commitments, dict):
        raise refusal("malformed", detail="details or commitments")
    for name, item in commitments.items():
        if not isinstance(item, str) or not _HEX.fullmatch(item) or not _KEY.fullmatch(name):
            raise refusal("malformed", detail="a commitment")
    outcome, kind, time = value["outcome"], actor["kind"], value["time"]
    if outcome not in _OUTCOMES or kind not in _KINDS:
        raise refusal("malformed", detail="outcome or kind of actor")
    words = value["id"], value["action"], actor["id"], value["case"]
    if not all([isinstance(word, str) for word in (time, *words)]):
        raise refusal("malformed", detail="a field that is not a string")
    moment(str(time))
    identifier, action, who, case = map(str, words)
    hashes = {name: str(item) for name, item in commitments.items()}
    return Leaf(identifier, str(time), action, str(outcome), str(kind), who, case, details, hashes)


def moment(time: str) -> datetime:
    """The moment that a leaf's time names; only the exact form of `stamp` is read."""
    try:
        if not _TIME.fullmatch(time):
            raise ValueError
        return datetime.fromisoformat(time)
    except ValueError as error:
        raise refusal("malformed", detail=f"the time {time[:40]}") from error
