"""Many passages through an embedder with every core at work: one thread a core, results in order, memory bounded."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

from appliance.models import Matrix, Vector
from appliance.protocols import Embedder

BATCH = 8  # passages a call: larger ones bring no speed, only memory, and a longer wait before a stop takes effect


def embed_in_order(embedder: Embedder, texts: Iterable[str], *, workers: int) -> Iterator[Vector]:
    """Each text's vector, in order. At most two batches a worker are taken from `texts` ahead of the reader.

    Closing the iterator, or an error in a text, ends the work after the batches under way. The embedder's errors come
    out where the batch stands.
    """
    source = iter(texts)
    waiting: deque[Future[Matrix]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="embed") as pool:
        try:
            while True:
                while len(waiting) < 2 * workers and (batch := list(islice(source, BATCH))):
                    waiting.append(pool.submit(embedder.embed_passages, batch))
                if not waiting:
                    return
                yield from waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def cores() -> int:
    """How many processors this process may use: the number of workers that keeps them all busy."""
    return len(os.sched_getaffinity(0))
