"""An installation in a folder, documents to put into it, and what is true of it: real engine, real log, real files."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from appliance import probe
from appliance.access import AccessList
from appliance.audit.log import AuditLog
from appliance.audit.reading import EventFilter
from appliance.models import (
    Actor,
    Chunk,
    Classification,
    Line,
    Part,
    Principal,
    Role,
    Span,
    chunk_id,
    new_id,
    version_id,
)
from appliance.settings import Settings, load
from appliance.store import changes
from appliance.store.registry import NewVersion
from appliance.wiring import Services, open_services

PEOPLE = Path(__file__).parents[3] / "infra/demo/people.toml"
STAFF, HR = frozenset({"g-staff"}), frozenset({"g-hr"})
OPERATOR = Actor("owner", "uid:0")
FOR_STAFF = AccessList(groups=STAFF, classification=Classification.INTERNAL)
FOR_HR = AccessList(groups=HR, classification=Classification.CONFIDENTIAL)


def home(folder: Path) -> Settings:
    """A new installation, as `appliance init` makes it."""
    for name in ("data", "keys", "run"):
        (folder / name).mkdir(parents=True, mode=0o700)
    folder.chmod(0o700)
    shutil.copyfile(PEOPLE, folder / "people.toml")
    AuditLog.create(folder / "data/audit.db", folder / "keys/audit.key", "test/audit")
    (folder / "settings.toml").write_text('identity = "demo"\n')
    return again(folder)


def again(folder: Path) -> Settings:
    """The settings of an installation that is there."""
    return load({"APPLIANCE_HOME": str(folder)})


@contextmanager
def opened(folder: Path) -> Iterator[Services]:
    """The services of the installation in `folder`, which is made where it is not there."""
    with open_services(again(folder) if (folder / "settings.toml").exists() else home(folder)) as services:
        yield services


def person(services: Services, name: str) -> Principal:
    return services.people.person(name).principal


def somebody(groups: frozenset[str] = STAFF, clearance: Classification = Classification.INTERNAL) -> Principal:
    return Principal("somebody", "Somebody", groups, clearance, frozenset(), frozenset({Role.READER}))


def document(
    services: Services,
    path: str,
    paragraphs: tuple[str, ...],
    *,
    access: AccessList = FOR_STAFF,
    title: str = "",
    lines: tuple[Line, ...] = (),
) -> NewVersion:
    """A document of one part, a paragraph a chunk."""
    text = "\n\n".join(paragraphs)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    old = services.registry.at("c", path)
    key, version = old.document.key if old else new_id(), version_id(sha256, "test-1")
    chunks, at = [], 0
    for ordinal, paragraph in enumerate(paragraphs):
        start = text.index(paragraph, at)
        at = start + len(paragraph)
        chunks.append(Chunk(chunk_id(key, version, ordinal), ordinal, Span(1, start, at), "", paragraph))
    return NewVersion(
        key=key, collection="c", path=path, version=version, sha256=sha256, title=title or path, language="ja",
        media_type="text/plain", fingerprint="test-1", size=len(text.encode()), access=access,
        parts=(Part(1, "section", "本文", text, lines),), chunks=tuple(chunks), pictures=frozenset(),
    )  # fmt: skip


def put(services: Services, new: NewVersion) -> str:
    """Store it as the API does; its state."""
    vectors = services.embedder.embed_passages([chunk.indexed for chunk in new.chunks])
    files = {"original": io.BytesIO(new.parts[0].text.encode())}
    return services.documents.store(new, files, np.asarray(vectors), actor=OPERATOR)


def languages(new: NewVersion) -> NewVersion:
    return replace(new, language="en")


@dataclass(frozen=True)
class Truth:
    """What the four stores say of collection `c`: the same, or the installation contradicts itself."""

    registered: dict[str, str]  # path -> current text
    lists: dict[str, int]
    languages: dict[str, str]


def truth(services: Services) -> Truth:
    """Compare registry, index, originals and open changes with one another; then say what stands."""
    registry = services.registry
    entries = registry.collection("c")
    current = {entry.document.key: entry.document for entry in entries}
    expected = {
        (chunk.id, document.key, document.version, document.acl_id)
        for document in current.values()
        for chunk in registry.texts(document.key, document.version)
    }
    indexed = {row for row in services.index.inventory() if row[1] != probe.DOCUMENT}
    assert indexed == expected, "the index does not hold what the registry says"
    root = services.originals.root
    kept = {(folder.parent.name, folder.name) for folder in root.glob("[0-9a-f]*/*")}
    wanted = {(key, version) for key in current for version in registry.versions(key)}
    assert kept == wanted, "the originals are not those of the registry"
    assert {folder.name for folder in root.glob("[0-9a-f]*")} == set(current)
    assert not list((root / ".waiting").iterdir()), "half-written files are left"
    for key, version in kept:
        text = "".join(part.text for part in [registry.part(key, version, 1)[0]])  # type: ignore[index]
        assert (root / key / version / "original").read_text() == text
    assert changes.open_changes(registry) == [], "a change is still on record"
    return Truth(
        {
            entry.document.path: registry.part(entry.document.key, entry.document.version, 1)[0].text
            for entry in entries
        },  # type: ignore[index]
        {entry.document.path: entry.document.acl_id for entry in entries},
        {entry.document.path: entry.document.language for entry in entries},
    )


def log(services: Services) -> list[tuple[str, str, str]]:
    """(action, outcome, case) of everything that concerns documents, oldest first."""
    events = services.audit.reader.events(EventFilter(), limit=1000)
    kept = [e for e in reversed(events) if e.action.startswith(("document.", "access."))]
    return [(event.action, event.outcome, event.case) for event in kept]


def told(services: Services) -> None:
    """Every intent in the log has an outcome under its case."""
    by_case: dict[str, list[str]] = {}
    for action, _, case in log(services):
        by_case.setdefault(case, []).append(action)
    for actions in by_case.values():
        assert len(actions) > 1 or actions == ["document.resolved"], actions
