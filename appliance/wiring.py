"""Settings to services: the one place where the parts of the appliance are put together, opened and closed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from sqlalchemy import Engine

from appliance import probe
from appliance.acts import act
from appliance.admission import Admission
from appliance.answering import Answering
from appliance.audit.guard import guarded
from appliance.audit.log import AuditLog
from appliance.auth.people import People
from appliance.documents import Documents
from appliance.embedding.installed import installed_embedder
from appliance.errors import HomeUnusable
from appliance.generation import generation_pipeline
from appliance.index.collection import Collection
from appliance.lexical.sudachi import TOKENIZER, terms
from appliance.llm.extractive import ExtractiveChat
from appliance.models import Actor, new_id
from appliance.opening import Opening
from appliance.protocols import ChunkIndex, Embedder
from appliance.refusals import Refusals
from appliance.retrieval import Retrieval, retrieval_pipeline
from appliance.settings import Settings
from appliance.starting import record_people, record_start, record_stop
from appliance.store import changes
from appliance.store.conversations import Conversations
from appliance.store.database import open_database
from appliance.store.known_heads import KnownHeads
from appliance.store.originals import Originals
from appliance.store.registry import Registry
from appliance.store.sessions import Sessions


class Parts:
    """What the services are made of: each is opened when it is first asked for, and closed with `stack`.

    A part that does not open raises whenever it is asked for; whoever examines an installation goes on with the others.
    """

    def __init__(self, settings: Settings, stack: ExitStack) -> None:
        self.settings, self._stack = settings, stack

    @cached_property
    def audit(self) -> AuditLog:
        """The audit log, held against what was known of it. Raises what AuditLog.open and `guarded` raise."""
        with ExitStack() as opened:
            audit = AuditLog.open(self.settings.data / "audit.db", self.settings.home / "keys" / "audit.key")
            opened.callback(audit.close)
            opened.enter_context(guarded(audit, KnownHeads(self.engine)))
            self._stack.enter_context(opened.pop_all())
        return audit

    @cached_property
    def people(self) -> People:
        """The directory. Raises what People raises."""
        return People(self.settings.home / self.settings.people)

    @cached_property
    def engine(self) -> Engine:
        """The relational store, migrated. Raises StoreUnavailable."""
        engine = open_database(self.settings.data / "appliance.db")
        self._stack.callback(engine.dispose)
        return engine

    @cached_property
    def registry(self) -> Registry:
        """The registry in the store."""
        return Registry(self.engine)

    @cached_property
    def originals(self) -> Originals:
        """The files beside the registry. Raises StoreUnavailable."""
        return Originals(self.settings.data / "originals")

    @cached_property
    def embedder(self) -> Embedder:
        """The embedder. Raises EmbedderAltered or CpuUnsupported."""
        return installed_embedder()

    @cached_property
    def index(self) -> ChunkIndex:
        """The index that the settings name. Raises what it raises."""
        index = _index(self.settings, Collection(self.embedder.identity, TOKENIZER))
        self._stack.callback(index.close)
        return index

    @cached_property
    def probe_list(self) -> int:
        """The access list of appliance.probe."""
        return changes.intern(self.registry, probe.ACCESS)


@dataclass(frozen=True, slots=True)
class Services:
    """Everything an edge needs, open."""

    parts: Parts
    settings: Settings
    people: People
    sessions: Sessions
    registry: Registry
    originals: Originals
    index: ChunkIndex
    embedder: Embedder
    audit: AuditLog
    documents: Documents
    retrieval: Retrieval
    answering: Answering
    conversations: Conversations
    refusals: Refusals
    opening: Opening
    admission: Admission


@contextmanager
def open_services(settings: Settings) -> Iterator[Services]:
    """Open everything, end what a crash left half done, and close in reverse order.

    The audit log comes first: nothing else may happen where it cannot be written.
    """
    with ExitStack() as stack:
        try:
            settings.data.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise HomeUnusable(path=settings.data, why=error.strerror or error) from error
        parts = Parts(settings, stack)
        audit, people, engine = parts.audit, parts.people, parts.engine
        record_start(settings, people, engine, audit)
        stack.callback(record_stop, audit)
        refusals = Refusals(audit)
        stack.callback(refusals.close)
        registry, originals, embedder, index = parts.registry, parts.originals, parts.embedder, parts.index
        documents = Documents(registry, originals, index, embedder, terms, audit, parts.probe_list)
        retrieval = Retrieval(retrieval_pipeline(embedder, terms, index), registry)
        conversations = Conversations(engine)
        chat = ExtractiveChat(embedder, terms)
        answering = Answering(
            retrieval, registry, generation_pipeline(chat), chat.name, audit, conversations, settings.passages
        )
        sessions = Sessions(
            engine,
            idle=timedelta(minutes=settings.session_minutes),
            longest=timedelta(hours=settings.session_hours),
            clock=lambda: datetime.now(UTC),
        )
        sessions.on_expiry(lambda person, session: _record_expiry(person, session, audit))
        people.on_change(lambda: _directory_changed(people, engine, sessions, audit))
        _end_removed(people, sessions, audit)
        documents.resolve()
        yield Services(
            parts, settings, people, sessions, registry, originals, index, embedder, audit, documents, retrieval,
            answering, conversations, refusals, Opening(registry, conversations), _admission(settings),
        )  # fmt: skip


def _admission(settings: Settings) -> Admission:
    """A core a question, since more would only make each slower; and never so few that one person has them all."""
    a_person = settings.questions_a_person
    at_once = max(len(os.sched_getaffinity(0)), a_person + 1)
    return Admission(a_person=a_person, at_once=at_once, seconds=settings.answer_seconds)


def _index(settings: Settings, collection: Collection) -> ChunkIndex:
    if settings.index == "qdrant":
        from appliance.index.qdrant import QdrantIndex

        key = settings.secret(settings.qdrant_api_key_file)
        return QdrantIndex(settings.qdrant_url, api_key=key, name=settings.qdrant_collection, collection=collection)
    from appliance.index.process import EdgeProcess

    return EdgeProcess(settings.data / "index", collection)


def _directory_changed(people: People, engine: Engine, sessions: Sessions, audit: AuditLog) -> None:
    """Who was taken out of the directory is signed out at once, and what changed is recorded."""
    _end_removed(people, sessions, audit)
    record_people(people, engine, audit)


def _end_removed(people: People, sessions: Sessions, audit: AuditLog) -> None:
    for person, session in sessions.end_all_but({known.principal.id for known in people.all()}):
        details = {"person": person, "reason": "directory", "session": session}
        audit.commit(act("session.ended", "success", Actor("service", "sessions"), new_id(), details))


def _record_expiry(person: str, session: str, audit: AuditLog) -> None:
    details = {"person": person, "reason": "time", "session": session}
    audit.commit(act("session.ended", "success", Actor("service", "sessions"), new_id(), details))
