"""What only the index in process does: it owns a folder, survives kill -9, and refuses what another embedder made."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from appliance.errors import EmbedderMismatch, IndexLocked, IndexUnavailable
from appliance.index.collection import Collection
from appliance.index.edge import EdgeIndex
from tests.contract.index_cases import COLLECTION, asking, chunk, may_see, number

WRITER = """
import sys
from pathlib import Path
from appliance.index.edge import EdgeIndex
from tests.contract.index_cases import COLLECTION, chunk
index = EdgeIndex(Path(sys.argv[1]), COLLECTION)
print("ready", flush=True)
for start in range(1, 100_000, 10):
    index.upsert([chunk(n) for n in range(start, start + 10)])
    print(start + 9, flush=True)
"""


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that owns the index at `tmp_path/index` and writes without end."""
    command = [sys.executable, "-c", WRITER, str(tmp_path / "index")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def test_everything_acknowledged_before_kill_nine_is_there_after_it(
    tmp_path: Path, writer: subprocess.Popen[str]
) -> None:
    for _ in range(30):
        acknowledged = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    acknowledged = max([acknowledged, *(int(line) for line in writer.stdout.read().split("\n")[:-1])])

    index = EdgeIndex(tmp_path / "index", COLLECTION)

    assert {number(n) for n in range(1, acknowledged + 1)} <= {entry[0] for entry in index.inventory()}
    assert len(index.search(asking(), access=may_see(7))) == 10
    index.close()


def test_an_index_that_another_process_owns_is_not_opened(tmp_path: Path, writer: subprocess.Popen[str]) -> None:
    with pytest.raises(IndexLocked, match=r"The index at .*/index is in use by another process"):
        EdgeIndex(tmp_path / "index", COLLECTION)
    writer.kill()
    writer.wait()

    EdgeIndex(tmp_path / "index", COLLECTION).close()


def test_an_index_is_opened_once_within_a_process_too_and_again_after_close(tmp_path: Path) -> None:
    index = EdgeIndex(tmp_path, COLLECTION)
    with pytest.raises(IndexLocked, match="in use"):
        EdgeIndex(tmp_path, COLLECTION)
    index.close()

    EdgeIndex(tmp_path, COLLECTION).close()


@pytest.mark.parametrize(
    "other",
    [
        replace(COLLECTION, embedder=replace(COLLECTION.embedder, name="another")),
        replace(COLLECTION, embedder=replace(COLLECTION.embedder, sha256="cd" * 32)),
        replace(COLLECTION, embedder=replace(COLLECTION.embedder, dimensions=8)),
        replace(COLLECTION, embedder=replace(COLLECTION.embedder, query_prefix="")),
        replace(COLLECTION, embedder=replace(COLLECTION.embedder, passage_prefix="")),
        replace(COLLECTION, tokenizer="letters 2"),
    ],
    ids=["name", "weights", "dimensions", "query prefix", "passage prefix", "tokenizer"],
)
def test_a_collection_that_another_embedder_or_tokenizer_made_is_refused_naming_both(
    tmp_path: Path, other: Collection
) -> None:
    index = EdgeIndex(tmp_path, COLLECTION)
    index.upsert([chunk(1)])
    index.close()

    with pytest.raises(EmbedderMismatch, match=r"made with the embedder test .*letters 1.* is set") as refusal:
        EdgeIndex(tmp_path, other)

    assert refusal.value.values["stored"] != refusal.value.values["given"]
    # The refusal changed nothing and holds nothing.
    again = EdgeIndex(tmp_path, COLLECTION)
    assert again.count(access=may_see(7)) == 1
    again.close()


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"embedder": {"name": 1}, "tokenizer": "x"}'])
def test_a_collection_file_that_cannot_be_read_is_reported_by_path(tmp_path: Path, content: str) -> None:
    EdgeIndex(tmp_path, COLLECTION).close()
    (tmp_path / "collection.json").write_text(content)

    with pytest.raises(IndexUnavailable, match=r"The index at .*collection\.json cannot be used"):
        EdgeIndex(tmp_path, COLLECTION)


