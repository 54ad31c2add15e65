"""What the adapter adds to the engine: `python -m tests.bench.index`, or with sizes: `... 10000 100000`.

A person with 100 of 400 access lists asks questions of ten words of chunks with random vectors and words as frequent as
Zipf's law has them. Each search is timed, and the engine calls it made are caught and made again directly: the ratio
of the two is what filter, fusion, term weights and checks cost beside the engine. What the process of its own adds to
a caller's wait is a row of its own. The two legs alone, in one batch and
with payload, are the least that any hybrid search needs. Without embedding, and without the registry's re-check.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import qdrant_edge as qdrant

from appliance.access import AccessFilter
from appliance.index import edge_request
from appliance.index.collection import Collection
from appliance.index.edge import EdgeIndex
from appliance.index.hybrid import CANDIDATES, ByTerms, ByVector
from appliance.index.process import EdgeProcess
from appliance.models import EmbedderIdentity, HybridQuery, IndexedChunk, Vector
from appliance.protocols import ChunkIndex
from tests.bench.report import show, write

DIMENSIONS, VOCABULARY, WORDS, LISTS, ALLOWED, QUESTIONS = 384, 30_000, 170, 400, 100, 200
TARGET = 1.5  # of the same calls made directly
COLLECTION = Collection(EmbedderIdentity("random", DIMENSIONS, "", "", "0" * 64), "zipf")


@dataclass
class Caught:
    """Stands before the shard and keeps the reading calls that pass through."""

    shard: qdrant.EdgeShard
    calls: list[Callable[[], object]] = field(default_factory=list)

    def query_batch(self, request: qdrant.QueryBatchRequest) -> object:
        self.calls.append(lambda: self.shard.query_batch(request))
        return self.shard.query_batch(request)

    def retrieve(self, chunks: list[uuid.UUID], **wanted: bool) -> object:
        self.calls.append(lambda: self.shard.retrieve(chunks, **wanted))
        return self.shard.retrieve(chunks, **wanted)

    def count(self, request: qdrant.CountRequest) -> object:
        self.calls.append(lambda: self.shard.count(request))
        return self.shard.count(request)


class Text:
    """Random chunks and questions, the same in every run."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(0)
        self._frequency = 1 / np.arange(1, VOCABULARY + 1)
        self._frequency /= self._frequency.sum()
        self._asked = self._frequency**0.7 / (self._frequency**0.7).sum()  # questions have rarer words than texts

    def vector(self) -> Vector:
        drawn = self._rng.standard_normal(DIMENSIONS).astype(np.float32)
        made: Vector = drawn / np.linalg.norm(drawn)
        return made

    def chunks(self, size: int) -> Iterator[list[IndexedChunk]]:
        """In batches as a document has them, so that memory is the index's."""
        for start in range(0, size, 500):
            yield [
                IndexedChunk(
                    str(uuid.UUID(int=n + 1)),
                    f"document-{n // 50}",
                    "v1",
                    int(self._rng.integers(LISTS)),
                    self.vector(),
                    tuple(np.unique(self._rng.choice(VOCABULARY, WORDS, p=self._frequency)).tolist()),
                )
                for n in range(start, min(start + 500, size))
            ]

    def question(self) -> HybridQuery:
        words = np.unique(self._rng.choice(VOCABULARY, 10, p=self._asked))
        return HybridQuery(self.vector(), tuple(words.tolist()), 20)

    def access(self) -> AccessFilter:
        return AccessFilter("bench", tuple(sorted(self._rng.choice(LISTS, ALLOWED, replace=False).tolist())))


def megabytes() -> float:
    """The process's peak resident memory so far, mapped files included."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(act: Callable[[], object]) -> float:
    """CPU milliseconds, all threads: the machine may be shared, its wall clock is not ours."""
    before = time.process_time()
    act()
    return (time.process_time() - before) * 1e3


class Pauses(threading.Thread):
    """Another thread of the process, which wants its turn every millisecond; `longest` is what it had to wait."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.longest = 0.0
        self._over = threading.Event()

    def run(self) -> None:
        last = time.perf_counter()
        while not self._over.wait(0.001):
            now = time.perf_counter()
            self.longest = max(self.longest, now - last)
            last = now

    def __enter__(self) -> Pauses:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()


