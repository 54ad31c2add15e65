"""A file is read once, whole and unchanged, or refused."""

import hashlib
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest import discover_errors as errors
from ingest.discover import open_below, survey
from ingest.original import read_original
from tests.unit.ingest_discover.conftest import LARGEST

from .test_survey import put


def test_content_and_hash_are_of_the_same_bytes(root: Path) -> None:
    content = os.urandom(3_000_001)
    put(root, "役員/a.bin", content=content)
    os.utime(root / "役員/a.bin", (1_700_000_000, 1_700_000_000))
    found = survey(root, largest=LARGEST)

    original = read_original(found, found.files[0])

    assert original.path == "役員/a.bin"
    assert original.content == content
    assert original.sha256 == hashlib.sha256(content).hexdigest()
    assert original.modified == datetime.fromtimestamp(1_700_000_000, UTC)


def test_an_empty_file_is_read(root: Path) -> None:
    put(root, "a.txt", content=b"")
    found = survey(root, largest=LARGEST)

    assert read_original(found, found.files[0]).content == b""


def test_a_file_behind_a_link_is_read_from_where_it_lies(root: Path) -> None:
    put(root, "b/a.txt", content=b"12345")
    (root / "link.txt").symlink_to("b/a.txt")
    found = survey(root, only=[root / "link.txt"], largest=LARGEST)

    assert read_original(found, found.files[0]).content == b"12345"


def test_a_file_that_vanished_is_refused(root: Path) -> None:
    put(root, "a.txt")
    found = survey(root, largest=LARGEST)
    (root / "a.txt").unlink()

    with pytest.raises(errors.FileGone, match=r"a\.txt does not exist, or was removed"):
        read_original(found, found.files[0])


def test_a_root_that_vanished_is_refused(root: Path) -> None:
    put(root, "sub/a.txt")
    found = survey(root / "sub", largest=LARGEST)
    (root / "sub/a.txt").unlink()
    (root / "sub").rmdir()

    with pytest.raises(errors.FileGone, match=r"a\.txt"):
        read_original(found, found.files[0])


def test_a_link_that_took_the_place_of_a_file_is_not_followed(root: Path) -> None:
    put(root, "a.txt")
    found = survey(root, largest=LARGEST)
    (root / "a.txt").unlink()
    (root / "a.txt").symlink_to("/etc/hostname")

    with pytest.raises(errors.FileChanged, match=r"a\.txt changed"):
        read_original(found, found.files[0])


def test_a_link_that_took_the_place_of_a_folder_is_not_followed(root: Path) -> None:
    put(root, "etc/hostname")
    found = survey(root, largest=LARGEST)
    (root / "etc/hostname").unlink()
    (root / "etc").rmdir()
    (root / "etc").symlink_to("/etc")

    with pytest.raises(errors.FileChanged, match="changed while"):
        read_original(found, found.files[0])


def test_a_pipe_that_took_the_place_of_a_file_is_not_waited_for(root: Path) -> None:
    put(root, "a.txt")
    found = survey(root, largest=LARGEST)
    (root / "a.txt").unlink()
    os.mkfifo(root / "a.txt")

    with pytest.raises(errors.NotAFile, match=r"a\.txt is not a file"):
        read_original(found, found.files[0])


def test_a_folder_that_took_the_place_of_a_file_is_refused(root: Path) -> None:
    put(root, "a.txt")
    found = survey(root, largest=LARGEST)
    (root / "a.txt").unlink()
    (root / "a.txt").mkdir()

    with pytest.raises(errors.NotAFile, match=r"a\.txt is not a file"):
        read_original(found, found.files[0])


def test_a_file_that_may_not_be_read_is_refused(
    root: Path, unprivileged: Callable[[], AbstractContextManager[None]]
) -> None:
    put(root, "a.txt")
    (root / "a.txt").chmod(0)
    found = survey(root, largest=LARGEST)

    with unprivileged(), pytest.raises(errors.FileClosed, match="Permission denied"):
        read_original(found, found.files[0])


def test_a_file_replaced_before_it_is_read_is_read_as_it_is_now(root: Path) -> None:
    put(root, "a.txt", content=b"old")
    found = survey(root, largest=LARGEST)
    put(root, "new", content=b"new content")
    (root / "new").rename(root / "a.txt")

    assert read_original(found, found.files[0]).content == b"new content"


@pytest.mark.parametrize("write", [b"", b"x" * 10, b"y" * 2_000_000])
def test_a_file_written_while_it_is_read_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch, write: bytes) -> None:
    put(root, "a.txt", content=b"x" * 2_000_000)
    os.utime(root / "a.txt", (1, 1))
    found = survey(root, largest=LARGEST)
    read, written = os.read, []

    def read_and_let_another_write(descriptor: int, size: int) -> bytes:
        piece = read(descriptor, size)
        if not written:
            written.append((root / "a.txt").write_bytes(write))
        return piece

    monkeypatch.setattr("ingest.original.os.read", read_and_let_another_write)

    with pytest.raises(errors.FileChanged, match="changed while it was being read"):
        read_original(found, found.files[0])


def test_a_file_that_grew_past_the_limit_is_given_up(root: Path) -> None:
    put(root, "a.txt", content=b"x" * 10)
    found = survey(root, largest=10)
    put(root, "a.txt", content=b"x" * 11)

    with pytest.raises(errors.FileOverLimit, match=r"a\.txt has"):
        read_original(found, found.files[0])


def test_no_refusal_leaves_a_descriptor_open(root: Path) -> None:
    put(root, "a.txt", "b.txt", "c/d.txt")
    found = survey(root, largest=LARGEST)
    (root / "a.txt").unlink()
    (root / "b.txt").unlink()
    (root / "b.txt").mkdir()
    before = len(os.listdir("/proc/self/fd"))

    for file in found.files[:2]:
        with pytest.raises((errors.FileGone, errors.NotAFile), match=r"\.txt"):
            read_original(found, file)
    read_original(found, found.files[2])

    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("place", ["link/hostname", "a/link/hostname"])
def test_no_link_is_followed_on_the_way_to_a_file(root: Path, place: str) -> None:
    put(root, "a/b.txt")
    (root / "link").symlink_to("/etc")
    (root / "a/link").symlink_to("/etc")
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)

    try:
        with pytest.raises(OSError, match=r"Not a directory|symbolic links"):
            open_below(descriptor, place, os.O_RDONLY)
    finally:
        os.close(descriptor)
