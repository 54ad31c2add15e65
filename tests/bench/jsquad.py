"""The questions of the retrieval benches: JSQuAD-valid, and policy questions that avoid the passage's words."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Article:
    """A Wikipedia article of JSQuAD: its title and the numbers of its paragraphs."""

    title: str
    paragraphs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and the number of the paragraph that answers it."""

    text: str
    paragraph: int
    article: int
    tuning: bool


@dataclass(frozen=True, slots=True)
class Jsquad:
    """All of a JSQuAD file. A paragraph is written "title, line feed, text"."""

    paragraphs: tuple[str, ...]
    articles: tuple[Article, ...]
    questions: tuple[Asked, ...]


def jsquad(data: Path) -> Jsquad:
    """Questions in file order; those whose id has an even sha256 are the tuning half."""
    source = json.loads((data / "jsquad" / "valid-v1.3.json").read_text(encoding="utf-8"))["data"]
    paragraphs: list[str] = []
    articles: list[Article] = []
    questions: list[Asked] = []
    for number, article in enumerate(source):
        first = len(paragraphs)
        for paragraph in article["paragraphs"]:
            for asked in paragraph["qas"]:
                even = int(hashlib.sha256(asked["id"].encode()).hexdigest(), 16) % 2 == 0
                questions.append(Asked(asked["question"], len(paragraphs), number, even))
            title, _, text = paragraph["context"].partition(" [SEP] ")
            paragraphs.append(f"{title}\n{text}")
        articles.append(Article(article["title"], tuple(range(first, len(paragraphs)))))
    return Jsquad(tuple(paragraphs), tuple(articles), tuple(questions))


@dataclass(frozen=True, slots=True)
class Policy:
    """A passage of a company policy with a question in other words."""

    passage: str
    question: str


def policies(data: Path, language: str) -> tuple[Policy, ...]:
    """The 20 policies in a language ("ja", "en")."""
    lines = (data / "paraphrase" / "policies.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line)[language] for line in lines if line]
    return tuple(Policy(row["passage"], row["question"]) for row in rows)
