"""What the index in a folder does, in process and in one of its own: it owns the folder, survives kill -9 and power cuts,
and refuses what another embedder made."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from appliance.errors import EmbedderMismatch, IndexLocked, IndexUnavailable
from appliance.index import edge
from appliance.index.collection import Collection
from appliance.index.edge import EdgeIndex
from appliance.index.process import EdgeProcess
from tests.contract.index_cases import COLLECTION, NORTH, asking, chunk, may_see, number

WRITER = """
import sys
from pathlib import Path
from appliance.index.{module} import {adapter}
from tests.contract.index_cases import COLLECTION, chunk
index = {adapter}(Path(sys.argv[1]), COLLECTION)
print("ready", flush=True)
for start in range(1, 100_000, 10):
    index.upsert([chunk(n) for n in range(start, start + 10)])
    print(start + 9, flush=True)
"""


Adapter = type[EdgeIndex] | type[EdgeProcess]


@pytest.fixture(params=[EdgeIndex, EdgeProcess])
def adapter(request: pytest.FixtureRequest) -> Adapter:
    """The index in this process, and in one of its own."""
    return request.param


@pytest.fixture
def writer(tmp_path: Path, adapter: Adapter) -> Iterator[subprocess.Popen[str]]:
    """Another process that owns the index at `tmp_path/index` and writes without end."""
    code = WRITER.format(module=adapter.__module__.rpartition(".")[2], adapter=adapter.__name__)
    command = [sys.executable, "-c", code, str(tmp_path / "index")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def test_everything_acknowledged_before_kill_nine_is_there_after_it(
    tmp_path: Path, adapter: Adapter, writer: subprocess.Popen[str]
) -> None:
    for _ in range(30):
        acknowledged = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    acknowledged = max([acknowledged, *(int(line) for line in writer.stdout.read().split("\n")[:-1])])

    index = adapter(tmp_path / "index", COLLECTION)

    assert {number(n) for n in range(1, acknowledged + 1)} <= {entry[0] for entry in index.inventory()}
    assert len(index.search(asking(), access=may_see(7))) == 10
    index.close()


def test_an_index_that_another_process_owns_is_not_opened(
    tmp_path: Path, adapter: Adapter, writer: subprocess.Popen[str]
) -> None:
    with pytest.raises(IndexLocked, match=r"The index at .*/index is in use by another process"):
        adapter(tmp_path / "index", COLLECTION)
    writer.kill()
    writer.wait()

    adapter(tmp_path / "index", COLLECTION).close()


def test_an_index_is_opened_once_within_a_process_too_and_again_after_close(tmp_path: Path, adapter: Adapter) -> None:
    index = adapter(tmp_path, COLLECTION)
    with pytest.raises(IndexLocked, match="in use"):
        adapter(tmp_path, COLLECTION)
    index.close()

    adapter(tmp_path, COLLECTION).close()


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
    tmp_path: Path, adapter: Adapter, other: Collection
) -> None:
    index = adapter(tmp_path, COLLECTION)
    index.upsert([chunk(1)])
    index.close()

    with pytest.raises(EmbedderMismatch, match=r"made with the embedder test .*letters 1.* is set") as refusal:
        adapter(tmp_path, other)

    assert refusal.value.values["stored"] != refusal.value.values["given"]
    # The refusal changed nothing and holds nothing.
    again = adapter(tmp_path, COLLECTION)
    assert again.count(access=may_see(7)) == 1
    again.close()


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"embedder": {"name": 1}, "tokenizer": "x"}'])
def test_a_collection_file_that_cannot_be_read_is_reported_by_path(
    tmp_path: Path, adapter: Adapter, content: str
) -> None:
    adapter(tmp_path, COLLECTION).close()
    (tmp_path / "collection.json").write_text(content)

    with pytest.raises(IndexUnavailable, match=r"The index at .*collection\.json cannot be used"):
        adapter(tmp_path, COLLECTION)


def test_a_shard_without_its_collection_file_is_not_taken_for_ours(tmp_path: Path, adapter: Adapter) -> None:
    adapter(tmp_path, COLLECTION).close()
    (tmp_path / "collection.json").unlink()

    with pytest.raises(IndexUnavailable, match=r"collection\.json"):
        adapter(tmp_path, COLLECTION)


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


class Disk:
    """What a power cut would leave of an index: the engine's files as of its last flush, and each file of the log as it
    was at its last fsync, under the names that an fsync of the folder made last."""

    def __init__(self, index: EdgeIndex, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._files: dict[int, bytes] = {}
        self._names: dict[str, int] = {}
        self._flushed = folder.parent / "flushed"
        self._fsync = os.fsync
        monkeypatch.setattr(os, "fsync", self._synced)
        index._shard.flush()
        shutil.copytree(folder, self._flushed)

    def _synced(self, descriptor: int) -> None:
        self._fsync(descriptor)
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        if path.name == "wal":
            self._names = {file.name: file.stat().st_ino for file in path.iterdir()}
        elif path.parent.name == "wal":
            self._files[path.stat().st_ino] = path.read_bytes()

    def after_a_power_cut(self, to: Path, *, reached: float, seed: int = 0) -> Path:
        """The folder as it is found; of the engine's unflushed pages this share had reached the disk by chance."""
        chance = np.random.default_rng(seed)
        shutil.copytree(self._flushed, to)
        for now in (self._folder / "shard" / "segments").rglob("*"):
            then = to / now.relative_to(self._folder)
            if now.is_file() and (not then.exists() or then.read_bytes() != now.read_bytes()):
                then.write_bytes(_torn(then.read_bytes() if then.exists() else b"", now.read_bytes(), chance, reached))
        shutil.rmtree(to / "shard" / "wal")
        (to / "shard" / "wal").mkdir()
        for name, file in self._names.items():
            (to / "shard" / "wal" / name).write_bytes(self._files.get(file, b""))
        return to


