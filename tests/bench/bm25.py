"""BM25 and reciprocal rank fusion, as most products have them: what the product's search is measured against."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

K1, B = 1.2, 0.75


class Bm25:
    """Okapi BM25 over lists of words (Robertson and Zaragoza 2009), idf as in Lucene."""

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        self._postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, words in enumerate(texts):
            for word, count in Counter(words).items():
                self._postings[word].append((number, count))
        mean = sum(map(len, texts)) / len(texts)
        self._norms = [K1 * (1 - B + B * len(words) / mean) for words in texts]

    def ranked(self, words: Iterable[str], within: frozenset[int], limit: int) -> list[int]:
        """The numbers of the best texts of `within`, best first, ties by number."""
        scores: dict[int, float] = defaultdict(float)
        for word in set(words):
            postings = [(n, count) for n, count in self._postings.get(word, ()) if n in within]
            idf = math.log(1 + (len(within) - len(postings) + 0.5) / (len(postings) + 0.5))
            for number, count in postings:
                scores[number] += idf * count * (K1 + 1) / (count + self._norms[number])
        return sorted(scores, key=lambda number: (-scores[number], number))[:limit]


def reciprocal_ranks(lists: Sequence[Sequence[str]], k: int = 60) -> list[str]:
    """The lists fused by 1 / (k + rank) (Cormack et al. 2009)."""
    scores: dict[str, float] = defaultdict(float)
    for ranked in lists:
        for place, name in enumerate(ranked, 1):
            scores[name] += 1 / (k + place)
    return sorted(scores, key=lambda name: (-scores[name], name))
