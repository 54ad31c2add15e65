"""Where documents come in: the owner's `ingest` lists, stores, gives and removes what a collection holds.

On the private socket alone: a role that could store or give from a browser would open every document to its holder.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, BinaryIO

import numpy as np
from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from appliance.access import AccessList
from appliance.acts import act
from appliance.api import views
from appliance.api.caller import Guarded, Held, Owner
from appliance.api.schemas.documents import COLLECTION_NAME, AccessRule, DocumentIn, Notices, Stored, StoredDocument
from appliance.api.schemas.people import Group
from appliance.errors import (
    AccessListMissing,
    CollectionNameInvalid,
    DocumentInvalid,
    EmbedderMismatch,
    GroupUnknown,
    InvalidVector,
    RequestTooLarge,
)
from appliance.models import Chunk, Classification, Line, Matrix, Part, Span, chunk_id, new_id, version_id
from appliance.recording import listed_of
from appliance.store.originals import NOTES
from appliance.store.registry import NewVersion
from appliance.visible import one_line, spelled
from appliance.wiring import Services

router = APIRouter(route_class=Guarded, tags=["collections"])

_PICTURE = re.compile(r"([1-9][0-9]{0,5})(\.thumb)?\.webp")
_FILES = 20_000  # parts of one request: two pictures a page


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document stands: checked, so that it can be shown and compared, and never is a path of ours."""

    collection: str
    path: str

    def __str__(self) -> str:
        return f"{self.collection}/{self.path}"


def _place(collection: str, path: str = "") -> Place:
    steps = path.split("/")
    if not COLLECTION_NAME.fullmatch(collection):
        raise CollectionNameInvalid(name=collection)
    if path and (
        len(path) > 1000 or any(step in ("", ".", "..") for step in steps) or spelled(path) != path or "\ufffd" in path
    ):
        raise DocumentInvalid(document=f"{collection}/{path}", why="not a relative path of ordinary characters")
    return Place(collection, path)


At = Annotated[Place, Depends(_place)]


@router.get("/groups")
def groups(services: Held, _: Owner) -> list[Group]:
    """Every group by id, with the names that a manifest may use."""
    return [Group(id=group.id, names=[group.name, group.name_en, group.id]) for group in services.people.groups]


@router.get("/compartments")
def compartments(services: Held, _: Owner) -> list[str]:
    """Every compartment that anybody holds: a document in another one is seen by nobody."""
    return sorted({name for person in services.people.all() for name in person.principal.compartments})


@router.get("/embedder")
def embedder(services: Held, _: Owner) -> dict[str, str | int]:
    """Which embedder made this installation's vectors: what `ingest` must use."""
    identity = services.embedder.identity
    return {"name": identity.name, "dimensions": identity.dimensions, "sha256": identity.sha256}


@router.get("/collections")
def collections(services: Held, who: Owner) -> list[str]:
    """The names of all collections. Names are shown, so it is recorded."""
    found = services.registry.collections()
    services.audit.commit(act("documents.listed", "success", who.actor, new_id(), {"collections": len(found)}))
    return found


@router.get("/collections/{collection}/documents")
def stored_documents(at: At, services: Held, who: Owner) -> list[StoredDocument]:
    """What a collection holds, without content: enough to see what changed. Names are shown, so it is recorded."""
    found = services.registry.collection(at.collection)
    listed = listed_of([entry.document.key for entry in found])
    texts = {"collection": at.collection, **listed.texts}
    services.audit.commit(act("documents.listed", "success", who.actor, new_id(), listed.details, texts))
    originals = services.originals
    return [views.stored(one, originals.notes(one.document.key, one.document.version)) for one in found]


@router.put("/collections/{collection}/documents/{path:path}")
async def store(at: At, request: Request, services: Held, who: Owner) -> Stored:
    """Make a converted document the current version at its path, whole or not at all."""
    async with request.form(max_files=_FILES) as form:
        return await run_in_threadpool(_store, at, form, services, who)


def _store(at: Place, form: FormData, services: Services, who: Owner) -> Stored:
    meta = _meta(at, form)
    original = _file(at, form, "original")
    if meta.embedder != services.embedder.identity.sha256:
        raise EmbedderMismatch(stored=services.embedder.identity.name, given=meta.embedder)
    if len(meta.title) > 1000:
        raise DocumentInvalid(document=at, why=f"its title has {len(meta.title)} characters, more than 1000")
    access = access_of(meta.access, services, str(at))
    parts, version = _parts(at, meta), version_id(meta.sha256, meta.fingerprint)
    old = services.registry.at(at.collection, at.path)
    key = old.document.key if old else new_id()
    chunks = _chunks(at, meta, parts, key, version)
    size = _size_of(at, original.file, meta.sha256, services.settings.upload_bytes)
    vectors = _vectors(at, form, len(chunks), services.embedder.identity.dimensions)
    files: dict[str, BinaryIO] = {"original": original.file, **_pictures(at, form, {part.ordinal for part in parts})}
    if meta.notes:
        files[NOTES] = io.BytesIO(Notices.dump_json(meta.notes))
    new = NewVersion(
        key=key,
        collection=at.collection,
        path=at.path,
        version=version,
        sha256=meta.sha256,
        title=meta.title,
        language=meta.language,
        media_type=meta.media_type,
        fingerprint=meta.fingerprint,
        size=size,
        access=access,
        parts=parts,
        chunks=chunks,
        pictures=frozenset(part.ordinal for part in parts if f"{part.ordinal}.webp" in files),
    )
    state = services.documents.store(new, files, vectors, actor=who.actor)
    stands = services.registry.at(at.collection, at.path)  # somebody else may have been first, with another key
    return Stored(key=stands.document.key if stands else key, version=version, state=state)


