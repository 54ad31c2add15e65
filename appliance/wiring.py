"""Settings to services: the one place where the parts of the appliance are put together, opened and closed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from appliance import probe
from appliance.answering import Answering
from appliance.audit.guard import guarded
from appliance.audit.log import AuditLog
from appliance.auth.people import People
from appliance.documents import Documents
from appliance.embedding.installed import installed_embedder
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
from appliance.store.known_heads import KnownHeads
from appliance.store.originals import Originals
from appliance.store.registry import Registry
from appliance.store.sessions import Sessions


@dataclass(frozen=True, slots=True)
class Services:
    """Everything an edge needs, open."""

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
        settings.data.mkdir(mode=0o700, exist_ok=True)
        audit = AuditLog.open(settings.data / "audit.db", settings.home / "keys" / "audit.key")
        stack.callback(audit.close)
        people = People(settings.home / settings.people)
        engine = open_database(settings.data / "appliance.db")
        stack.callback(engine.dispose)
        stack.enter_context(guarded(audit, KnownHeads(engine)))
        registry = Registry(engine)
        originals = Originals(settings.data / "originals")
        embedder = installed_embedder()
        index = _index(settings, Collection(embedder.identity, TOKENIZER))
        stack.callback(index.close)
        probe_list = changes.intern(registry, probe.ACCESS)
        documents = Documents(registry, originals, index, embedder, terms, audit, probe_list)
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
            settings, people, sessions, registry, originals, index, embedder, audit, documents, retrieval, answering,
            conversations,
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
