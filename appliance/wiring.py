"""Settings to services: the one place where the parts of the appliance are put together, opened and closed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from sqlalchemy import Engine

from appliance import probe
from appliance.answering import Answering
from appliance.audit.log import AuditLog
from appliance.auth.people import People
from appliance.documents import Documents
from appliance.embedding.installed import installed_embedder
from appliance.errors import HomeUnusable
from appliance.generation import generation_pipeline
from appliance.index.collection import Collection
from appliance.lexical.sudachi import TOKENIZER, terms
from appliance.llm.extractive import ExtractiveChat
from appliance.models import Actor, AuditEvent, Json, new_id
from appliance.protocols import ChunkIndex, Embedder
from appliance.retrieval import Retrieval, retrieval_pipeline
from appliance.settings import Settings
from appliance.store import changes
from appliance.store.conversations import Conversations
from appliance.store.database import open_database
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
        """The audit log. Raises what AuditLog.open raises."""
        audit = AuditLog.open(self.settings.data / "audit.db", self.settings.home / "keys" / "audit.key")
        self._stack.callback(audit.close)
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
        sessions.on_expiry(lambda person: _record_expiry(person, audit))
        _record_settings(settings, audit)
        documents.resolve()
        yield Services(
            parts, settings, people, sessions, registry, originals, index, embedder, audit, documents, retrieval,
            answering, conversations,
        )  # fmt: skip


def _index(settings: Settings, collection: Collection) -> ChunkIndex:
    if settings.index == "qdrant":
        from appliance.index.qdrant import QdrantIndex

        key = settings.secret(settings.qdrant_api_key_file)
        return QdrantIndex(settings.qdrant_url, api_key=key, name=settings.qdrant_collection, collection=collection)
    from appliance.index.process import EdgeProcess

    return EdgeProcess(settings.data / "index", collection)


def _record_expiry(person: str, audit: AuditLog) -> None:
    audit.commit(AuditEvent("session.ended", "success", Actor("service", "sessions"), new_id(), {"person": person}))


def _record_settings(settings: Settings, audit: AuditLog) -> None:
    """What is in force from now on. Values of settings are words and numbers; secrets are file names."""
    details: dict[str, Json] = {key: str(value)[:200] for key, value in settings.model_dump(mode="json").items()}
    audit.commit(AuditEvent("settings.loaded", "success", Actor("service", "start-up"), new_id(), details))