def test_a_shard_without_its_collection_file_is_not_taken_for_ours(tmp_path: Path) -> None:
    EdgeIndex(tmp_path, COLLECTION).close()
    (tmp_path / "collection.json").unlink()

    with pytest.raises(IndexUnavailable, match=r"collection\.json"):
        EdgeIndex(tmp_path, COLLECTION)


def test_what_a_crash_left_of_a_shard_in_the_making_is_made_anew(tmp_path: Path) -> None:
    # The latest moment of a crash: everything is written, only the renaming has not happened.
    index = EdgeIndex(tmp_path, COLLECTION)
    index.upsert([chunk(1)])
    index.close()
    (tmp_path / "shard").rename(tmp_path / "shard.new")

    again = EdgeIndex(tmp_path, COLLECTION)

    assert list(again.inventory()) == []
    assert not (tmp_path / "shard.new").exists()
    again.close()


class Noted:
    """Stands before the shard and notes which of its methods are called."""

    def __init__(self, shard: object, calls: list[str]) -> None:
        self._shard, self._calls = shard, calls

    def __getattr__(self, name: str) -> object:
        self._calls.append(name)
        return getattr(self._shard, name)


def test_every_write_reaches_the_disk_before_it_returns(tmp_path: Path) -> None:
    # kill -9 spares what the kernel holds; a power cut does not, so the last call of a write is the flush.
    index = EdgeIndex(tmp_path, COLLECTION)
    calls: list[str] = []
    index._shard = Noted(index._shard, calls)

    for write in (
        lambda: index.upsert([chunk(n) for n in range(1, 130)]),
        lambda: index.delete(document="document-1"),
        lambda: index.set_access(document="document-2", acl_id=3),
    ):
        calls.clear()
        write()
        assert set(calls[:-1]) == {"update"}
        assert calls[-1] == "flush"
    index.close()


def test_a_damaged_shard_is_reported_in_our_words_with_the_engines_as_cause(tmp_path: Path) -> None:
    index = EdgeIndex(tmp_path, COLLECTION)
    index.upsert([chunk(1)])
    index.close()
    (tmp_path / "shard" / "edge_config.json").write_text("{")

    with pytest.raises(IndexUnavailable, match=r"Run: appliance doctor") as failure:
        EdgeIndex(tmp_path, COLLECTION)

    assert failure.value.__cause__ is not None


def test_a_folder_that_cannot_be_made_is_reported_by_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(IndexUnavailable, match=r"/file/index cannot be used: Not a directory"):
        EdgeIndex(tmp_path / "file" / "index", COLLECTION)


def test_the_collection_file_holds_identities_and_no_content(tmp_path: Path) -> None:
    EdgeIndex(tmp_path, COLLECTION).close()

    stored = json.loads((tmp_path / "collection.json").read_text())

    assert stored == {
        "embedder": {
            "name": "test",
            "dimensions": 4,
            "query_prefix": "q: ",
            "passage_prefix": "p: ",
            "sha256": "ab" * 32,
        },
        "tokenizer": "letters 1",
    }


def test_points_deleted_moved_and_replaced_are_so_after_reopening(tmp_path: Path) -> None:
    index = EdgeIndex(tmp_path, COLLECTION)
    index.upsert([chunk(1), chunk(2), chunk(3)])
    index.delete(document="document-1")
    index.set_access(document="document-2", acl_id=9)
    index.upsert([chunk(3, version="v2")])
    index.close()

    again = EdgeIndex(tmp_path, COLLECTION)

    assert sorted(again.inventory()) == [(number(2), "document-2", "v1", 9), (number(3), "document-3", "v2", 7)]
    again.close()


def test_scores_are_the_same_to_the_bit_after_reopening(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    chunks = [
        chunk(n, rng.standard_normal(4).astype(np.float32), tuple(rng.choice(50, 9).tolist())) for n in range(1, 400)
    ]
    question = asking(rng.standard_normal(4).astype(np.float32), (1, 2, 3, 77))
    index = EdgeIndex(tmp_path, COLLECTION)
    index.upsert(chunks)
    before = index.search(question, access=may_see(7))
    index.close()

    again = EdgeIndex(tmp_path, COLLECTION)

    assert again.search(question, access=may_see(7)) == before
    again.close()
