"""What the log says of a search: which passages of which versions, under which access lists, and whether shown.

The leaf holds ids and salted hashes. How close a passage came to the question stands beside the log, with the salts of
the passages: with the exact figures in the leaf, whoever can search could try guessed questions against it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.access import AccessFilter
from appliance.models import Json, Principal
from appliance.retrieval import Retrieved
from appliance.visible import masked

_MOST_LISTS = 2000  # ids in a leaf, which has 65,535 bytes
_MOST_KEYS = 200
_SALT = 32  # bytes


@dataclass(frozen=True, slots=True)
class Recorded:
    """Details for the leaf, and texts to stand beside it."""

    details: dict[str, Json]
    texts: dict[str, str]


def asker(person: Principal) -> dict[str, Json]:
    """What somebody had when they acted."""
    return {
        "groups": sorted(person.groups),
        "clearance": person.clearance.word,
        "compartments": sorted(person.compartments),
    }


def filter_of(access: AccessFilter) -> Recorded:
    """The access lists that were in force, by id."""
    few = len(access.allowed) <= _MOST_LISTS
    ids = ",".join(map(str, access.allowed))
    details: dict[str, Json] = {
        "count": len(access.allowed),
        "sha256": hashlib.sha256(ids.encode()).hexdigest(),
        "lists": list(access.allowed) if few else None,
    }
    return Recorded({"filter": details}, {} if few else {"lists": ids})


def listed_of(keys: Sequence[str]) -> Recorded:
    """Documents that were listed, by key."""
    few = len(keys) <= _MOST_KEYS
    details: dict[str, Json] = {"documents": len(keys), "keys": list(keys) if few else None}
    return Recorded(details, {} if few else {"keys": "\n".join(keys)})


def search_of(retrieved: Retrieved, access: AccessFilter, *, shown: bool) -> Recorded:
    """A search and what it found. A passage's hash is of what a reader is sent, and of a salt of its own."""
    rows: list[dict[str, Json]] = []
    beside: list[dict[str, Json]] = []
    for passage in retrieved.passages:
        salt = secrets.token_bytes(_SALT)
        rows.append(
            {
                "number": passage.number,
                "chunk": passage.chunk.id,
                "document": passage.document.key,
                "version": passage.document.version,
                "part": passage.chunk.span.part,
                "list": passage.document.acl_id,
                "text": hashlib.sha256(salt + masked(passage.chunk.text).encode()).hexdigest(),
            }
        )
        beside.append(
            {
                "number": passage.number,
                "score": round(passage.score, 4),
                "cosine": round(passage.cosine, 4),
                "coverage": round(passage.coverage, 4),
                "salt": salt.hex(),
            }
        )
    lists = filter_of(access)
    details: dict[str, Json] = {**lists.details, "dropped": retrieved.dropped, "shown": shown, "passages": rows}
    return Recorded(details, {**lists.texts, **_as_text(beside)})


def _as_text(beside: Sequence[dict[str, Json]]) -> dict[str, str]:
    return {"passages": json.dumps(beside)} if beside else {}
