from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from appliance.embedding.e5 import E5Embedder
from appliance.embedding.pool import BATCH, cores, embed_in_order
from appliance.errors import PassageUnusable
from appliance.models import EmbedderIdentity, Matrix, Vector


class NumberEmbedder:
    """Turns "7" into [7, 0]; holds each batch until it is let go, so that order and look-ahead can be watched."""

    identity = EmbedderIdentity("numbers", 2, "", "", "")

    def __init__(self) -> None:
        self.threads: set[str] = set()
        self.together = threading.Barrier(2)

    def embed_query(self, text: str) -> Vector:
        return self.embed_passages([text])[0]

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        self.threads.add(threading.current_thread().name)
        self.together.wait(timeout=30)
        return np.array([[float(text), 0] for text in texts], dtype=np.float32)


def test_vectors_come_in_the_order_of_the_texts_from_two_threads_at_work_at_once() -> None:
    embedder = NumberEmbedder()

    vectors = list(embed_in_order(embedder, (str(n) for n in range(BATCH * 10)), workers=2))

    assert [int(vector[0]) for vector in vectors] == list(range(BATCH * 10))
    assert len(embedder.threads) == 2


def test_no_more_than_two_batches_a_worker_are_taken_ahead_of_the_reader() -> None:
    taken = 0

    def texts() -> Iterator[str]:
        nonlocal taken
        for n in range(10_000):
            taken += 1
            yield str(n)

    stream = embed_in_order(NumberEmbedder(), texts(), workers=2)
    for _ in range(BATCH):
        next(stream)

    assert taken == 4 * BATCH
    stream.close()


def test_no_texts_give_no_vectors() -> None:
    assert list(embed_in_order(NumberEmbedder(), [], workers=2)) == []


def test_an_unusable_text_comes_out_as_the_embedders_own_error_and_ends_the_work() -> None:
    embedder = E5Embedder()
    stream = embed_in_order(embedder, ["経費"] * BATCH + [""], workers=cores())

    assert len([next(stream) for _ in range(BATCH)]) == BATCH
    with pytest.raises(PassageUnusable, match="it is empty"):
        next(stream)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("embed")]


def test_closing_the_stream_early_leaves_no_thread_behind() -> None:
    stream = embed_in_order(E5Embedder(), ["経費"] * 100, workers=2)
    next(stream)

    stream.close()

    assert not [thread for thread in threading.enumerate() if thread.name.startswith("embed")]


def test_pooled_vectors_are_those_of_the_embedder_itself() -> None:
    embedder = E5Embedder()
    texts = [f"第{n}条 経費は{n}日以内に精算する。" for n in range(20)]

    pooled = np.stack(list(embed_in_order(embedder, texts, workers=cores())))

    assert np.array_equal(pooled, embedder.embed_passages(texts))