def measured(size: int, place: Path) -> dict[str, float]:
    """One size: build, ask, compare."""
    text = Text()
    before, started = megabytes(), time.process_time()
    index = EdgeIndex(place, COLLECTION)
    with Pauses() as pauses:
        for batch in text.chunks(size):
            index.upsert(batch)
    built = time.process_time() - started
    memory = (megabytes() - before) / (size / 10_000)
    access = text.access()
    caught = index._shard = Caught(index._shard)
    searches, calls, legs, engine_calls = [], [], [], 0
    for number in range(QUESTIONS + 10):
        question = text.question()
        caught.calls.clear()
        search = timed(lambda q=question: index.search(q, access=access))
        made = tuple(caught.calls)
        direct = timed(lambda m=made: [call() for call in m])
        both = two_legs(question, access)
        least = timed(lambda b=both: caught.shard.query_batch(b))
        if number >= 10:  # the first ones warm caches and learn the commonest words
            searches.append(search)
            calls.append(direct)
            legs.append(least)
            engine_calls += len(made)
    index._shard = caught.shard
    index.close()
    questions = [text.question() for _ in range(QUESTIONS)]
    here, through = (waited(adapter(place, COLLECTION), questions, access) for adapter in (EdgeIndex, EdgeProcess))
    return {
        "chunks": size,
        "search, CPU ms": float(np.mean(searches)),
        "median": float(np.median(searches)),
        "p95": float(np.quantile(searches, 0.95)),
        "same calls directly": float(np.mean(calls)),
        "ratio": float(np.sum(searches) / np.sum(calls)),
        "two legs alone": float(np.mean(legs)),
        "ratio to them": float(np.sum(searches) / np.sum(legs)),
        "engine calls a search": engine_calls / QUESTIONS,
        "search in process, wall ms, median": here,
        "search through the process of its own, wall ms, median": through,
        "the process adds, ms": through - here,
        "peak MB per 10k chunks": memory,
        "indexing, chunks per CPU-s": size / built,
        "longest pause of a thread while indexing, ms": pauses.longest * 1e3,
    }


def waited(index: ChunkIndex, questions: list[HybridQuery], access: AccessFilter) -> float:
    """The median of what a caller waits for an answer, in milliseconds of the clock on the wall; closes the index."""
    spent = []
    for question in [*questions[:10], *questions]:
        before = time.perf_counter()
        index.search(question, access=access)
        spent.append((time.perf_counter() - before) * 1e3)
    index.close()
    return float(np.median(spent[10:]))


def two_legs(question: HybridQuery, access: AccessFilter) -> qdrant.QueryBatchRequest:
    """Both legs with the filter, the idf population and payload, and nothing else."""
    rights = edge_request.admitted(access)
    near = edge_request.request(ByVector(question.dense, CANDIDATES), rights)
    matching = edge_request.request(ByTerms(question.terms, CANDIDATES), rights)
    return qdrant.QueryBatchRequest([_with_payload(near), _with_payload(matching)])


def _with_payload(bare: qdrant.QueryRequest) -> qdrant.QueryRequest:
    return qdrant.QueryRequest(
        limit=bare.limit, query=bare.query, filter=bare.filter, params=bare.params, with_payload=True
    )


def main(sizes: list[int]) -> None:
    """Measure each size, print, write; exit 1 where the ratio is over the target."""
    rows = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as place:
            rows.append(measured(size, Path(place) / "index"))
    show("Search on Qdrant Edge", ["", *(f"{row['chunks']:,.0f}" for row in rows)], _transposed(rows))
    write({"rows": rows, "target": TARGET})
    if any(row["ratio"] > TARGET for row in rows):
        sys.exit(f"the adapter takes more than {TARGET} times the engine's own time")


def _transposed(rows: list[dict[str, float]]) -> list[list[object]]:
    return [[name, *(row[name] for row in rows)] for name in rows[0] if name != "chunks"]


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [10_000, 100_000])
