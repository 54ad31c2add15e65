"""How the two legs of a search become one score: a pure formula, the same for every engine.

    M(q, d) = sum of idf(t) over the distinct query terms t in d  /  sum of idf(t) over ALL distinct query terms
    idf(t)  = ln(1 + (N - df + 0.5) / (df + 0.5))
    score   = cosine + 0.15 * M^2

N and df count what the person may see, so nothing hidden moves a score. A term that no visible chunk has counts in the
denominator with df 0, at the ceiling: without it, one common word shared by chance looks like full coverage. The square
makes weak overlap count for almost nothing, which keeps questions in other words than the document's as good as by
cosine alone. Measured by `tests/bench/retrieval.py`; 0.15 is six standard deviations of the packaged embedder's cosine.
"""

from __future__ import annotations

import math

COVERAGE_WEIGHT = 0.15


def idf_ceiling(total: int) -> float:
    """The idf of a term that none of `total` chunks has (Robertson-Sparck Jones as in Lucene and Qdrant, df = 0)."""
    return math.log(1 + (total + 0.5) / 0.5)


def coverage(matched: float, whole: float) -> float:
    """M, in 0..1: the idf sum of the matched terms over that of all the question's terms. 0 without terms."""
    # The engine adds in single precision: a full match may come out a hair above its own sum.
    return min(1.0, matched / whole) if whole > 0 else 0.0


def fused(cosine: float, covered: float) -> float:
    """The score by which hits are ranked."""
    return cosine + COVERAGE_WEIGHT * covered * covered
