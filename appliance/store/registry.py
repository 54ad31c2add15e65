"""The registry of documents: what is current, who may see it, and the text that citations point into.

Times are UTC without a zone, as SQLite keeps them; `Document.updated` carries the zone again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from sqlalchemy import LABEL_STYLE_TABLENAME_PLUS_COL, ColumnElement, Engine, Row, Select, and_, func, select

from appliance.access import AccessFilter, AccessList
from appliance.models import Chunk, Document, Language, Part, Span
from appliance.store import layout
from appliance.store.acl import AccessLists
from appliance.store.schema import CHUNK, DOCUMENT, PART, VERSION


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A converted document on its way into the registry. `pictures` are the ordinals of parts that have one."""

    key: str
    collection: str
    path: str
    version: str
    sha256: str
    title: str
    language: Language
    media_type: str
    fingerprint: str
    size: int  # bytes of the original
    access: AccessList
    parts: tuple[Part, ...]
    chunks: tuple[Chunk, ...]
    pictures: frozenset[int]


@dataclass(frozen=True, slots=True)
class Entry:
    """A document as its collection lists it: what tells whether anything changed."""

    document: Document
    sha256: str
    fingerprint: str
    access: AccessList


@dataclass(frozen=True, slots=True)
class Kept:
    """A version with both rules that stand before it: its own, and that of its document today.

    `document` is the document of today with the title and the date of this version.
    """

    document: Document
    version: str
    own: AccessList
    today: AccessList


@dataclass(frozen=True, slots=True)
class Found:
    """A chunk of a current version, with its document and the part it stands in."""

    chunk: Chunk
    document: Document
    part: Part
    picture: bool


_COUNTED = PART.alias("counted")  # a name of its own: where parts are joined too, it must not become theirs
_DOCUMENT_COLUMNS = (
    DOCUMENT.c.key,
    DOCUMENT.c.collection,
    DOCUMENT.c.path,
    DOCUMENT.c.acl_id,
    DOCUMENT.c.version,
    VERSION.c.title,
    VERSION.c.language,
    VERSION.c.media_type,
    VERSION.c.valid_from,
    select(func.count())
    .select_from(_COUNTED)
    .where(_COUNTED.c.document == DOCUMENT.c.key, _COUNTED.c.version == DOCUMENT.c.version)
    .scalar_subquery()
    .label("parts"),
)
_CURRENT = and_(VERSION.c.document == DOCUMENT.c.key, VERSION.c.version == DOCUMENT.c.version)
_ITS_PART = and_(PART.c.document == CHUNK.c.document, PART.c.version == CHUNK.c.version, PART.c.ordinal == CHUNK.c.part)


def _labelled(*columns: Any) -> Select[Any]:  # noqa: ANN401 - tables and columns have no common public type
    """A query whose columns are named <table>_<column>, so that joined tables do not hide each other."""
    return select(*columns).set_label_style(LABEL_STYLE_TABLENAME_PLUS_COL)


