"""Answers without a model: whole sentences of the passages, best first, each with its citation; nothing is invented."""

from __future__ import annotations

import asyncio
import math
import re
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from appliance.language import language_of
from appliance.llm.asked import holds
from appliance.llm.quotable import Quote, quotable
from appliance.models import Language, Prompt, Token
from appliance.protocols import Embedder

# At most this many quotations. A wrong addition is worse than a short answer: a second one comes from the passage of
# the first and is nearly as good, or it is as good.
_MOST, _MARGIN, _AS_GOOD, _AS_NEAR, _SHARES = 3, 0.02, 0.004, 0.01, 0.5
_CANDIDATES = 24  # sentences embedded a question: some 10 ms each on one core
_BATCH = 6  # embedded between two chances to stop
_WORDS = 0.15  # what full coverage of the question's words adds, as in the search (index/fusion.py)
_KIND = 0.03  # for a value of the kind that is asked for, and against a sentence without one
_OTHER_LANGUAGE = 0.02  # cosines across the two languages lie lower by about this
_ASKING = (
    "いくら 幾つ 何 何時 いつ 誰 どこ どの どう どれ 教える 下さい 為る 有る 成る 居る 出来る 貰う 時 事 場合 必要 "
    "how many much what when who whom where which long soon do does i my me a an the is are be to of in for can may "
    "must have has with on at it please get"
)


# Cosines of a sentence under its heading, on the questions of tests/bench/answers.py.
_NEAR: dict[Language, float] = {"ja": 0.85, "en": 0.835}
_NEARER = 0.88
_SUBJECT = re.compile(r"\s*(?!自分|私|会社|今年|来年|昨年)([一-龥々ァ-ヴー]{2,})[をはがのにで]")
_MURMUR = re.compile(r"\W*[ぁ-んー]{0,2}\W*")  # no question
_RUN = re.compile(r"[一-龥々ァ-ヴー]{3,}")
_LATIN = re.compile(r"[a-z0-9]+")
_ENDS = tuple("。.．！？!?")


@dataclass(frozen=True, slots=True)
class _Candidate:
    quote: Quote
    coverage: float
    fits: bool | None  # holds the kind of value that is asked for; None where none is

    @property
    def worth(self) -> float:
        """What its words say, without its meaning."""
        return _WORDS * self.coverage**2 + (_KIND if self.fits else 0.0 if self.fits is None else -_KIND)