def _torn(then: bytes, now: bytes, chance: np.random.Generator, reached: float) -> bytes:
    """Two states of a file mixed by pages of 4 KB."""
    then = then.ljust(len(now), b"\0")
    pages = range(0, len(now), 4096)
    return b"".join((now if chance.random() < reached else then)[start : start + 4096] for start in pages)[: len(now)]


@pytest.mark.parametrize("reached", [0.0, 0.5, 1.0])
def test_a_power_cut_after_a_write_has_returned_loses_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reached: float
) -> None:
    index = EdgeIndex(tmp_path / "index", COLLECTION)
    index.upsert([chunk(n) for n in range(1, 100)])
    disk = Disk(index, tmp_path / "index", monkeypatch)

    for round_, write in enumerate(
        (
            lambda: index.upsert([chunk(n) for n in range(50, 250)]),
            lambda: index.delete(document="document-1"),
            lambda: index.set_access(document="document-2", acl_id=3),
            lambda: index.upsert([chunk(3, NORTH, (8,), version="v2")]),
        )
    ):
        write()
        found = disk.after_a_power_cut(tmp_path / f"cut-{round_}", reached=reached, seed=round_)
        again = EdgeIndex(found, COLLECTION)
        assert sorted(again.inventory()) == sorted(index.inventory())
        for access in (may_see(7), may_see(3)):
            assert again.search(asking(NORTH, (1, 8)), access=access) == index.search(
                asking(NORTH, (1, 8)), access=access
            )
            assert again.count(access=access) == index.count(access=access)
        again.close()
    index.close()