class Registry:
    """Reads and transactions on documents. Access is decided by the caller's AccessFilter, never here."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.lists = AccessLists(engine)

    def at(self, collection: str, path: str) -> Entry | None:
        """What stands at this path of a collection."""
        return next(iter(self._entries(and_(DOCUMENT.c.collection == collection, DOCUMENT.c.path == path))), None)

    def entry(self, key: str) -> Entry | None:
        """A document by key, for a decision about it; whoever asks for a person wants `document`."""
        return next(iter(self._entries(DOCUMENT.c.key == key)), None)

    def collections(self) -> list[str]:
        """The names of all collections that hold a document."""
        with self.engine.connect() as connection:
            return list(connection.scalars(select(DOCUMENT.c.collection).distinct().order_by(DOCUMENT.c.collection)))

    def collection(self, name: str) -> list[Entry]:
        """All documents of a collection, by path."""
        return self._entries(DOCUMENT.c.collection == name)

    def _entries(self, condition: ColumnElement[bool]) -> list[Entry]:
        query = (
            _labelled(*_DOCUMENT_COLUMNS, VERSION.c.sha256, VERSION.c.fingerprint)
            .join(VERSION, _CURRENT)
            .where(condition)
            .order_by(DOCUMENT.c.path)
        )
        with self.engine.connect() as connection:
            rows = connection.execute(query).all()
        return [
            Entry(_document(row), row.version_sha256, row.version_fingerprint, self.lists[row.document_acl_id])
            for row in rows
        ]

    def document(self, key: str, *, access: AccessFilter) -> Document | None:
        """A document by key, if `access` admits it."""
        return next(iter(self._documents(access, DOCUMENT.c.key == key)), None)

    def documents(self, *, access: AccessFilter) -> list[Document]:
        """Every document that `access` admits, by collection and path."""
        return self._documents(access, DOCUMENT.c.key.is_not(None))

    def _documents(self, access: AccessFilter, condition: ColumnElement[bool]) -> list[Document]:
        query = (
            _labelled(*_DOCUMENT_COLUMNS)
            .join(VERSION, _CURRENT)
            .where(DOCUMENT.c.acl_id.in_(access.allowed), condition)
            .order_by(DOCUMENT.c.collection, DOCUMENT.c.path)
        )
        with self.engine.connect() as connection:
            return [_document(row) for row in connection.execute(query)]

    def current(self, chunks: Collection[str]) -> dict[str, Found]:
        """Those of these chunks that belong to a current version, by id. One statement: one moment of the registry."""
        query = (
            _labelled(CHUNK, PART, *_DOCUMENT_COLUMNS)
            .join(DOCUMENT, and_(DOCUMENT.c.key == CHUNK.c.document, DOCUMENT.c.version == CHUNK.c.version))
            .join(VERSION, _CURRENT)
            .join(PART, _ITS_PART)
            .where(CHUNK.c.id.in_(chunks))
        )
        with self.engine.connect() as connection:
            rows = connection.execute(query).all()
        return {row.chunk_id: Found(_chunk(row), _document(row), _part(row), row.part_picture) for row in rows}

    def part(self, document: str, version: str, ordinal: int) -> tuple[Part, bool] | None:
        """One part of a version, and whether it has a picture."""
        query = _labelled(PART).where(PART.c.document == document, PART.c.version == version, PART.c.ordinal == ordinal)
        with self.engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else (_part(row), row.part_picture)

    def kept(self, document: str, version: str) -> Kept | None:
        """A version, current or not, for a decision about it; whoever asks for a person wants `appliance.opening`."""
        query = (
            _labelled(*_DOCUMENT_COLUMNS)
            .join(VERSION, VERSION.c.document == DOCUMENT.c.key)
            .add_columns(VERSION.c.version, VERSION.c.acl_id)
            .where(DOCUMENT.c.key == document, VERSION.c.version == version, VERSION.c.acl_id.is_not(None))
        )
        with self.engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        return Kept(
            _document(row), row.version_version, self.lists[row.version_acl_id], self.lists[row.document_acl_id]
        )

    def title(self, document: str, version: str) -> str:
        """The title of a version, for whoever reads the log; empty when there is none."""
        query = select(VERSION.c.title).where(VERSION.c.document == document, VERSION.c.version == version)
        with self.engine.connect() as connection:
            return connection.execute(query).scalar_one_or_none() or ""

    def versions(self, document: str) -> list[str]:
        """Every version of a document that is kept."""
        with self.engine.connect() as connection:
            return list(connection.execute(select(VERSION.c.version).where(VERSION.c.document == document)).scalars())

    def current_versions(self) -> dict[tuple[str, str], int]:
        """(document, version) of everything current, with its access list: what the index must hold."""
        query = select(DOCUMENT.c.key, DOCUMENT.c.version, DOCUMENT.c.acl_id)
        with self.engine.connect() as connection:
            return {(row.key, row.version): row.acl_id for row in connection.execute(query)}

    def current_chunks(self) -> dict[tuple[str, str], set[str]]:
        """The chunk ids of everything current, by (document, version), without their texts."""
        query = select(CHUNK.c.document, CHUNK.c.version, CHUNK.c.id).join(
            DOCUMENT, and_(DOCUMENT.c.key == CHUNK.c.document, DOCUMENT.c.version == CHUNK.c.version)
        )
        found: dict[tuple[str, str], set[str]] = {}
        with self.engine.connect() as connection:
            for document, version, chunk in connection.execute(query):
                found.setdefault((document, version), set()).add(chunk)
        return found

    def texts(self, document: str, version: str) -> Iterator[Chunk]:
        """Every chunk of a version, in order; for indexing it again."""
        query = (
            _labelled(CHUNK, PART)
            .join(PART, _ITS_PART)
            .where(CHUNK.c.document == document, CHUNK.c.version == version)
            .order_by(CHUNK.c.ordinal)
        )
        with self.engine.connect() as connection:
            for row in connection.execute(query):
                yield _chunk(row)


def _document(row: Row[Any]) -> Document:
    return Document(
        key=row.document_key,
        collection=row.document_collection,
        path=row.document_path,
        title=row.version_title,
        language=row.version_language,
        media_type=row.version_media_type,
        acl_id=row.document_acl_id,
        version=row.document_version,
        updated=row.version_valid_from.replace(tzinfo=UTC),
        parts=row.parts,
    )


def _chunk(row: Row[Any]) -> Chunk:
    span = Span(row.chunk_part, row.chunk_start, row.chunk_end)
    return Chunk(row.chunk_id, row.chunk_ordinal, span, row.chunk_heading, row.part_text[span.start : span.end])


def _part(row: Row[Any]) -> Part:
    return Part(row.part_ordinal, row.part_kind, row.part_label, row.part_text, layout.unpack(row.part_lines))
