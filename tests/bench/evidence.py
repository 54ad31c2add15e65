"""How often a question without evidence is refused, and one with evidence wrongly: `DATA=FOLDER python -m tests.bench.evidence`.

JSQuAD questions are asked with everything in reach and with the article of the answer left out (by rights, as in the
product), policy questions with and without their passage. What is judged is the best hit, by `appliance.evidence`.
"""

from __future__ import annotations

import random
import sys

import numpy as np

from appliance.access import AccessFilter
from appliance.embedding.e5 import E5Embedder
from appliance.evidence import strong_enough
from appliance.models import Hit, HybridQuery, Language
from tests.bench.jsquad import jsquad, policies
from tests.bench.report import folder, kept, show, write
from tests.bench.retrieval import LANGUAGES, Corpus, Question, asked, indexed
from tests.bench.vectors import VectorCache

REFUSED, WRONGLY = 0.85, 0.08  # at least, at most


def best(corpus: Corpus, question: Question, lists: tuple[int, ...], without: str = "") -> Hit:
    """The first hit within the access lists that is not the chunk `without`."""
    query = HybridQuery(question.dense, question.terms, 2)
    hits = corpus.index.search(query, access=AccessFilter("bench", lists))
    return next(hit for hit in hits if hit.chunk != without)


def main() -> None:
    """Measure, print, write; exit 1 where a target is missed on the held-out half."""
    data = folder("DATA")
    embedder = E5Embedder()
    cache = VectorCache(kept(), embedder)
    source = jsquad(data)
    sample = set(random.Random(0).sample(range(len(source.questions)), 300))
    with indexed(data, cache, embedder) as corpus:
        questions = asked([q.text for q in source.questions], [q.paragraph for q in source.questions], cache)
        everything = corpus.lists["jsquad"]
        left_out = [tuple(n for n in everything if n != article) for article in range(len(source.articles))]
        refused = np.array(
            [
                [
                    not strong_enough(best(corpus, question, left_out[row.article]), language="ja"),
                    not strong_enough(best(corpus, question, everything), language="ja"),
                ]
                for question, row in zip(questions, source.questions, strict=True)
            ]
        )
        rows = [[f"policies, {name}", *_policies(corpus, data, cache, name)] for name in LANGUAGES]
    cache.close()
    tuning = np.array([row.tuning for row in source.questions])
    sampled = np.array([n in sample for n in range(len(questions))])
    parts = {
        "tuning half": tuning,
        "held-out half": ~tuning,
        "300, seed 0": sampled,
        "300, held out": sampled & ~tuning,
    }
    rows = [[f"JSQuAD, {name}", *map(float, refused[part].mean(axis=0))] for name, part in parts.items()] + rows
    show("Refused", ["", "without evidence", "with evidence"], rows)
    write({"rows": rows})
    without, wrongly = refused[~tuning].mean(axis=0)
    if without < REFUSED or wrongly > WRONGLY:
        sys.exit(f"targets missed: {REFUSED} and {WRONGLY}")


def _policies(corpus: Corpus, data: object, cache: VectorCache, language: Language) -> tuple[float, float]:
    rows = policies(data, language)
    lists = corpus.lists["jsquad"] + corpus.lists[language]
    questions = asked([row.question for row in rows], corpus.ranges[language], cache)
    without = [not strong_enough(best(corpus, q, lists, q.gold), language=language) for q in questions]
    wrongly = [not strong_enough(best(corpus, q, lists), language=language) for q in questions]
    return float(np.mean(without)), float(np.mean(wrongly))


if __name__ == "__main__":
    main()