class ExtractiveChat:
    """Quotes. A sentence is judged under its heading: cosine to the question, share of its words, kind of value."""

    name = "extractive"

    def __init__(self, embedder: Embedder, terms: Callable[[str], tuple[int, ...]]) -> None:
        self._embedder = embedder
        self._terms = terms

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Token, None]:
        """The best quotations, each followed by its marker."""
        if _MURMUR.fullmatch(prompt.question):
            return
        chosen = self._candidates(prompt)
        question = await asyncio.to_thread(self._embedder.embed_query, prompt.question)
        cosines: list[float] = []
        for at in range(0, len(chosen), _BATCH):
            batch = chosen[at : at + _BATCH]
            texts = [f"{one.quote.heading}: {one.quote.own}" if one.quote.heading else one.quote.own for one in batch]
            vectors = await asyncio.to_thread(self._embedder.embed_passages, texts)
            cosines.extend(float(value) for value in np.asarray(vectors) @ question)
        scores = [c + one.worth + _foreign(one, prompt) for c, one in zip(cosines, chosen, strict=True)]
        best = _best(chosen, scores, cosines)
        if best and not _answers(chosen[best[0]], cosines[best[0]], prompt):
            return
        for number in best:
            quote = chosen[number].quote
            for text in (quote.lead, quote.text):
                if text:
                    yield Token(text, quoted=True)
                    yield Token(f" [{quote.passage}]")

    def _candidates(self, prompt: Prompt) -> list[_Candidate]:
        quotes: dict[str, Quote] = {}
        for passage in prompt.passages:
            for quote in quotable(passage, prompt.question):
                quotes.setdefault(quote.text, quote)
        found = list(self._judged(prompt, list(quotes.values())))
        first = prompt.passages[0].number if prompt.passages else 0
        order = sorted(range(len(found)), key=lambda i: (-found[i].worth, found[i].quote.passage, i))
        # The best passage keeps its places; a neighbour of what matches best is looked at, too.
        kept = [i for i in order if found[i].quote.passage == first][: _CANDIDATES // 2]
        for i in order:
            near = [j for j in (i, i + 1, i - 1) if 0 <= j < len(found) and _neighbours(found[i], found[j])]
            kept.extend(j for j in near if j not in kept)
        return [found[i] for i in kept[:_CANDIDATES]]

    def _judged(self, prompt: Prompt, quotes: Sequence[Quote]) -> Iterator[_Candidate]:
        all_asked = set(self._terms(prompt.question))
        asked = self._words(prompt.question, prompt.language) - self._words(_ASKING, prompt.language)
        words = [asked & self._words(f"{q.section}\n{q.text}", prompt.language) for q in quotes]
        counts = Counter(word for said in words for word in said)
        total = len(quotes)
        weights = {t: math.log(1 + (total - counts[t] + 0.5) / (counts[t] + 0.5)) for t in asked}
        whole = sum(weights.values()) or 1.0
        for quote, said in zip(quotes, words, strict=True):
            if set(self._terms(quote.text)) <= all_asked and not quote.text.rstrip("」』）)").endswith(_ENDS):
                continue  # a line that only repeats the question's words answers nothing
            covered = sum(weights[word] for word in said) / whole
            yield _Candidate(quote, covered, holds(prompt.question, quote.text))

    def _words(self, text: str, language: Language) -> set[int | str]:
        """What counts as a word: in English without its plural; in Japanese the terms, and the compounds beside them.

        看護休暇 and 介護休業 together have the terms of 介護休暇, and are not it.
        """
        if language == "en":
            return {word.removesuffix("s") for word in _LATIN.findall(text.lower())}
        return {*self._terms(text), *(run for run in _RUN.findall(text) if len(self._terms(run)) > 1)}


def _neighbours(one: _Candidate, other: _Candidate) -> bool:
    return one.quote.passage == other.quote.passage and abs(one.quote.at - other.quote.at) <= 1


def _foreign(candidate: _Candidate, prompt: Prompt) -> float:
    return _OTHER_LANGUAGE if language_of(candidate.quote.text) != prompt.language else 0.0


def _answers(candidate: _Candidate, cosine: float, prompt: Prompt) -> bool:
    """Whether the best sentence is about what is asked, or only the nearest of what there is.

    In the question's own language: it has one of its words or is near in meaning; and it, or what stands above it, says
    the word that a Japanese question begins with (端末を…, 夏季休暇は…), or is nearer still.
    """
    quote = candidate.quote
    if _foreign(candidate, prompt):
        return True
    if not candidate.coverage and cosine < _NEAR[prompt.language]:
        return False
    subject = _SUBJECT.match(prompt.question)
    said = f"{quote.document}\n{quote.heading}\n{quote.lead}\n{quote.text}"
    return subject is None or subject.group(1) in said or cosine >= _NEARER


def _best(chosen: Sequence[_Candidate], scores: Sequence[float], cosines: Sequence[float]) -> list[int]:
    order = sorted(range(len(chosen)), key=lambda i: (-scores[i], i))
    if not order:
        return []
    best, taken = order[0], order[:1]
    for i in order[1:]:
        one, first = chosen[i], chosen[best]
        same = one.quote.passage == first.quote.passage
        # Two rules that bear on one question need not share its words equally.
        as_near = same and cosines[i] >= cosines[best] - _AS_NEAR and one.coverage >= _SHARES * first.coverage
        near = as_near or scores[i] >= scores[best] - (_MARGIN if same else _AS_GOOD)
        said = any(one.quote.own in chosen[j].quote.text for j in taken)
        if near and not said and one.fits is not False and len(taken) < _MOST:
            taken.append(i)
    return taken