def test_a_write_that_a_power_cut_tore_in_the_log_is_left_out_and_those_before_it_are_there(tmp_path: Path) -> None:
    index = EdgeIndex(tmp_path / "index", COLLECTION)
    index.upsert([chunk(1)])
    shutil.copytree(tmp_path / "index", tmp_path / "cut")
    index.upsert([chunk(n) for n in range(2, 60)])
    log = tmp_path / "cut" / "shard" / "wal" / "open-1"
    then, now = log.read_bytes(), (tmp_path / "index" / "shard" / "wal" / "open-1").read_bytes()
    changed = [at for at in range(0, len(now), 4096) if then[at : at + 4096] != now[at : at + 4096]]
    # The first page of the new entry reached the disk, the later ones did not.
    assert len(changed) > 1
    log.write_bytes(now[: changed[0] + 4096] + then[changed[0] + 4096 :])
    index.close()

    again = EdgeIndex(tmp_path / "cut", COLLECTION)
    again.upsert([chunk(2)])

    assert [entry[0] for entry in again.inventory()] == [number(1), number(2)]
    again.close()


def test_the_log_is_flushed_into_the_engines_files_before_it_grows_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge, "FLUSH_AFTER", 100)
    index = EdgeIndex(tmp_path, COLLECTION)
    (segment,) = (tmp_path / "shard" / "segments").iterdir()

    index.upsert([chunk(n) for n in range(1, 100)])
    before = (segment / "mutable_id_tracker.mappings").exists()
    index.upsert([chunk(100)])

    assert not before
    assert (segment / "mutable_id_tracker.mappings").stat().st_size > 0
    index.close()


def test_after_a_disk_refused_once_no_write_is_taken_until_the_index_is_opened_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The kernel reports a failed write-back once and then calls the pages clean: a second fsync would only seem to help.
    index = EdgeIndex(tmp_path, COLLECTION)
    index.upsert([chunk(1)])

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        with pytest.raises(IndexUnavailable, match="fsync: No space left on device"):
            index.upsert([chunk(2)])

    with pytest.raises(IndexUnavailable, match="fsync: No space left on device"):
        index.delete(document="document-1")
    assert len(index.search(asking(), access=may_see(7))) == 2
    index.close()
    again = EdgeIndex(tmp_path, COLLECTION)
    again.upsert([chunk(3)])
    again.close()


def test_a_damaged_shard_is_reported_in_our_words_with_the_engines_as_cause(tmp_path: Path) -> None:
    index = EdgeIndex(tmp_path, COLLECTION)
    index.upsert([chunk(1)])
    index.close()
    (tmp_path / "shard" / "edge_config.json").write_text("{")

    with pytest.raises(IndexUnavailable, match=r"Run: appliance doctor") as failure:
        EdgeIndex(tmp_path, COLLECTION)

    assert failure.value.__cause__ is not None


def test_a_folder_that_cannot_be_made_is_reported_by_path(tmp_path: Path, adapter: Adapter) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(IndexUnavailable, match=r"/file/index cannot be used: Not a directory"):
        adapter(tmp_path / "file" / "index", COLLECTION)


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


def test_points_deleted_moved_and_replaced_are_so_after_reopening(tmp_path: Path, adapter: Adapter) -> None:
    index = adapter(tmp_path, COLLECTION)
    index.upsert([chunk(1), chunk(2), chunk(3)])
    index.delete(document="document-1")
    index.set_access(document="document-2", acl_id=9)
    index.upsert([chunk(3, version="v2")])
    index.close()

    again = adapter(tmp_path, COLLECTION)

    assert sorted(again.inventory()) == [(number(2), "document-2", "v1", 9), (number(3), "document-3", "v2", 7)]
    again.close()


def test_scores_are_the_same_to_the_bit_after_reopening(tmp_path: Path, adapter: Adapter) -> None:
    rng = np.random.default_rng(1)
    chunks = [
        chunk(n, rng.standard_normal(4).astype(np.float32), tuple(rng.choice(50, 9).tolist())) for n in range(1, 400)
    ]
    question = asking(rng.standard_normal(4).astype(np.float32), (1, 2, 3, 77))
    index = adapter(tmp_path, COLLECTION)
    index.upsert(chunks)
    before = index.search(question, access=may_see(7))
    index.close()

    again = adapter(tmp_path, COLLECTION)

    assert again.search(question, access=may_see(7)) == before
    again.close()
