"""Answers without a model: whole sentences of the passages, best first, each with its citation; nothing is invented."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

import numpy as np

from appliance.models import Passage, Prompt, Token
from appliance.protocols import Embedder
from appliance.sentences import sentences

# At most this many sentences are quoted, and only those within a margin of the best: in the whole score, or in meaning
# alone, since two rules that bear on one question need not share its words equally.
_MOST, _MARGIN, _AS_NEAR = 3, 0.035, 0.01
_LONGEST = 600  # characters; a longer "sentence" is a table row or a list that was never one
_CANDIDATES = 24  # sentences embedded a question: some 10 ms each on one core
_ENDS = '。｡．.！？!?」』）)”"'
_BATCH = 6  # embedded between two chances to stop


@dataclass(frozen=True, slots=True)
class _Candidate:
    text: str
    passage: int
    overlap: float


class ExtractiveChat:
    """Quotes. A sentence's score is its cosine to the question plus the share of the question's terms that it has."""

    name = "extractive"

    def __init__(self, embedder: Embedder, terms: Callable[[str], tuple[int, ...]]) -> None:
        self._embedder = embedder
        self._terms = terms

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Token, None]:
        """The best sentences, each followed by its marker."""
        chosen = self._candidates(prompt)
        question = await asyncio.to_thread(self._embedder.embed_query, prompt.question)
        cosines: list[float] = []
        for at in range(0, len(chosen), _BATCH):
            texts = [candidate.text for candidate in chosen[at : at + _BATCH]]
            vectors = await asyncio.to_thread(self._embedder.embed_passages, texts)
            cosines.extend(float(value) for value in np.asarray(vectors) @ question)
        scores = [cosine + 0.15 * candidate.overlap**2 for cosine, candidate in zip(cosines, chosen, strict=True)]
        order = sorted(range(len(chosen)), key=lambda i: (-scores[i], i))
        for i in order[:_MOST]:
            if scores[i] < scores[order[0]] - _MARGIN and cosines[i] < cosines[order[0]] - _AS_NEAR:
                break
            yield Token(chosen[i].text, quoted=True)
            yield Token(f" [{chosen[i].passage}]")

    def _candidates(self, prompt: Prompt) -> list[_Candidate]:
        asked = set(self._terms(prompt.question))
        found: dict[str, _Candidate] = {}
        for passage in prompt.passages:
            for text in _quotable(passage):
                said = set(self._terms(text))
                if said <= asked and text[-1] not in _ENDS:
                    continue  # a heading that only repeats the question's words answers nothing
                found.setdefault(text, _Candidate(text, passage.number, len(asked & said) / max(len(asked), 1)))
        # The passages are in order of relevance: the first ones keep their places, overlap decides among the rest.
        ranked = sorted(found.values(), key=lambda candidate: (-candidate.overlap, candidate.passage))
        first = [candidate for candidate in found.values() if candidate.passage == 1][: _CANDIDATES // 2]
        rest = [candidate for candidate in ranked if candidate not in first]
        return (first + rest)[:_CANDIDATES]


def _quotable(passage: Passage) -> list[str]:
    spans = sentences(passage.chunk.text)
    texts = [passage.chunk.text[start:end].strip() for start, end in spans]
    return [text for text in texts if 2 <= len(text) <= _LONGEST]
