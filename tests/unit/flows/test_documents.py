"""Storing, replacing, describing, moving between access lists and removing: what holds without a crash, and with errors."""

from __future__ import annotations

import errno
import io
import os
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from appliance import probe
from appliance.access import AccessFilter
from appliance.audit.reading import EventFilter
from appliance.documents import Documents
from appliance.errors import (
    ApplianceError,
    AuditUnavailable,
    DiskFull,
    DocumentNotFound,
    IndexUnavailable,
    StoreUnavailable,
)
from appliance.index.process import EdgeProcess
from appliance.models import AuditEvent, HybridQuery, IndexedChunk, Receipt, chunk_id
from appliance.store import changes
from appliance.store.originals import Originals
from appliance.wiring import Services
from tests.unit.flows import house

OLD, NEW = ("旧版の一段落目です。", "旧版の二段落目です。"), ("新版の一段落目です。",)


def put(services: Services, path: str = "a.txt", text: tuple[str, ...] = OLD) -> str:
    return house.put(services, house.document(services, path, text))


# --- one document at one path ----------------------------------------------------------------------------------------


def test_the_same_document_put_twenty_times_at_once_is_one_document(services: Services) -> None:
    proposals = [house.document(services, "a.txt", OLD) for _ in range(20)]  # each with a key of its own
    with ThreadPoolExecutor(20) as pool:
        states = list(pool.map(lambda new: house.put(services, new), proposals))
    assert sorted(states) == ["stored"] + ["unchanged"] * 19
    assert house.truth(services).registered == {"a.txt": "\n\n".join(OLD)}


def test_twenty_versions_put_at_once_leave_one_of_them_whole(services: Services) -> None:
    texts = [(f"第{n}版の一段落目です。", f"第{n}版の二段落目です。") for n in range(20)]
    proposals = [house.document(services, "a.txt", text) for text in texts]
    with ThreadPoolExecutor(20) as pool:
        states = list(pool.map(lambda new: house.put(services, new), proposals))
    assert sorted(states) == ["replaced"] * 19 + ["stored"]
    assert house.truth(services).registered["a.txt"] in {"\n\n".join(text) for text in texts}


def test_a_document_goes_back_to_what_it_was(services: Services) -> None:
    assert [put(services, text=text) for text in (OLD, NEW, OLD, OLD)] == [
        "stored",
        "replaced",
        "replaced",
        "unchanged",
    ]
    assert house.truth(services).registered == {"a.txt": "\n\n".join(OLD)}


def test_of_a_replaced_version_the_pages_open_and_the_chunks_are_gone(services: Services) -> None:
    put(services, text=OLD)
    old = services.registry.collection("c")[0].document
    put(services, text=NEW)
    part, _ = services.registry.part(old.key, old.version, 1)  # type: ignore[misc]
    assert part.text == "\n\n".join(OLD)
    assert (services.originals.root / old.key / old.version / "original").read_text() == "\n\n".join(OLD)
    assert not [row for row in services.index.inventory() if row[2] == old.version]
    house.truth(services)


def test_another_language_or_title_is_applied_to_the_same_content(services: Services) -> None:
    put(services)
    chunks = sorted(services.index.inventory())
    new = house.document(services, "a.txt", OLD, title="新しい題名")
    assert house.put(services, house.languages(new)) == "replaced"
    stands = services.registry.collection("c")[0].document
    assert (stands.title, stands.language) == ("新しい題名", "en")
    assert house.put(services, house.languages(new)) == "unchanged"
    assert sorted(services.index.inventory()) == chunks
    house.truth(services)
    house.told(services)


def test_language_and_access_change_in_one_call(services: Services) -> None:
    put(services)
    new = house.languages(house.document(services, "a.txt", OLD, access=house.FOR_HR))
    assert house.put(services, new) == "replaced"
    entry = services.registry.collection("c")[0]
    assert (entry.document.language, entry.access) == ("en", house.FOR_HR)
    house.truth(services)


