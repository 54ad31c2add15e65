"""A document's changes, top to bottom: stored, given to others, removed; and what a crash left half done.

Index, registry, files and log share no transaction, so the order is the guarantee:

    (1) put the change on record, audit the intent: fail closed
    (2) files, then the new version's chunks beside the old ones, both durable
    (3) one registry transaction makes the version current and marks the change done: readers see it whole from here on
    (4) audit the outcome
    (5) clear away what nobody can see any more, take the change off the record

Removal runs the other way: invisible first (3), then index and files. A change still on record was broken off: it is
ended, and how is recorded, at once where that is possible, else before the next change of its document, else at
start-up by `resolve`. Its mark alone tells whether it is finished or taken back.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import BinaryIO, Literal

from appliance import probe
from appliance.access import AccessList
from appliance.acts import act
from appliance.errors import ApplianceError, DocumentNotFound
from appliance.models import Actor, Chunk, Document, IndexedChunk, Json, Matrix, Outcome, chunk_id, new_id
from appliance.protocols import AuditSink, ChunkIndex, Embedder
from appliance.store import changes
from appliance.store.changes import Change
from appliance.store.originals import Originals
from appliance.store.registry import Entry, NewVersion, Registry

State = Literal["stored", "replaced", "unchanged", "access-changed"]


Place = tuple[str, str]  # document and version
_PROBE: Place = (probe.DOCUMENT, probe.VERSION)


@dataclass(frozen=True, slots=True)
class Differences:
    """What the index holds wrongly: versions that are not current; and, with the list that they belong under, versions
    that stand under another one or do not have exactly their chunks.
    """

    left_over: frozenset[Place]
    misplaced: Mapping[Place, int]
    incomplete: Mapping[Place, int]

    def __bool__(self) -> bool:
        return bool(self.left_over or self.misplaced or self.incomplete)


@dataclass(frozen=True, slots=True)
class Documents:
    """The flow above, over what it needs."""

    registry: Registry
    originals: Originals
    index: ChunkIndex
    embedder: Embedder
    terms: Callable[[str], tuple[int, ...]]
    audit: AuditSink
    probe_list: int  # the access list of appliance.probe
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def store(self, new: NewVersion, files: Mapping[str, BinaryIO], vectors: Matrix, *, actor: Actor) -> State:
        """Make a converted document the current version at its path. `vectors` has a row a chunk, in order.

        A document that stands at the path already keeps its key, whatever key `new` proposes.
        """
        with self._one_at_a_time:
            old = self.registry.at(new.collection, new.path)
            if old is None:
                return self._store(new, None, files, vectors, actor)
            self._end_left_over(old.document.key, actor)
            new = _under(old.document.key, new)
            if old.document.version == new.version:
                return self._same_content(old, new, actor)
            return self._store(new, old, files, vectors, actor)

    def change_access(self, collection: str, path: str, access: AccessList, *, actor: Actor) -> State:
        """Give a document another access list; vectors stay. Raises DocumentNotFound."""
        with self._one_at_a_time:
            old = self._at(collection, path)
            self._end_left_over(old.document.key, actor)
            return self._give(old, access, actor)

    def remove(self, collection: str, path: str, *, actor: Actor) -> None:
        """Remove a document with all its versions, originals and pictures. Raises DocumentNotFound."""
        with self._one_at_a_time:
            old = self._at(collection, path)
            self._end_left_over(old.document.key, actor)
            self._remove(old, actor)

    def _store(
        self, new: NewVersion, before: Entry | None, files: Mapping[str, BinaryIO], vectors: Matrix, actor: Actor
    ) -> State:
        change = Change(new_id(), "store", new.key, new.version)
        old = before.document.version if before else None
        details = {**_details(new), **_was(before)}
        with self._on_record(change, actor):  # (1)
            self._commit("document.storing", change, actor, details, _names(new.collection, new.path, new.title))
            self.originals.keep(new.key, new.version, files, called=f"{new.collection}/{new.path}")  # (2)
            acl_id = changes.intern(self.registry, new.access)
            self.index.upsert(self._indexed(new.key, new.version, acl_id, new.chunks, vectors))
            changes.make_current(self.registry, new, acl_id, case=change.case)  # (3)
            self._commit("document.stored", change, actor, {**details, "list": acl_id})  # (4)
            if before is not None and before.access != new.access:
                self._commit("access.changed", change, actor, {**_given(before, new.access), "list": acl_id})
            if old is not None:
                self.index.delete(document=new.key, version=old)  # (5)
        return "stored" if old is None else "replaced"

    def _remove(self, entry: Entry, actor: Actor) -> None:
        document = entry.document
        change = Change(new_id(), "remove", document.key, document.version)
        details: dict[str, Json] = {"document": document.key, "version": document.version, "list": document.acl_id}
        names = _names(document.collection, document.path, document.title)
        with self._on_record(change, actor):  # (1)
            self._commit("document.removing", change, actor, details, names)
            changes.remove(self.registry, document.key, case=change.case)  # (3)
            self._clear(document.key)
            self._commit("document.removed", change, actor, details)  # (4)

    def _same_content(self, old: Entry, new: NewVersion, actor: Actor) -> State:
        """Only what is said of the content may differ: its title, language and media type, and who may see it."""
        described = _description(old.document) != _description(new)
        if described:
            change = Change(new_id(), "describe", new.key, new.version)
            # Who may see it changes after this, in a case of its own.
            details = {**_details(replace(new, access=old.access)), **_was(old), "list": old.document.acl_id}
            with self._on_record(change, actor):
                self._commit("document.storing", change, actor, details, _names(new.collection, new.path, new.title))
                changes.describe(self.registry, new, case=change.case)
                self._commit("document.stored", change, actor, details)
        state = self._give(old, new.access, actor)
        return "replaced" if described else state

    def _give(self, old: Entry, access: AccessList, actor: Actor) -> State:
        if old.access == access:
            return "unchanged"
        document = old.document
        change = Change(new_id(), "access", document.key, document.version)
        details = _given(old, access)
        names = _names(document.collection, document.path, document.title)
        with self._on_record(change, actor):
            self._commit("access.changing", change, actor, details, names)
            acl_id = changes.change_access(self.registry, document.key, access, case=change.case)
            self.index.set_access(document=document.key, acl_id=acl_id)
            self._commit("access.changed", change, actor, {**details, "list": acl_id})
        return "access-changed"

    def resolve(self) -> None:
        """End what a crash left half done, then make index and registry agree. Run once, before anybody is served."""
        for change in changes.open_changes(self.registry):
            self._end(change, Actor("service", "start-up"))
        found = self.differences()
        for document, version in found.left_over:
            self.index.delete(document=document, version=version)
        for (document, _), acl_id in found.misplaced.items():
            self.index.set_access(document=document, acl_id=acl_id)
        for place, acl_id in found.incomplete.items():
            if place == _PROBE:
                self.index.upsert([probe.chunk(self.probe_list, self.embedder, self.terms)])
            else:
                self._index_again(*place, acl_id)

    def differences(self) -> Differences:
        """Where the index does not hold what the registry says."""
        return differences(self.registry, self.index, self.probe_list)

    def _index_again(self, document: str, version: str, acl_id: int) -> None:
        self.index.delete(document=document, version=version)
        chunks = tuple(self.registry.texts(document, version))
        if chunks:
            vectors = self.embedder.embed_passages([chunk.indexed for chunk in chunks])
            self.index.upsert(self._indexed(document, version, acl_id, chunks, vectors))

    @contextmanager
    def _on_record(self, change: Change, actor: Actor) -> Iterator[None]:
        """The change stands on record for the block. One that fails is ended here, or stays on it where it cannot."""
        changes.announce(self.registry, change)
        try:
            yield
        except Exception:
            with suppress(ApplianceError):  # what made the change fail may make its end fail: the first cause is told
                self._end_left_over(change.document, actor)
            raise
        changes.settle(self.registry, change.case)

    def _end_left_over(self, document: str, actor: Actor) -> None:
        for change in changes.open_changes(self.registry, document):
            self._end(change, actor)

    def _end(self, change: Change, actor: Actor) -> None:
        """Finish a change that is done, take back one that is not, and record which."""
        document, current = change.document, self.registry.entry(change.document)
        match change.kind, change.done:
            case "store", False if current is None or current.document.version != change.version:
                self.index.delete(document=document, version=change.version)
                if change.version not in self.registry.versions(document):
                    self.originals.forget(document, change.version)
            case "store", True if current is not None:
                for version in self.registry.versions(document):
                    if version != current.document.version:
                        self.index.delete(document=document, version=version)
            case "access", True if current is not None:
                self.index.set_access(document=document, acl_id=current.document.acl_id)
            case "remove", True:
                self._clear(document)
        details: dict[str, Json] = {
            "kind": change.kind,
            "document": document,
            "version": change.version,
            "list": current.document.acl_id if current is not None else None,
        }
        outcome: Outcome = "success" if change.done else "failed"
        self._commit("document.resolved", change, actor, details, outcome=outcome)
        changes.settle(self.registry, change.case)

    def _commit(
        self,
        action: str,
        change: Change,
        actor: Actor,
        details: Mapping[str, Json],
        names: Mapping[str, str] | None = None,
        *,
        outcome: Outcome = "success",
    ) -> None:
        self.audit.commit(act(action, outcome, actor, change.case, details, names or {}))

    def _clear(self, document: str) -> None:
        self.index.delete(document=document)
        self.originals.forget(document)

    def _at(self, collection: str, path: str) -> Entry:
        entry = self.registry.at(collection, path)
        if entry is None:
            raise DocumentNotFound(document=f"{collection}/{path}")
        return entry

    def _indexed(
        self, document: str, version: str, acl_id: int, chunks: tuple[Chunk, ...], vectors: Matrix
    ) -> list[IndexedChunk]:
        return [
            IndexedChunk(chunk.id, document, version, acl_id, vector, self.terms(chunk.indexed))
            for chunk, vector in zip(chunks, vectors, strict=True)
        ]


def differences(registry: Registry, index: ChunkIndex, probe_list: int) -> Differences:
    """Where the index does not hold what the registry says."""
    expected = {**registry.current_versions(), _PROBE: probe_list}
    registered = registry.current_chunks()
    held: dict[Place, set[str]] = {}
    misplaced: dict[Place, int] = {}
    for chunk, document, version, acl_id in index.inventory():
        held.setdefault((document, version), set()).add(chunk)
        if acl_id != expected.get((document, version), acl_id):
            misplaced[document, version] = expected[document, version]
    incomplete = {
        place: acl_id
        for place, acl_id in expected.items()
        if (place not in held if place == _PROBE else held.get(place, set()) != registered.get(place, set()))
    }
    return Differences(frozenset(held.keys() - expected.keys()), misplaced, incomplete)


def _under(key: str, new: NewVersion) -> NewVersion:
    """The same under another key: two who store at one path at once each proposed a key of their own."""
    if new.key == key:
        return new
    chunks = tuple(replace(chunk, id=chunk_id(key, new.version, chunk.ordinal)) for chunk in new.chunks)
    return replace(new, key=key, chunks=chunks)


def _description(of: Document | NewVersion) -> tuple[str, str, str]:
    return of.title, of.language, of.media_type


def _names(collection: str, path: str, title: str) -> dict[str, str]:
    return {"collection": collection, "path": path, "title": title}


def _details(new: NewVersion) -> dict[str, Json]:
    return {
        "document": new.key,
        "version": new.version,
        "sha256": new.sha256,
        "bytes": new.size,
        "parts": len(new.parts),
        "chunks": len(new.chunks),
        "language": new.language,
        "access": _access_details(new.access),
    }


def _was(before: Entry | None) -> dict[str, Json]:
    """What stood there until now."""
    if before is None:
        return {}
    return {"version_before": before.document.version, "list_before": before.document.acl_id}


def _given(old: Entry, access: AccessList) -> dict[str, Json]:
    return {
        "document": old.document.key,
        "version": old.document.version,
        "from": _access_details(old.access),
        "to": _access_details(access),
        "list_before": old.document.acl_id,
    }


def _access_details(access: AccessList) -> dict[str, Json]:
    return {
        "groups": sorted(access.groups),
        "classification": access.classification.word,
        "compartments": sorted(access.compartments),
        "denied": sorted(access.denied),
        "valid_from": access.valid_from.isoformat() if access.valid_from else None,
        "valid_until": access.valid_until.isoformat() if access.valid_until else None,
    }
