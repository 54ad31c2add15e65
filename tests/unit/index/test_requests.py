"""What is asked of the engines: the access filter stands at every level of every question.

The engines carry an outer filter into a prefetch by themselves, so an answer does not show that a level lacks its own.
The requests do, and a question must not lean on a courtesy of the engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest

from appliance.index import edge_request, qdrant_request
from appliance.index.hybrid import ByTerms, ByVector, Question
from tests.contract.index_cases import EAST, may_see, number

WORDS = ByTerms((1, 2), 5)
AMONG = frozenset({UUID(number(1))})
QUESTIONS = {
    "words": WORDS,
    "words among some": ByTerms((1, 2), 5, AMONG),
    "vector": ByVector(EAST, 5),
    "vector among some": ByVector(EAST, 5, AMONG),
    "vector of those that match words": ByVector(EAST, 5, matching=WORDS),
    "vector of those that match words well": ByVector(EAST, 5, matching=ByTerms((1, 2), 5, at_least=0.5)),
}


def levels(request: Any) -> Iterator[Any]:
    """The request and every prefetch in it."""
    yield request
    inner = getattr(request, "prefetches", None) or getattr(request, "prefetch", None) or []
    for each in inner if isinstance(inner, list) else [inner]:
        yield from levels(each)


@pytest.mark.parametrize("engine", [edge_request, qdrant_request], ids=["edge", "qdrant-client"])
@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_every_level_of_a_question_carries_the_access_filter_and_every_idf_counts_within_it(
    engine: ModuleType, question: Question
) -> None:
    rights = engine.admitted(may_see(7, 9))

    asked = list(levels(engine.request(question, rights)))

    assert len(asked) == (2 if isinstance(question, ByVector) and question.matching else 1)
    for level in asked:
        assert repr(rights) == repr(level.filter) or repr(rights) in [repr(part) for part in level.filter.must]
    by_words = [level for level in asked if "SparseVector" in repr(level.query)]
    assert len(by_words) == (1 if isinstance(question, ByTerms) or question.matching else 0)
    assert all(level.params.idf and repr(level.params.idf.corpus) == repr(rights) for level in by_words)
