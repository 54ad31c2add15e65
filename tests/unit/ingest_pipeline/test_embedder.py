"""Vectors of another embedder than the server's mean nothing in its index: neither `ingest` nor the API lets them in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from appliance.embedding.e5 import IDENTITY, E5Embedder
from appliance.models import EmbedderIdentity, Matrix, Vector
from appliance.protocols import Embedder
from ingest.target import Target
from tests.unit.ingest_pipeline.conftest import Bench


class Another:
    """The same engine under the identity of another model, as an installation whose command is of another release."""

    def __init__(self) -> None:
        self._engine = E5Embedder()

    @property
    def identity(self) -> EmbedderIdentity:
        return replace(IDENTITY, name="another model", sha256="f" * 64)

    def embed_query(self, text: str) -> Vector:
        return self._engine.embed_query(text)

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        return self._engine.embed_passages(texts)


@pytest.fixture
def other_command(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """An installation with its own embedder, and an `ingest` with another."""
    bench.write("規則.txt", "在宅勤務の申請は前週の木曜日までに行う。\n")

    def another() -> Embedder:
        return Another()

    monkeypatch.setattr("appliance.embedding.installed.installed_embedder", another)
    return bench


def test_a_run_with_another_embedder_ends_before_it_converts_anything(
    other_command: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.pipeline.convert_file", None)
    ended = other_command.sync()
    assert (ended.code, ended.out) == (6, "")
    assert IDENTITY.name in ended.err
    assert "another model" in ended.err
    assert other_command.truth().registered == {}


def test_and_the_api_refuses_its_vectors_where_nobody_looked_before(
    other_command: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Target, "refuse_other", lambda *_: None)
    ended = other_command.sync()
    assert (ended.code, ended.out) == (6, "")
    assert IDENTITY.name in ended.err
    assert other_command.truth().registered == {}
