from __future__ import annotations

import socket
from dataclasses import replace

import pytest
from qdrant_client import QdrantClient

from appliance.errors import EmbedderMismatch, IndexUnavailable
from appliance.index import qdrant as module
from appliance.index.qdrant import MEMORY, QdrantIndex
from tests.contract.index_cases import COLLECTION


def test_a_server_that_does_not_answer_is_reported_by_its_address() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

        with pytest.raises(IndexUnavailable, match=rf"The index at {url} cannot be used: .*refused"):
            QdrantIndex(url, api_key="k", name="chunks", collection=COLLECTION)


def test_a_collection_that_another_embedder_made_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    # One store in memory for two adapters: what two starts of the appliance share on a server.
    shared = QdrantClient(MEMORY)
    monkeypatch.setattr(module, "QdrantClient", lambda _: shared)
    QdrantIndex(MEMORY, api_key=None, name="chunks", collection=COLLECTION)
    QdrantIndex(MEMORY, api_key=None, name="chunks", collection=COLLECTION)

    other = replace(COLLECTION, embedder=replace(COLLECTION.embedder, sha256="cd" * 32))
    with pytest.raises(EmbedderMismatch, match="made with the embedder test"):
        QdrantIndex(MEMORY, api_key=None, name="chunks", collection=other)


def test_a_collection_that_is_not_ours_is_not_written_into(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = QdrantClient(MEMORY)
    shared.create_collection("chunks", vectors_config=module.qdrant_request.vectors(4))
    monkeypatch.setattr(module, "QdrantClient", lambda _: shared)

    with pytest.raises(IndexUnavailable, match=r"chunks cannot be used: .*metadata"):
        QdrantIndex(MEMORY, api_key=None, name="chunks", collection=COLLECTION)
