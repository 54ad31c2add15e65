"""A document's changes, top to bottom: stored, given to others, removed; and what a crash left half done.

Index, registry, files and log share no transaction, so the order is the guarantee:

    (1) put the change on record, audit the intent: fail closed
    (2) files, then the new version's chunks beside the old ones, both durable
    (3) one registry transaction makes the version current: readers see it whole from here on
    (4) audit the outcome, take the change off the record
    (5) clear away what nobody can see any more

Removal runs the other way: invisible first (3), then index and files. At start-up `resolve` ends every change that is
still on record and records how.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Literal

from appliance import probe
from appliance.access import AccessList
from appliance.errors import DocumentNotFound
from appliance.models import Actor, AuditEvent, Chunk, IndexedChunk, Json, Matrix, Outcome, new_id
from appliance.protocols import AuditSink, ChunkIndex, Embedder
from appliance.store import changes
from appliance.store.changes import Change
from appliance.store.originals import Originals
from appliance.store.registry import Entry, NewVersion, Registry

State = Literal["stored", "replaced", "unchanged", "access-changed"]


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
        """Make a converted document the current version at its path. `vectors` has a row a chunk, in order."""
        with self._one_at_a_time:
            return self._store(new, files, vectors, actor)

    def change_access(self, collection: str, path: str, access: AccessList, *, actor: Actor) -> State:
        """Give a document another access list; vectors stay. Raises DocumentNotFound."""
        with self._one_at_a_time:
            return self._same_content(self._at(collection, path), access, actor)

    def remove(self, collection: str, path: str, *, actor: Actor) -> None:
        """Remove a document with all its versions, originals and pictures. Raises DocumentNotFound."""
        with self._one_at_a_time:
            self._remove(self._at(collection, path), actor)

    def _store(self, new: NewVersion, files: Mapping[str, BinaryIO], vectors: Matrix, actor: Actor) -> State:
        old = self.registry.at(new.collection, new.path)
        if old is not None and old.document.version == new.version and old.document.title == new.title:
            return self._same_content(old, new.access, actor)
        case = new_id()
        change = Change(case, "store", new.key, new.version)
        names = {"collection": new.collection, "path": new.path, "title": new.title}
        details = self._details(new)
        changes.announce(self.registry, change)  # (1)
        try:
            self.audit.commit(AuditEvent("document.storing", "success", actor, case, details, names))
            self.originals.keep(new.key, new.version, files, called=f"{new.collection}/{new.path}")  # (2)
            acl_id = changes.intern(self.registry, new.access)
            self.index.upsert(self._indexed(new.key, new.version, acl_id, new.chunks, vectors))
            replaced = changes.make_current(self.registry, new, acl_id)  # (3)
        except Exception:
            self._undo(change, actor)
            raise
        self.audit.commit(AuditEvent("document.stored", "success", actor, case, {**details, "list": acl_id}))  # (4)
        changes.settle(self.registry, case)
        if replaced is not None:
            self.index.delete(document=new.key, version=replaced)  # (5)
        return "stored" if old is None else "replaced"

    def _remove(self, entry: Entry, actor: Actor) -> None:
        document, case = entry.document, new_id()
        details: dict[str, Json] = {"document": document.key, "version": document.version}
        names = {"collection": document.collection, "path": document.path, "title": document.title}
        changes.announce(self.registry, Change(case, "remove", document.key, document.version))  # (1)
        self.audit.commit(AuditEvent("document.removing", "success", actor, case, details, names))
        changes.remove(self.registry, document.key)  # (3)
        self._clear(document.key)
        self.audit.commit(AuditEvent("document.removed", "success", actor, case, details))  # (4)
        changes.settle(self.registry, case)

    def resolve(self) -> None:
        """End what a crash left half done, then make index and registry agree. Run once, before anybody is served."""
        service = Actor("service", "start-up")
        for change in changes.open_changes(self.registry):
            self._undo(change, service)
        expected = {**self.registry.current_versions(), (probe.DOCUMENT, probe.VERSION): self.probe_list}
        held: dict[tuple[str, str], set[str]] = {}
        for chunk, document, version, acl_id in self.index.inventory():
            if expected.get((document, version)) != acl_id and (document, version) in expected:
                self.index.set_access(document=document, acl_id=expected[document, version])
            held.setdefault((document, version), set()).add(chunk)
        for document, version in held.keys() - expected.keys():
            self.index.delete(document=document, version=version)
        if (probe.DOCUMENT, probe.VERSION) not in held:
            self.index.upsert([probe.chunk(self.probe_list, self.embedder, self.terms)])
        for (document, version), acl_id in expected.items():
            chunks = tuple(self.registry.texts(document, version))
            if {chunk.id for chunk in chunks} - held.get((document, version), set()):
                vectors = self.embedder.embed_passages([chunk.indexed for chunk in chunks])
                self.index.upsert(self._indexed(document, version, acl_id, chunks, vectors))

    def _same_content(self, old: Entry, access: AccessList, actor: Actor) -> State:
        if old.access == access:
            return "unchanged"
        document, case = old.document, new_id()
        changes.announce(self.registry, Change(case, "access", document.key, document.version))
        details: dict[str, Json] = {
            "document": document.key,
            "from": _access_details(old.access),
            "to": _access_details(access),
        }
        self.audit.commit(AuditEvent("access.changed", "success", actor, case, details))
        acl_id = changes.change_access(self.registry, document.key, access)
        self.index.set_access(document=document.key, acl_id=acl_id)
        changes.settle(self.registry, case)
        return "access-changed"

    def _undo(self, change: Change, actor: Actor) -> None:
        """Bring one unfinished change to an end that is true, and record which."""
        current = changes.exists(self.registry, change.document, change.version)
        if change.kind == "store" and not current:
            self.index.delete(document=change.document, version=change.version)
            if change.version not in self.registry.versions(change.document):
                self.originals.forget(change.document, change.version)
        elif change.kind == "remove" and not changes.exists(self.registry, change.document):
            self._clear(change.document)
        done = current if change.kind == "store" else not changes.exists(self.registry, change.document)
        outcome: Outcome = "success" if done or change.kind == "access" else "failed"
        details: dict[str, Json] = {"kind": change.kind, "document": change.document, "version": change.version}
        self.audit.commit(AuditEvent("document.resolved", outcome, actor, change.case, details))
        changes.settle(self.registry, change.case)

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

    @staticmethod
    def _details(new: NewVersion) -> dict[str, Json]:
        return {
            "document": new.key,
            "version": new.version,
            "sha256": new.sha256,
            "bytes": new.size,
            "parts": len(new.parts),
            "chunks": len(new.chunks),
            "access": _access_details(new.access),
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
