"""Interned access lists: each distinct list is one row, and its id is all that a chunk carries."""

from __future__ import annotations

import json
import threading
from datetime import datetime

from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects.sqlite import insert

from appliance.access import AccessList
from appliance.models import Classification
from appliance.store.schema import ACCESS_LIST


class AccessLists:
    """All interned lists, read once and kept: rows are only ever added, and one process owns the store."""

    def __init__(self, engine: Engine) -> None:
        self._lock = threading.Lock()
        with engine.connect() as connection:
            rows = connection.execute(select(ACCESS_LIST.c.id, ACCESS_LIST.c.canonical)).all()
        self._lists = {number: _parse(canonical) for number, canonical in rows}

    def intern(self, acl: AccessList, connection: Connection) -> int:
        """The id of this list, which is made in the caller's transaction where it is new."""
        canonical = _canonical(acl)
        number = select(ACCESS_LIST.c.id).where(ACCESS_LIST.c.canonical == canonical)
        found = connection.execute(number).scalar()
        if found is None:
            # Another transaction may be making the same list: whoever comes second waits here, and finds it.
            connection.execute(insert(ACCESS_LIST).values(canonical=canonical).on_conflict_do_nothing())
            found = connection.execute(number).scalar_one()
        with self._lock:
            self._lists = {**self._lists, int(found): acl}
        return int(found)

    def all(self) -> list[tuple[int, AccessList]]:
        """Every list with its id."""
        return list(self._lists.items())

    def __getitem__(self, number: int) -> AccessList:
        return self._lists[number]


def _canonical(acl: AccessList) -> str:
    value = {
        "groups": sorted(acl.groups),
        "classification": int(acl.classification),
        "compartments": sorted(acl.compartments),
        "denied": sorted(acl.denied),
        "from": acl.valid_from.isoformat() if acl.valid_from else None,
        "until": acl.valid_until.isoformat() if acl.valid_until else None,
    }
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _parse(canonical: str) -> AccessList:
    value = json.loads(canonical)
    return AccessList(
        groups=frozenset(value["groups"]),
        classification=Classification(value["classification"]),
        compartments=frozenset(value["compartments"]),
        denied=frozenset(value["denied"]),
        valid_from=datetime.fromisoformat(value["from"]) if value["from"] else None,
        valid_until=datetime.fromisoformat(value["until"]) if value["until"] else None,
    )
