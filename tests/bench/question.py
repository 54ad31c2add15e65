"""What a question costs beside embedder, engine and model, step by step: `python -m tests.bench.question`.

Questions go through the flow of answering.py over real stores, with the three durable audit records of each (received,
retrieved, completed). The chat model is one that writes its answer at once. Wall-clock milliseconds.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np

from appliance.access import AccessFilter
from appliance.answering import Answering, Question, Sources
from appliance.audit.log import AuditLog
from appliance.citations import Said
from appliance.generation import generation_pipeline
from appliance.lexical.sudachi import terms
from appliance.models import Actor, AuditEvent, Hit, HybridQuery, Prompt, Receipt, Token, Vector, new_id
from appliance.protocols import ChunkIndex, Embedder
from appliance.retrieval import Retrieval, retrieval_pipeline
from appliance.store.registry import Registry
from appliance.wiring import Services
from tests.bench.installation import random_vectors, services, store, version
from tests.bench.report import show, write

DOCUMENTS, SENTENCES, QUESTIONS, AIM = 200, 20, 200, 15.0
_WORDS = re.findall(
    r"\w+",
    "出張 日当 宿泊費 申請 承認 上限 領収書 精算 期限 様式 総務部 人事部 規程 改定 休暇 給与 評価 委託 契約 監査",
)


@dataclass
class Clock:
    """Milliseconds by step, a list a question."""

    spent: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        self.spent[name].append((time.perf_counter() - begin) * 1e3)


@dataclass
class TimedEmbedder:
    """The packaged embedder, timed."""

    inner: Embedder
    clock: Clock

    @property
    def identity(self):  # type: ignore[no-untyped-def]
        return self.inner.identity

    def embed_query(self, text: str) -> Vector:
        with self.clock.step("embedder"):
            return self.inner.embed_query(text)


@dataclass
class TimedIndex:
    """The index, timed."""

    inner: ChunkIndex
    clock: Clock

    def search(self, query: HybridQuery, *, access: AccessFilter) -> list[Hit]:
        with self.clock.step("engine"):
            return self.inner.search(query, access=access)


class TimedRegistry(Registry):
    """The registry, its re-check timed."""

    clock: Clock

    def current(self, chunks):  # type: ignore[no-untyped-def]
        with self.clock.step("re-check"):
            return super().current(chunks)


@dataclass
class TimedAudit:
    """The log; an event's time runs from its submission until it is durable."""

    inner: AuditLog
    clock: Clock

    def submit(self, event: AuditEvent) -> Future[Receipt]:
        begin = time.perf_counter()
        future = self.inner.submit(event)
        name = f"audit {event.action}"
        future.add_done_callback(lambda _: self.clock.spent[name].append((time.perf_counter() - begin) * 1e3))
        return future


class AtOnce:
    """A chat model that has its answer ready."""

    name = "bench"

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Token, None]:
        yield Token(prompt.passages[0].chunk.text, quoted=True)
        yield Token(" [1]")


def flow(opened: Services, clock: Clock) -> Answering:
    """The answering flow of these services, with the parts that are not ours timed."""
    registry = TimedRegistry(opened.registry.engine)
    registry.clock = clock
    embedder, index = TimedEmbedder(opened.embedder, clock), TimedIndex(opened.index, clock)
    retrieval = Retrieval(retrieval_pipeline(embedder, terms, index), registry)  # type: ignore[arg-type]
    conversations = opened.conversations
    record: Callable[..., None] = conversations.record

    def recorded(*args: object, **kwargs: object) -> None:
        with clock.step("conversation"):
            record(*args, **kwargs)

    conversations.record = recorded  # type: ignore[method-assign]
    return replace(
        opened.answering,
        retrieval=retrieval,
        registry=registry,
        generation=generation_pipeline(AtOnce()),
        audit=TimedAudit(opened.audit, clock),  # type: ignore[arg-type]
    )


async def ask(answering: Answering, opened: Services, text: str, clock: Clock) -> None:
    """One question, whole."""
    principal = opened.people.person("yamada").principal
    conversation = opened.conversations.begin(text, person=principal.id)
    question = Question(text, principal, Actor("person", principal.id), conversation, new_id())
    begin = time.perf_counter()
    told = False
    async for event in answering.answer(question):
        if isinstance(event, Sources):
            clock.spent["until sources"].append((time.perf_counter() - begin) * 1e3)
        elif isinstance(event, Said) and not told:
            told = True
            clock.spent["until first token"].append((time.perf_counter() - begin) * 1e3)
    clock.spent["whole"].append((time.perf_counter() - begin) * 1e3)


def main() -> None:
    """Store, ask, print."""
    rng = np.random.default_rng(1)
    with services() as opened:
        for number in range(DOCUMENTS):
            sentences = ["".join(rng.choice(_WORDS, 30)) + "。" for _ in range(SENTENCES)]
            store(opened, version(number, sentences), random_vectors(SENTENCES, number))
        clock = Clock()
        answering = flow(opened, clock)
        questions = ["".join(rng.choice(_WORDS, 6)) + "は？" for _ in range(QUESTIONS + 10)]
        for text in questions[:10]:
            asyncio.run(ask(answering, opened, text, Clock()))
        clock.spent.clear()

        async def all_of_them() -> None:
            for text in questions[10:]:
                await ask(answering, opened, text, clock)

        asyncio.run(all_of_them())
    spent = {name: np.array(values) for name, values in clock.spent.items()}
    ours = spent["whole"] - spent["embedder"] - spent["engine"]
    figures = {name: _quantiles(values) for name, values in spent.items()} | {"ours": _quantiles(ours)}
    rows = [(name, q["p50"], q["p95"]) for name, q in figures.items()]
    show(f"A question over {DOCUMENTS * SENTENCES:,} chunks, milliseconds", ("step", "p50", "p95"), rows)
    print(f"ours (all but embedder, engine and model): p95 {figures['ours']['p95']:.1f} ms, aim {AIM:g} ms")
    write({"question": figures})


def _quantiles(values: np.ndarray) -> dict[str, float]:  # type: ignore[type-arg]
    return {"p50": float(np.quantile(values, 0.5)), "p95": float(np.quantile(values, 0.95))}


if __name__ == "__main__":
    main()
