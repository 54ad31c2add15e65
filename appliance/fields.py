"""What a leaf may say of an act: named fields of a few kinds, none of which can hold a sentence or a score.

A kind is checked when the event is made, and written into the reference from here. No kind takes a fraction: how close
a passage came to a question tells what was asked, so scores stand beside the log, under their commitment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from appliance.models import Json

Kind = Literal["id", "word", "hash", "time", "number", "flag", "ids", "numbers", "record", "rows", "settings"]
KINDS: dict[Kind, str] = {
    "id": "a name that was given to a thing or a person, never typed by the one who acts",
    "word": "a word from a fixed list, without spaces",
    "hash": "64 hexadecimal digits",
    "time": "ISO 8601 with its zone",
    "number": "a whole number",
    "flag": "true or false",
    "ids": "a list of ids",
    "numbers": "a list of whole numbers",
    "record": "the fields below it",
    "rows": "a list of the fields below it",
    "settings": "every setting by its key",
}
_HASH = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2})")
_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Field:
    """One field. A field that is not `needed` may be left out or null; `inner` are those of a record or a row."""

    name: str
    kind: Kind
    meaning: str
    needed: bool = True
    inner: tuple[Field, ...] = ()


def fault(fields: tuple[Field, ...], values: Mapping[str, Json]) -> str:
    """What contradicts the declaration, or nothing."""
    known = {field.name for field in fields}
    if odd := sorted(values.keys() - known):
        return f"{odd[0]} is not declared"
    for field in fields:
        value = values.get(field.name)
        if value is None:
            if field.needed:
                return f"{field.name} is missing"
        elif wrong := _wrong(field, value):
            return wrong
    return ""


def _wrong(field: Field, value: Json) -> str:
    if field.kind == "record":
        inside = fault(field.inner, value) if isinstance(value, Mapping) else "no record"
    elif field.kind == "rows":
        rows = value if isinstance(value, (list, tuple)) else ("no list",)
        faults = (fault(field.inner, row) if isinstance(row, Mapping) else "no list of records" for row in rows)
        inside = next((found for found in faults if found), "")
    else:
        inside = "" if _PLAIN[field.kind](value) else f"it is no {field.kind}"
    return f"{field.name}: {inside}" if inside else ""


def _matches(pattern: re.Pattern[str]) -> Callable[[Json], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _number(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _string(value: Json) -> bool:
    return isinstance(value, str)


def _list_of(item: Callable[[Json], bool]) -> Callable[[Json], bool]:
    return lambda value: isinstance(value, (list, tuple)) and all(map(item, value))


_PLAIN: dict[str, Callable[[Json], bool]] = {
    "id": _string,
    "word": _matches(_WORD),
    "hash": _matches(_HASH),
    "time": _matches(_TIME),
    "number": _number,
    "flag": lambda value: isinstance(value, bool),
    "ids": _list_of(_string),
    "numbers": _list_of(_number),
    "settings": lambda value: isinstance(value, Mapping) and all(map(_string, value.values())),
}


COMMON = (
    Field("session", "id", "the session of the act: the same in its session.opened; not the cookie", False),
    Field("by", "id", "who really acted, where the owner acts as a person (`--as`): uid:N", False),
)
"""Fields that any act may have; of a person's acts only those without a session lack it."""

OF_ASKER = (
    Field("groups", "ids", "the person's groups at that moment"),
    Field("clearance", "word", "the person's clearance at that moment"),
    Field("compartments", "ids", "the person's compartments at that moment"),
)
"""What a person had when they acted."""
FILTER = Field(
    "filter",
    "record",
    "which access lists admitted the person",
    True,
    (
        Field("count", "number", "how many"),
        Field("sha256", "hash", "of their ids in decimal, ascending, joined by commas, in ASCII"),
        Field("lists", "numbers", "their ids; over 2,000 they stand in the text `lists`", False),
    ),
)
"""What a person might see."""
PASSAGES = (
    FILTER,
    Field("dropped", "number", "hits that were stale or no longer admitted, and in nothing that was shown"),
    Field("shown", "flag", "whether the passages were shown to the person"),
    Field(
        "passages",
        "rows",
        "what the search found, best first",
        True,
        (
            Field("number", "number", "its place, from 1"),
            Field("chunk", "id", "the stored span"),
            Field("document", "id", "the document's key"),
            Field("version", "hash", "the document's version"),
            Field("part", "number", "page, section or sheet, from 1"),
            Field("list", "number", "the access list it was seen under"),
            Field("text", "hash", "sha256(salt || passage as sent, UTF-8); the salt stands in the text `passages`"),
        ),
    ),
)
"""What a search found."""
PASSAGE_TEXTS = {
    "passages": "JSON, a row a passage: number, score, cosine, coverage, and the salt (hex) of the field `text`",
    "lists": "ids of access lists, where there are more than 2,000",
}
"""What stands beside the log of it."""
ENDED = (
    Field("outcome", "word", "answered, no-evidence, stopped or failed"),
    Field("model", "id", "the chat model"),
    Field("milliseconds", "number", "from the request to the end"),
    Field(
        "sentences",
        "rows",
        "the answer's sentences",
        True,
        (
            Field("passages", "numbers", "the passages it cites"),
            Field("support", "word", "ok: found there word for word; none: not found"),
        ),
    ),
    Field("unknown_markers", "number", "citations of passages that do not exist, which were left out"),
)
"""How an answer ended."""
PLACE = (
    Field("document", "id", "the document's key"),
    Field("version", "hash", "its version"),
)
"""A document in one version."""
RULE = (
    Field("groups", "ids", "any of these groups"),
    Field("classification", "word", "at least this clearance"),
    Field("compartments", "ids", "all of these compartments"),
    Field("denied", "ids", "none of these groups"),
    Field("valid_from", "time", "not before", False),
    Field("valid_until", "time", "no longer than", False),
)
STORED = (
    *PLACE,
    Field("sha256", "hash", "of the original file"),
    Field("bytes", "number", "of the original file"),
    Field("parts", "number", "pages, sections or sheets"),
    Field("chunks", "number", "stored spans"),
    Field("language", "word", "ja or en"),
    Field("access", "record", "who may see it", True, RULE),
    Field("version_before", "hash", "the version that it replaces", False),
    Field("list_before", "number", "the access list until then", False),
    Field("list", "number", "the access list from then on; known when it is stored", False),
)
"""A document that is stored."""
ACCESS = (
    *PLACE,
    Field("from", "record", "who might see it until then", True, RULE),
    Field("to", "record", "who may see it from then on", True, RULE),
    Field("list_before", "number", "the access list until then"),
    Field("list", "number", "the access list from then on; known when it is changed", False),
)
"""A change of who may see a document."""
NAMES = {"collection": "its collection", "path": "its path there", "title": "its title"}
"""What people call a document."""
REFUSED = (
    Field("method", "word", "GET, POST, ...", False),
    Field("route", "word", "the route's template; - where there is none", False),
    Field("status", "number", "the HTTP status"),
    Field("code", "word", "the error's code (errors.md)"),
    Field("needed", "word", "the role that was missing, or session", False),
    Field("document", "id", "the hidden document's key, or unknown", False),
    Field("conversation", "id", "the conversation's id, or unknown", False),
    Field("source", "word", "address, or uid on the private socket; of nobody's requests", False),
    Field("count", "number", "how many times; of nobody's requests", False),
    Field("seconds", "number", "within which time they were counted, after the first", False),
)
"""A request that was turned away."""
TARGET = {"target": "path and query as they came, at most 2,000 characters"}
"""What it asked for."""
