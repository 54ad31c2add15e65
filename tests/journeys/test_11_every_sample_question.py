"""Journey 11: everything that may be asked of the sample corpus, asked as its askers would, over the running server.

The corpus is taken in once by `ingest sync`; every answer is judged by what it says, and by where it says that stands.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.commands import Installation

DEMO = Path(__file__).parents[2] / "infra/demo"
QUESTIONS: list[dict[str, Any]] = tomllib.loads((DEMO / "questions.toml").read_text("utf-8"))["question"]

pytestmark = [pytest.mark.journey, pytest.mark.slow]


@dataclass
class Said:
    """An answer as its asker got it."""

    outcome: str
    text: str
    citations: list[dict[str, Any]]
    sources: dict[int, dict[str, Any]]
    sentences: list[dict[str, Any]]


def asked(home: Installation, person: str, text: str) -> Said:
    with home.as_person(person) as client:
        answer = client.post("/api/ask", json={"question": text}, timeout=120)
        answer.raise_for_status()
    events = [block.split("\n", 1) for block in answer.text.split("\n\n") if block.startswith("event: ")]
    named = [(head.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for head, data in events]
    assert "error" not in dict(named), dict(named)["error"]
    done, sources = dict(named)["done"], dict(named)["sources"]["sources"]
    return Said(
        done["outcome"],
        "".join(data["text"] for name, data in named if name == "token"),
        [data for name, data in named if name == "citation"],
        {source["number"]: source for source in sources},
        done["sentences"],
    )


def of(expect: str) -> list[Any]:
    """The questions with this expectation; those marked as hard may fail, and are asked all the same."""
    hard = pytest.mark.xfail(reason="hard: beyond the small embedder", strict=False)
    return [
        pytest.param(q, id=q["id"], marks=[hard] if q.get("hard") else []) for q in QUESTIONS if q["expect"] == expect
    ]


def stands_where(question: dict[str, Any], citation: dict[str, Any], source: dict[str, Any]) -> bool:
    if f"{source['collection']}/{source['path']}" != question["document"]:
        return False
    if "page" in question:
        return bool(source["part_kind"] == "page" and source["part"] == question["page"] and citation["boxes"])
    if "sheet" in question:
        return bool(source["part_kind"] == "sheet" and source["part_label"].startswith(f"{question['sheet']}!"))
    return (
        "heading" not in question or question["heading"] in source["heading"] or question["heading"] in source["text"]
    )


@pytest.mark.parametrize("question", of("found"))
def test_the_answer_says_it_and_cites_where_it_stands(corpus: Installation, question: dict[str, Any]) -> None:
    said = asked(corpus, question["person"], question["text"])
    assert said.outcome == "answered"
    assert question["phrase"] in said.text
    cited = [c for c in said.citations if question["phrase"] in c["quote"]]
    assert cited, "no citation marks the phrase"
    assert any(stands_where(question, c, said.sources[c["number"]]) for c in cited), [
        (
            said.sources[c["number"]]["path"],
            said.sources[c["number"]]["part_label"],
            said.sources[c["number"]]["heading"],
        )
        for c in cited
    ]


@pytest.mark.parametrize("question", of("found"))
def test_every_sentence_of_the_answer_is_a_quotation(corpus: Installation, question: dict[str, Any]) -> None:
    said = asked(corpus, question["person"], question["text"])
    for sentence in said.sentences:
        assert sentence["support"] == "ok"
        assert len(sentence["citations"]) == 1


@pytest.mark.parametrize("question", of("refused"))
def test_what_may_not_or_cannot_be_known_is_refused(corpus: Installation, question: dict[str, Any]) -> None:
    said = asked(corpus, question["person"], question["text"])
    paths = [f"{source['collection']}/{source['path']}" for source in said.sources.values()]
    assert question.get("document") not in paths
    assert (said.outcome, said.text, said.citations) == ("no-evidence", "", [])