def test_removal_takes_every_version_original_and_chunk(services: Services) -> None:
    put(services, text=OLD)
    put(services, text=NEW)
    key = services.registry.collection("c")[0].document.key
    services.documents.remove("c", "a.txt", actor=house.OPERATOR)
    assert house.truth(services).registered == {}
    assert services.registry.versions(key) == []
    assert not (services.originals.root / key).exists()
    house.told(services)


ACTS: dict[str, Callable[[Documents, str], object]] = {
    "document.removing": lambda documents, path: documents.remove("c", path, actor=house.OPERATOR),
    "access.changing": lambda documents, path: documents.change_access("c", path, house.FOR_HR, actor=house.OPERATOR),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_what_is_not_there_is_named(services: Services, act: Callable[[Documents, str], object]) -> None:
    with pytest.raises(DocumentNotFound, match=r"no document c/nothing\.txt"):
        act(services.documents, "nothing.txt")
    assert house.log(services) == []


# --- a part that fails -----------------------------------------------------------------------------------------------


def failing(error: Exception, times: int = 1) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    left = [times]

    def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if left[0]:
                left[0] -= 1
                raise error
            return original(*args, **kwargs)

        return call

    return wrap


DOWN = IndexUnavailable(where="here", why="it is down")
FULL = StoreUnavailable(where="here", why="database or disk is full")


@pytest.mark.parametrize(
    ("owner", "name", "error"),
    [
        (Originals, "keep", DiskFull(path="here", document="c/a.txt")),
        (changes, "intern", FULL),
        (EdgeProcess, "upsert", DOWN),
        (changes, "make_current", FULL),
    ],
)
@pytest.mark.parametrize("there", [False, True])
def test_a_version_that_cannot_be_stored_leaves_no_trace_but_in_the_log(
    services: Services, monkeypatch: pytest.MonkeyPatch, owner: object, name: str, error: ApplianceError, there: bool
) -> None:
    if there:
        put(services, text=OLD)
    before = house.truth(services)
    monkeypatch.setattr(owner, name, failing(error)(getattr(owner, name)))
    with pytest.raises(type(error), match="here"):
        put(services, text=NEW)
    assert house.truth(services) == before
    assert [entry[:2] for entry in house.log(services)][-2:] == [
        ("document.storing", "success"),
        ("document.resolved", "failed"),
    ]
    assert put(services, text=NEW) == ("replaced" if there else "stored")
    house.truth(services)


def test_what_could_not_be_ended_is_ended_before_the_next_change(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(services, text=OLD)
    monkeypatch.setattr(EdgeProcess, "delete", failing(DOWN, times=2)(EdgeProcess.delete))
    with pytest.raises(IndexUnavailable, match="down"):
        put(services, text=NEW)  # current, but the old chunks are still there, also after the attempt to end it
    assert len(changes.open_changes(services.registry)) == 1
    assert put(services, text=NEW) == "unchanged"
    house.truth(services)
    house.told(services)


def test_the_first_cause_is_told_when_ending_fails_too(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Originals, "keep", failing(DiskFull(path="here", document="c/a.txt"))(Originals.keep))
    monkeypatch.setattr(EdgeProcess, "delete", failing(DOWN)(EdgeProcess.delete))
    with pytest.raises(DiskFull, match=r"c/a\.txt was not stored"):
        put(services)
    assert [change.done for change in changes.open_changes(services.registry)] == [False]
    services.documents.resolve()
    assert house.truth(services).registered == {}


def test_rights_that_reached_the_registry_alone_reach_the_index_with_the_next_call(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(services)
    monkeypatch.setattr(EdgeProcess, "set_access", failing(DOWN, times=2)(EdgeProcess.set_access))
    with pytest.raises(IndexUnavailable, match="down"):
        services.documents.change_access("c", "a.txt", house.FOR_HR, actor=house.OPERATOR)
    assert services.documents.change_access("c", "a.txt", house.FOR_HR, actor=house.OPERATOR) == "unchanged"
    house.truth(services)


class Refusing:
    """A log that refuses one action."""

    def __init__(self, log: Any, action: str) -> None:
        self._log, self._action = log, action

    def submit(self, event: AuditEvent) -> Any:
        if event.action == self._action:
            raise AuditUnavailable(where="here", why="it is full")
        return self._log.submit(event)

    def commit(self, event: AuditEvent) -> Receipt:
        return self.submit(event).result()  # type: ignore[no-any-return]


def store_new(services: Services, documents: Documents) -> None:
    new = house.document(services, "a.txt", NEW)
    vectors = services.embedder.embed_passages([chunk.indexed for chunk in new.chunks])
    documents.store(new, {"original": io.BytesIO(NEW[0].encode())}, vectors, actor=house.OPERATOR)


@pytest.mark.parametrize("action", ["document.storing", *ACTS])
def test_nothing_changes_where_the_intent_cannot_be_logged(services: Services, action: str) -> None:
    put(services, text=OLD)
    before = house.truth(services)
    documents: Documents = replace(services.documents, audit=Refusing(services.audit, action))
    act = ACTS.get(action, lambda documents, _: store_new(services, documents))
    with pytest.raises(AuditUnavailable, match="it is full"):
        act(documents, "a.txt")
    assert house.truth(services) == before


def test_a_version_whose_outcome_cannot_be_logged_is_told_at_the_next_start(services: Services) -> None:
    documents = replace(services.documents, audit=Refusing(services.audit, "document.stored"))
    with pytest.raises(AuditUnavailable, match="it is full"):
        store_new(services, documents)
    services.documents.resolve()
    assert house.truth(services).registered == {"a.txt": "新版の一段落目です。"}
    house.told(services)


def events_of(services: Services, *actions: str) -> list[Any]:
    """The events of these actions, oldest first, with their texts."""
    found = services.audit.reader.events(EventFilter(), limit=100, texts=True)
    return [event for event in reversed(found) if event.action in actions]


def test_new_content_with_new_access_leaves_both_in_the_log(services: Services) -> None:
    put(services, text=OLD)
    house.put(services, house.document(services, "a.txt", NEW, access=house.FOR_HR))

    first, second = events_of(services, "document.stored")
    (changed,) = events_of(services, "access.changed")

    assert (second.details["version_before"], second.details["list_before"]) == (
        first.details["version"], first.details["list"]
    )  # fmt: skip
    assert changed.case == second.case
    assert (changed.details["list_before"], changed.details["list"]) == (first.details["list"], second.details["list"])
    assert (changed.details["from"]["groups"], changed.details["to"]["groups"]) == (["g-staff"], ["g-hr"])


def test_new_content_under_the_same_access_changes_no_access(services: Services) -> None:
    put(services, text=OLD)
    put(services, text=NEW)

    assert events_of(services, "access.changed", "access.changing") == []


def test_a_change_of_access_is_announced_and_told_when_it_is_done(services: Services) -> None:
    put(services, text=OLD)
    services.documents.change_access("c", "a.txt", house.FOR_HR, actor=house.OPERATOR)

    before, after = events_of(services, "access.changing", "access.changed")

    assert before.case == after.case
    assert "list" not in before.details
    assert after.details["list"] == services.registry.at("c", "a.txt").document.acl_id  # type: ignore[union-attr]
    assert before.texts == {"collection": "c", "path": "a.txt", "title": "a.txt"}


def test_a_change_of_access_that_failed_is_not_told_as_done(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(services, text=OLD)
    monkeypatch.setattr(changes, "change_access", failing(DOWN, times=1)(changes.change_access))

    with pytest.raises(IndexUnavailable, match="down"):
        services.documents.change_access("c", "a.txt", house.FOR_HR, actor=house.OPERATOR)

    assert events_of(services, "access.changed") == []
    (resolved,) = events_of(services, "document.resolved")
    assert (resolved.outcome, resolved.details["kind"]) == ("failed", "access")


# --- the disk --------------------------------------------------------------------------------------------------------


@pytest.fixture
def little_disk(tmp_path: Path, services: Services) -> Any:
    """The originals on a disk of 256 KiB."""
    root = services.originals.root
    mounted = os.geteuid() == 0 and (
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(root)], check=False).returncode == 0
    )
    if not mounted:
        pytest.skip("a disk that fills up needs root and the right to mount")
    (root / ".waiting").mkdir(mode=0o700)
    yield root
    subprocess.run(["umount", str(root)], check=True)


def test_a_full_disk_is_named_and_nothing_is_half_written(services: Services, little_disk: Path) -> None:
    put(services, "small.txt")
    before = house.truth(services)
    new = house.document(services, "large.txt", OLD)
    vectors = services.embedder.embed_passages([chunk.indexed for chunk in new.chunks])
    files = {"original": io.BytesIO(b"x" * 100_000), "1.webp": io.BytesIO(b"y" * 400_000)}
    with pytest.raises(DiskFull, match=r"c/large\.txt was not stored"):
        services.documents.store(new, files, vectors, actor=house.OPERATOR)
    assert house.truth(services) == before
    assert put(services, "large.txt", ("小さくした文書です。",)) == "stored"


def test_a_disk_that_refuses_to_write_is_named(services: Services) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    new = house.document(services, "a.txt", OLD)
    with pytest.raises(StoreUnavailable, match="Input/output error"):
        services.documents.store(new, {"original": Broken()}, np.zeros((2, 384), np.float32), actor=house.OPERATOR)
    assert house.truth(services).registered == {}


# --- what a start repairs --------------------------------------------------------------------------------------------


def found(services: Services, question: str) -> list[str]:
    query = HybridQuery(services.embedder.embed_query(question), (), 10)
    everything = AccessFilter("test", tuple(number for number, _ in services.registry.lists.all()))
    return [hit.chunk for hit in services.index.search(query, access=everything) if hit.document != probe.DOCUMENT]


def test_an_index_entry_that_the_registry_does_not_know_is_removed(services: Services) -> None:
    put(services)
    vector = services.embedder.embed_passages(["知らない文書"])[0]
    strange = IndexedChunk(chunk_id("f" * 32, "e" * 64, 0), "f" * 32, "e" * 64, 1, vector, (1,))
    services.index.upsert([strange])
    services.documents.resolve()
    house.truth(services)
    assert strange.id not in found(services, "知らない文書")


def test_an_unknown_chunk_of_a_known_version_is_removed_and_the_version_indexed_again(services: Services) -> None:
    put(services)
    document = services.registry.collection("c")[0].document
    vector = services.embedder.embed_passages(["余分な断片"])[0]
    services.index.upsert(
        [IndexedChunk(chunk_id("f" * 32, "e" * 64, 0), document.key, document.version, document.acl_id, vector, (1,))]
    )
    services.documents.resolve()
    house.truth(services)


def test_a_registered_version_that_the_index_lost_is_found_again(services: Services) -> None:
    put(services)
    key = services.registry.collection("c")[0].document.key
    before = found(services, OLD[0])
    services.index.delete(document=key)
    assert found(services, OLD[0]) == []
    services.documents.resolve()
    assert found(services, OLD[0]) == before
    house.truth(services)


def test_an_entry_under_another_list_than_its_documents_is_moved_back(services: Services) -> None:
    put(services)
    document = services.registry.collection("c")[0].document
    services.index.set_access(document=document.key, acl_id=document.acl_id + 1)
    services.documents.resolve()
    house.truth(services)


def test_a_lost_probe_is_put_back(services: Services) -> None:
    services.index.delete(document=probe.DOCUMENT)
    assert not probe.found_by_words(services.index, services.documents.probe_list, services.documents.terms)
    services.documents.resolve()
    assert probe.found_by_words(services.index, services.documents.probe_list, services.documents.terms)
    assert probe.found_by_meaning(services.index, services.documents.probe_list, services.embedder)


def test_a_start_that_finds_everything_in_order_embeds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with house.opened(tmp_path / "h") as services:
        put(services)
    from appliance.embedding.e5 import E5Embedder

    monkeypatch.setattr(E5Embedder, "embed_passages", failing(AssertionError("embedded"))(E5Embedder.embed_passages))
    with house.opened(tmp_path / "h") as services:
        house.truth(services)
