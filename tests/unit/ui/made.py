"""Sources, citations and turns for unit tests, with few words."""

from datetime import UTC, datetime

from appliance.api.schemas.answers import Box, CitationEvent, Sentence, Source
from appliance.api.schemas.conversations import Turn

BOX = Box(left=0.1, top=0.2, width=0.5, height=0.02)


def source(number: int = 1, **values) -> Source:
    plain = {
        "number": number, "document": f"k{number}", "version": "ab" * 32, "title": "旅費規程", "collection": "人事",
        "path": "規程/旅費.pdf", "language": "ja", "classification": "internal",
        "updated": datetime(2026, 4, 1, tzinfo=UTC),
        "part": 2, "part_kind": "page", "part_label": "2", "heading": "第 18 条", "start": 10, "end": 20,
        "text": "日当は支給する。", "picture": True, "boxes": [BOX], "score": 1.0, "cosine": 0.9, "coverage": 0.5,
    }  # fmt: skip
    return Source(**{**plain, **values})


def citation(sentence: int, number: int, **values) -> CitationEvent:
    plain = {"start": 12, "end": 16, "quote": "日当は", "boxes": [BOX]}
    return CitationEvent(sentence=sentence, number=number, **{**plain, **values})


def turn(*texts: str, **values) -> Turn:
    plain = {
        "case": "case1", "question": "日当は", "asked": datetime(2026, 11, 24, 1, 2, tzinfo=UTC), "outcome": "answered",
        "withheld": False, "sentences": [Sentence(text=text, citations=[1], support="ok") for text in texts],
        "sources": [source(1)], "citations": [citation(n, 1) for n in range(len(texts))], "model": "m", "seconds": 1.5,
    }  # fmt: skip
    return Turn(**{**plain, **values})
