"""How often the extractive answer is right: `python -m tests.bench.answers`, with MORE=FOLDER a further set beside.

Every question of the sample corpus (and of MORE/questions.toml over MORE/corpus) through converters, splitter, embedder,
fusion, evidence bounds and quotation, without server and log. A question is right when its phrase is quoted from its
document, or when what must be refused is; every sentence that is quoted beyond the first is counted.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from appliance.access import decide
from appliance.embedding.e5 import E5Embedder
from appliance.evidence import strong_enough
from appliance.index.fusion import coverage, fused, idf_ceiling
from appliance.language import language_of
from appliance.lexical import terms
from appliance.llm.extractive import ExtractiveChat
from appliance.models import Chunk, Classification, Document, Passage, Prompt, Token
from ingest.convert import convert
from ingest.converted import Limits
from ingest.split import split
from tests.bench.report import kept, show, write
from tests.bench.vectors import VectorCache
from tests.unit.demo.conftest import CORPUS, QUESTIONS, principal, samples

PASSAGES = 6


@dataclass(frozen=True, slots=True)
class Stored:
    """A chunk as the product would have it."""

    passage: Passage
    path: str
    terms: frozenset[int]


def stored(folder: Path, paths: list[str], cache: VectorCache) -> tuple[list[Stored], Any]:
    """All chunks of the files in `folder` at `paths`, and their vectors."""
    found: list[Stored] = []
    for path in paths:
        file = folder / path
        made = convert(file.read_bytes(), file.name, Limits(page_pixels=0))
        parts = {part.ordinal: part for part in made.parts}
        document = Document(
            path, path.partition("/")[0], path, made.title, made.language, made.media_type, 1, "v", datetime.now(UTC), 1
        )
        for number, draft in enumerate(split(made)):
            chunk = Chunk(f"{path}/{number}", number, draft.span, draft.heading, draft.text)
            part = parts[draft.span.part]
            passage = Passage(1, chunk, document, Classification.INTERNAL, part, False, 0.0, 0.0, 0.0)
            found.append(Stored(passage, path, frozenset(terms(chunk.indexed))))
    return found, cache.passages([one.passage.chunk.indexed for one in found])


def retrieved(
    question: str, visible: list[int], chunks: list[Stored], vectors: Any, embedder: E5Embedder
) -> list[Passage]:
    """The passages of a question, best first."""
    asked = terms(question)
    cosines = vectors @ embedder.embed_query(question)
    total = len(visible)
    df = Counter(term for i in visible for term in chunks[i].terms if term in asked)
    idf = {t: np.log(1 + (total - df[t] + 0.5) / (df[t] + 0.5)) if df[t] else idf_ceiling(total) for t in asked}
    whole = float(sum(idf.values()))
    rows: list[tuple[float, float, float, int]] = []
    for i in visible:
        m = coverage(float(sum(idf[t] for t in asked if t in chunks[i].terms)), whole)
        rows.append((fused(float(cosines[i]), m), float(cosines[i]), m, i))
    rows.sort(reverse=True)
    return [
        Passage(n, p.chunk, p.document, p.classification, p.part, False, score, cosine, m)
        for n, (score, cosine, m, i) in enumerate(rows[:PASSAGES], 1)
        for p in [chunks[i].passage]
    ]


async def _collect(chat: ExtractiveChat, prompt: Prompt) -> list[Token]:
    return [token async for token in chat.stream(prompt)]


def answered(chat: ExtractiveChat, question: str, passages: list[Passage]) -> list[tuple[str, Passage]]:
    """The quotes, each with the passage it cites; none where the evidence is too weak."""
    language = language_of(question)
    if not passages or not strong_enough(passages[0], language=language):
        return []
    tokens = asyncio.run(_collect(chat, Prompt(question, language, tuple(passages))))
    return [
        (quote.text, passages[int(marker.text.strip(" []")) - 1])
        for quote, marker in zip(tokens[::2], tokens[1::2], strict=True)
    ]


def judged(question: dict[str, Any], quotes: list[tuple[str, Passage]]) -> str:
    """right, partly (the phrase is not in the first quotation), wrong or refused."""
    if question["expect"] == "refused":
        return "wrong" if quotes else "right"
    if not quotes:
        return "refused"
    for number, (text, passage) in enumerate(quotes):
        if question["phrase"] in text and passage.document.path == question["document"]:
            return "partly" if number else "right"
    return "wrong"


def sets() -> Iterator[tuple[str, Path, list[dict[str, Any]], dict[str, set[str]]]]:
    """Name, folder, questions, and for each person the files they may see."""
    now = datetime.now(UTC)
    people = sorted({question["person"] for question in QUESTIONS})
    sees = {
        name: {p for p, s in samples().items() if not s.refused and decide(principal(name), s.access, now)}
        for name in people
    }
    yield "sample corpus", CORPUS, QUESTIONS, sees
    if more := os.environ.get("MORE"):
        folder = Path(more) / "corpus"
        questions = tomllib.loads((Path(more) / "questions.toml").read_text("utf-8"))["question"]
        files = {str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file()}
        yield "further", folder, questions, {question.get("person", "-"): files for question in questions}


def main() -> None:
    """Measure and print."""
    embedder = E5Embedder()
    cache, chat = VectorCache(kept(), embedder), ExtractiveChat(embedder, terms)
    figures: dict[str, object] = {}
    for name, folder, questions, sees in sets():
        chunks, vectors = stored(folder, sorted(set().union(*sees.values())), cache)
        counts: Counter[str] = Counter()
        quoted = 0
        for question in questions:
            visible = [i for i, one in enumerate(chunks) if one.path in sees[question.get("person", "-")]]
            passages = retrieved(question["text"], visible, chunks, vectors, embedder)
            quotes = answered(chat, question["text"], passages)
            verdict = judged(question, quotes)
            counts[verdict] += 1
            quoted += len(quotes)
            if "-v" in sys.argv or (verdict != "right" and "-q" not in sys.argv):
                print(f"\n{verdict}: {question['text']}  [{question.get('phrase', question['expect'])}]")
                for text, passage in quotes:
                    print(f"   {passage.document.path} {passage.part.label}: {text!r}")
        show(name, ("verdict", "questions"), [*sorted(counts.items()), ("sentences quoted", quoted)])
        figures[name] = {**counts, "quoted": quoted}
    write(figures)


if __name__ == "__main__":
    main()
