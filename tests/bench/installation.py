"""A whole installation in a temporary folder, and documents made up for it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
from click.testing import CliRunner

from appliance.access import AccessList
from appliance.cli.init import init
from appliance.models import Actor, Chunk, Classification, Matrix, Part, Span, chunk_id, new_id, version_id
from appliance.settings import Settings, load
from appliance.store.registry import NewVersion
from appliance.wiring import Services, open_services

PEOPLE = Path(__file__).parents[2] / "infra" / "demo" / "people.toml"
ACCESS = AccessList(groups=frozenset({"g-staff"}), classification=Classification.INTERNAL)
ACTOR = Actor("owner", "bench")


@contextmanager
def installation() -> Iterator[Settings]:
    """The settings of a new one; it is gone after the block."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        home = Path(folder) / "home"
        environ = os.environ.get("APPLIANCE_HOME")
        os.environ["APPLIANCE_HOME"] = str(home)
        try:
            CliRunner().invoke(init, ["--people", str(PEOPLE)], catch_exceptions=False)
            yield load({"APPLIANCE_HOME": str(home)})
        finally:
            os.environ.pop("APPLIANCE_HOME")
            if environ is not None:
                os.environ["APPLIANCE_HOME"] = environ


@contextmanager
def services() -> Iterator[Services]:
    """The open services of a new installation."""
    with installation() as settings, open_services(settings) as opened:
        yield opened


def version(number: int, sentences: list[str]) -> NewVersion:
    """A document of one section whose every sentence is a chunk."""
    text = "\n".join(sentences)
    sha256 = hashlib.sha256(f"{number} {text}".encode()).hexdigest()
    key, made = new_id(), version_id(sha256, "bench")
    chunks, at = [], 0
    for ordinal, sentence in enumerate(sentences):
        span = Span(1, at, at + len(sentence))
        chunks.append(Chunk(chunk_id(key, made, ordinal), ordinal, span, "", sentence))
        at += len(sentence) + 1
    return NewVersion(
        key=key,
        collection="bench",
        path=f"{number}.txt",
        version=made,
        sha256=sha256,
        title=f"Document {number}",
        language="ja",
        media_type="text/plain",
        fingerprint="bench",
        size=len(text),
        access=ACCESS,
        parts=(Part(1, "section", "1", text),),
        chunks=tuple(chunks),
        pictures=frozenset(),
    )


def store(opened: Services, new: NewVersion, vectors: Matrix) -> None:
    """Store it as the API does."""
    opened.documents.store(new, {"original": BytesIO(b"-")}, vectors, actor=ACTOR)


def random_vectors(count: int, seed: int) -> Matrix:
    """Unit vectors of the packaged embedder's size."""
    drawn = np.random.default_rng(seed).standard_normal((count, 384)).astype(np.float32)
    made: Matrix = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return made
