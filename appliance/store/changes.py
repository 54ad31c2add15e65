"""Writes to the registry: each function is one transaction; an announced change stays on record until it is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import Connection, delete, insert, select, update

from appliance.access import AccessList
from appliance.store import layout
from appliance.store.registry import NewVersion, Registry
from appliance.store.schema import CHANGE, CHUNK, DOCUMENT, PART, VERSION

Kind = Literal["store", "remove", "access", "describe"]


@dataclass(frozen=True, slots=True)
class Change:
    """An announced change. `done` is set in the very transaction that makes it true for readers."""

    case: str
    kind: Kind
    document: str
    version: str
    done: bool = False


def announce(registry: Registry, change: Change) -> None:
    """Put a change on record before anything is done."""
    with registry.engine.begin() as connection:
        connection.execute(insert(CHANGE).values(**{f: getattr(change, f) for f in Change.__slots__}))


def settle(registry: Registry, case: str) -> None:
    """Its outcome is in the audit log: take the change off the record."""
    with registry.engine.begin() as connection:
        connection.execute(delete(CHANGE).where(CHANGE.c.case == case))


def open_changes(registry: Registry, document: str | None = None) -> list[Change]:
    """What was announced and never settled: something ended in between. With `document`, that one's alone."""
    query = select(CHANGE)
    if document is not None:
        query = query.where(CHANGE.c.document == document)
    with registry.engine.connect() as connection:
        rows = connection.execute(query).all()
    return [Change(row.case, row.kind, row.document, row.version, row.done) for row in rows]


def _done(connection: Connection, case: str) -> None:
    connection.execute(update(CHANGE).where(CHANGE.c.case == case).values(done=True))


def intern(registry: Registry, acl: AccessList) -> int:
    """The id of an access list, made where it is new."""
    with registry.engine.begin() as connection:
        return registry.lists.intern(acl, connection)


def make_current(registry: Registry, new: NewVersion, acl_id: int, *, case: str) -> None:
    """Make a version the current one of its document, in one transaction."""
    now = datetime.now(UTC).replace(tzinfo=None)
    with registry.engine.begin() as connection:
        old = connection.execute(select(DOCUMENT.c.version).where(DOCUMENT.c.key == new.key)).scalar_one_or_none()
        if old is None:
            values = {"key": new.key, "collection": new.collection, "path": new.path}
            connection.execute(insert(DOCUMENT).values(**values, acl_id=acl_id, version=new.version))
        else:
            connection.execute(
                update(DOCUMENT).where(DOCUMENT.c.key == new.key).values(acl_id=acl_id, version=new.version)
            )
            connection.execute(
                update(VERSION).where(VERSION.c.document == new.key, VERSION.c.version == old).values(valid_until=now)
            )
        # The same content may come back: its row is made anew, since it is valid from now on.
        connection.execute(delete(VERSION).where(VERSION.c.document == new.key, VERSION.c.version == new.version))
        _insert_version(connection, new, acl_id, now)
        _done(connection, case)


def _insert_version(connection: Connection, new: NewVersion, acl_id: int, now: datetime) -> None:
    its = {"document": new.key, "version": new.version}
    connection.execute(
        insert(VERSION).values(
            **its,
            sha256=new.sha256,
            title=new.title,
            language=new.language,
            media_type=new.media_type,
            fingerprint=new.fingerprint,
            bytes=new.size,
            valid_from=now,
            acl_id=acl_id,
        )
    )
    if new.parts:
        connection.execute(
            insert(PART),
            [
                {
                    **its,
                    "ordinal": part.ordinal,
                    "kind": part.kind,
                    "label": part.label,
                    "text": part.text,
                    "lines": layout.pack(part.lines),
                    "picture": part.ordinal in new.pictures,
                }
                for part in new.parts
            ],
        )
    if new.chunks:
        connection.execute(
            insert(CHUNK),
            [
                {
                    **its,
                    "id": chunk.id,
                    "ordinal": chunk.ordinal,
                    "part": chunk.span.part,
                    "start": chunk.span.start,
                    "end": chunk.span.end,
                    "heading": chunk.heading,
                }
                for chunk in new.chunks
            ],
        )


def describe(registry: Registry, new: NewVersion, *, case: str) -> None:
    """Give a version that stands another title, language and media type; its content is the same."""
    values = {"title": new.title, "language": new.language, "media_type": new.media_type}
    with registry.engine.begin() as connection:
        connection.execute(
            update(VERSION).where(VERSION.c.document == new.key, VERSION.c.version == new.version).values(**values)
        )
        _done(connection, case)


def change_access(registry: Registry, document: str, acl: AccessList, *, case: str) -> int:
    """Give a document and its current version another access list; its id. Older versions keep their own."""
    with registry.engine.begin() as connection:
        acl_id = registry.lists.intern(acl, connection)
        connection.execute(update(DOCUMENT).where(DOCUMENT.c.key == document).values(acl_id=acl_id))
        current = select(DOCUMENT.c.version).where(DOCUMENT.c.key == document).scalar_subquery()
        its = (VERSION.c.document == document) & (VERSION.c.version == current)
        connection.execute(update(VERSION).where(its).values(acl_id=acl_id))
        _done(connection, case)
    return acl_id


def remove(registry: Registry, document: str, *, case: str) -> None:
    """Take a document and all its versions out of the registry: invisible from here on."""
    with registry.engine.begin() as connection:
        connection.execute(delete(DOCUMENT).where(DOCUMENT.c.key == document))
        _done(connection, case)
