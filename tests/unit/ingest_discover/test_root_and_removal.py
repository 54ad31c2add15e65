"""A folder that cannot be believed removes nothing: unreadable, empty, or unreadable in part."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from ingest import discover_errors as errors
from ingest.discover import survey
from tests.unit.ingest_discover.conftest import LARGEST

from .test_survey import paths_of, put, refusal

Rights = Callable[[], AbstractContextManager[None]]


def test_a_root_that_does_not_exist_stops_the_run(root: Path) -> None:
    with pytest.raises(errors.RootUnreadable, match="Nothing was taken in and nothing removed"):
        survey(root / "gone", largest=LARGEST)


def test_a_root_that_is_a_file_stops_the_run(root: Path) -> None:
    put(root, "file")

    with pytest.raises(errors.RootUnreadable, match="Not a directory"):
        survey(root / "file", largest=LARGEST)


def test_a_root_that_may_not_be_listed_stops_the_run(root: Path, unprivileged: Rights) -> None:
    put(root, "closed/a.txt")
    (root / "closed").chmod(0)

    with unprivileged(), pytest.raises(errors.RootUnreadable, match="Permission denied"):
        survey(root / "closed", largest=LARGEST)


@pytest.mark.parametrize("content", [[], ["collection.toml"], [".DS_Store", "~$a.docx"], ["empty/folder/.keep"]])
def test_a_root_without_a_file_stops_the_run_because_a_share_may_be_missing(root: Path, content: list[str]) -> None:
    put(root, *content)

    with pytest.raises(errors.RootEmpty, match="holds no file"):
        survey(root, largest=LARGEST)


def test_a_root_whose_files_are_all_refused_is_not_empty(root: Path) -> None:
    put(root, "a.txt", content=b"12345")

    found = survey(root, largest=1)

    assert found.files == ()
    assert not found.gone("a.txt")


def test_a_root_behind_a_link_is_that_root(root: Path) -> None:
    put(root, "real/a.txt")
    (root / "link").symlink_to("real")

    found = survey(root / "link", largest=LARGEST)

    assert paths_of(found) == ["a.txt"]
    assert found.root == root / "real"


def test_a_document_that_is_neither_found_nor_refused_is_gone(root: Path) -> None:
    put(root, "a.txt")
    (root / "b.txt").symlink_to("nowhere")

    found = survey(root, largest=LARGEST)

    assert found.gone("removed.txt")
    assert not found.gone("a.txt")
    assert not found.gone("b.txt")


def test_documents_in_a_folder_that_cannot_be_listed_are_not_gone(root: Path, unprivileged: Rights) -> None:
    put(root, "a.txt", "closed/b.txt", "closed/x/c.txt")
    (root / "closed").chmod(0)

    with unprivileged():
        found = survey(root, largest=LARGEST)

    assert paths_of(found) == ["a.txt"]
    assert isinstance(refusal(found, "closed"), errors.FolderClosed)
    assert not found.gone("closed/b.txt")
    assert not found.gone("closed/x/c.txt")
    assert found.gone("closed-once/b.txt")


def test_documents_in_a_folder_that_may_be_listed_but_not_entered_are_not_gone(
    root: Path, unprivileged: Rights
) -> None:
    put(root, "a.txt", "half/b.txt", "half/x/c.txt")
    (root / "half").chmod(0o444)

    with unprivileged():
        found = survey(root, largest=LARGEST)

    assert isinstance(refusal(found, "half/b.txt"), errors.FileClosed)
    assert not found.gone("half/b.txt")
    assert not found.gone("half/x/c.txt")


def test_documents_below_the_greatest_depth_are_not_gone(root: Path) -> None:
    deep = "/".join(["d"] * 70) + "/deep.txt"
    put(root, "a.txt", deep)

    assert not survey(root, largest=LARGEST).gone(deep)


def test_what_was_not_looked_at_is_not_gone(root: Path) -> None:
    put(root, "a/x.txt", "b/y.txt")

    found = survey(root, only=[root / "a"], largest=LARGEST)

    assert paths_of(found) == ["a/x.txt"]
    assert found.gone("a/removed.txt")
    assert not found.gone("b/y.txt")
    assert not found.gone("ab/y.txt")


def test_single_files_may_be_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(root, "a/x.txt", "a/y.txt", "b.txt")
    monkeypatch.chdir(root / "a")

    found = survey(root, only=[Path("y.txt"), root / "b.txt", Path("../b.txt")], largest=LARGEST)

    assert paths_of(found) == ["a/y.txt", "b.txt"]
    assert found.refused == ()


def test_the_root_itself_may_be_named(root: Path) -> None:
    put(root, "a/x.txt", "b.txt")

    found = survey(root, only=[root], largest=LARGEST)

    assert paths_of(found) == ["a/x.txt", "b.txt"]
    assert found.gone("c.txt")


@pytest.mark.parametrize("path", ["../other.txt", "/etc/hostname", "a/../../other.txt"])
def test_a_path_outside_the_root_is_refused_and_the_others_go_on(root: Path, path: str) -> None:
    put(root, "a/x.txt")

    found = survey(root, only=[root / path, root / "a"], largest=LARGEST)

    assert paths_of(found) == ["a/x.txt"]
    assert isinstance(found.refused[0].error, errors.PathOutside)
    assert str(root) in str(found.refused[0].error)


def test_a_path_that_leaves_the_root_through_a_link_is_refused(root: Path) -> None:
    put(root, "a.txt")
    (root / "out").symlink_to("/etc")

    found = survey(root, only=[root / "out/hostname", root / "out"], largest=LARGEST)

    assert found.files == ()
    assert sorted(row.error.code for row in found.refused) == ["link-outside", "path-outside"]


def test_a_path_that_does_not_exist_is_refused(root: Path) -> None:
    put(root, "a.txt")

    found = survey(root, only=[root / "b.txt", root / "no/such.txt"], largest=LARGEST)

    assert [row.error.code for row in found.refused] == ["file-gone", "file-gone"]


def test_a_path_in_a_nested_collection_is_refused(root: Path) -> None:
    put(root, "a.txt", "役員/collection.toml", "役員/x/報酬.txt")

    found = survey(root, only=[root / "役員/x/報酬.txt"], largest=LARGEST)

    assert isinstance(refusal(found, "役員/x/報酬.txt"), errors.NestedCollection)


def test_what_a_shell_expands_may_hold_the_manifest_and_locks(root: Path) -> None:
    put(root, "a.txt", "collection.toml", "~$a.docx", ".git/config")

    found = survey(root, only=[*sorted(root.iterdir()), root / ".git/config"], largest=LARGEST)

    assert paths_of(found) == ["a.txt"]
    assert found.skipped == (".git", ".git/config", "collection.toml", "~$a.docx")
    assert found.refused == ()