@router.put("/collections/{collection}/access/{path:path}")
def change_access(at: At, body: AccessRule, services: Held, who: Owner) -> Stored:
    """Give a document another access list, without embedding it again."""
    access = access_of(body, services, str(at))
    state = services.documents.change_access(at.collection, at.path, access, actor=who.actor)
    entry = services.registry.at(at.collection, at.path)
    document = entry.document if entry else None
    return Stored(key=document.key if document else "", version=document.version if document else "", state=state)


@router.delete("/collections/{collection}/documents/{path:path}", status_code=204)
def remove(at: At, services: Held, who: Owner) -> None:
    """Remove a document with all its versions, originals and pictures."""
    services.documents.remove(at.collection, at.path, actor=who.actor)


def access_of(rule: AccessRule, services: Services, where: str) -> AccessList:
    """A rule as an access list. Raises AccessListMissing or GroupUnknown."""
    if not rule.groups:
        raise AccessListMissing(where=where)
    known = {group.id for group in services.people.groups}
    for group in [*rule.groups, *rule.denied]:
        if group not in known:
            raise GroupUnknown(where=where, group=group, groups=", ".join(sorted(known)))
    for compartment in rule.compartments:  # a word of the log, so neither a text nor a line
        if one_line(compartment) != compartment or not 0 < len(compartment) <= 100 or len(rule.compartments) > 50:
            raise DocumentInvalid(document=where, why=f"{compartment[:100]!r} cannot be a compartment")
    return AccessList(
        groups=frozenset(rule.groups),
        classification=Classification.named(rule.classification),
        compartments=frozenset(rule.compartments),
        denied=frozenset(rule.denied),
        valid_from=rule.valid_from,
        valid_until=rule.valid_until,
    )


def _file(at: Place, form: FormData, name: str) -> UploadFile:
    part = form.get(name)
    if not isinstance(part, UploadFile):
        raise DocumentInvalid(document=at, why=f"the file part {name} is missing")
    return part


def _meta(at: Place, form: FormData) -> DocumentIn:
    try:
        return DocumentIn.model_validate_json(_file(at, form, "document").file.read())
    except ValidationError as error:
        first = error.errors()[0]
        why = f"{'.'.join(str(step) for step in first['loc'])}: {first['msg']}"
        raise DocumentInvalid(document=at, why=why) from error


def _parts(at: Place, meta: DocumentIn) -> tuple[Part, ...]:
    for part in meta.parts:
        for line in part.lines:
            if not 0 <= line.start < line.end <= len(part.text) or len(line.edges) != line.end - line.start + 1:
                raise DocumentInvalid(document=at, why=f"a line lies outside part {part.ordinal}")
    return tuple(
        Part(
            part.ordinal,
            part.kind,
            part.label,
            part.text,
            tuple(Line(line.start, line.end, line.top, line.bottom, tuple(line.edges)) for line in part.lines),
        )
        for part in meta.parts
    )


def _chunks(at: Place, meta: DocumentIn, parts: Sequence[Part], key: str, version: str) -> tuple[Chunk, ...]:
    texts = {part.ordinal: part.text for part in parts}
    if len(texts) != len(parts):
        raise DocumentInvalid(document=at, why="parts are numbered from 1, each once")
    out = []
    for ordinal, chunk in enumerate(meta.chunks):
        text = texts.get(chunk.part, "")[chunk.start : chunk.end]
        if not 0 <= chunk.start < chunk.end or len(text) != chunk.end - chunk.start or not text.strip():
            raise DocumentInvalid(document=at, why=f"chunk {ordinal} lies outside part {chunk.part}")
        span = Span(chunk.part, chunk.start, chunk.end)
        out.append(Chunk(chunk_id(key, version, ordinal), ordinal, span, chunk.heading, text))
    return tuple(out)


def _vectors(at: Place, form: FormData, chunks: int, dimensions: int) -> Matrix:
    data = _file(at, form, "vectors").file.read()
    if len(data) != chunks * dimensions * 4:
        raise DocumentInvalid(document=at, why=f"{len(data)} bytes for {chunks} vectors of {dimensions} numbers")
    vectors: Matrix = np.frombuffer(data, dtype="<f4").reshape(-1, dimensions)
    faulty = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if faulty.size:
        raise InvalidVector(chunk=faulty[0], why="a number of its vector is not finite")
    return vectors


def _size_of(at: Place, original: BinaryIO, expected: str, limit: int) -> int:
    digest = hashlib.sha256()
    while piece := original.read(1 << 20):
        digest.update(piece)
    size = original.tell()
    original.seek(0)
    if size > limit:
        raise RequestTooLarge(limit=limit)
    if digest.hexdigest() != expected:
        raise DocumentInvalid(document=at, why=f"the original's sha256 is {digest.hexdigest()}, not {expected}")
    return size


def _pictures(at: Place, form: FormData, ordinals: set[int]) -> dict[str, BinaryIO]:
    out: dict[str, BinaryIO] = {}
    for part in form.getlist("pictures"):
        name = part.filename or "" if isinstance(part, UploadFile) else ""
        found = _PICTURE.fullmatch(name)
        if not isinstance(part, UploadFile) or found is None or int(found.group(1)) not in ordinals:
            raise DocumentInvalid(document=at, why=f"a picture is called {name[:100]!r}, which is no part's")
        head = part.file.read(12)
        part.file.seek(0)
        if (head[:4], head[8:]) != (b"RIFF", b"WEBP"):
            raise DocumentInvalid(document=at, why=f"the picture {name} is no WebP")
        out[name] = part.file
    return out
