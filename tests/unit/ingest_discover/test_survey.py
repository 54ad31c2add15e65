"""What is found in a folder, in which order, and the reason for everything that is not."""

import os
import random
import socket
import unicodedata
from pathlib import Path

import pytest

from appliance.errors import ApplianceError
from ingest import discover_errors as errors
from ingest.discover import Survey, survey
from tests.unit.ingest_discover.conftest import LARGEST


def put(root: Path, *paths: str, content: bytes = b"x") -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)


def paths_of(found: Survey) -> list[str]:
    return [file.path for file in found.files]


def refusal(found: Survey, path: str) -> ApplianceError:
    [error] = [row.error for row in found.refused if row.path == path]
    return error


def test_files_come_in_the_order_of_their_paths_whatever_the_order_on_disk(root: Path) -> None:
    names = [f"{folder}/{name}.txt" for folder in ("b", "a", "あ") for name in ("2", "10", "規程", "Z")]
    put(root, *random.Random(7).sample(names, len(names)))

    assert paths_of(survey(root, largest=LARGEST)) == sorted(names)


def test_a_path_is_relative_to_the_root_with_slashes(root: Path) -> None:
    put(root, "役員/2026/報酬.pdf", content=b"123")

    [file] = survey(root, largest=LARGEST).files
    assert (file.path, file.place, file.size) == ("役員/2026/報酬.pdf", "役員/2026/報酬.pdf", 3)


def test_a_name_from_a_mac_gets_the_id_of_the_same_name_from_windows(root: Path) -> None:
    mac = unicodedata.normalize("NFD", "ガイドブック.txt")
    put(root, mac)

    [file] = survey(root, largest=LARGEST).files
    assert file.path == unicodedata.normalize("NFC", mac)
    assert file.place == mac, "the disk knows the file only by its own bytes"


def test_two_names_that_are_one_in_nfc_are_both_refused(root: Path) -> None:
    put(root, unicodedata.normalize("NFD", "が.txt"), "が.txt", "other.txt")

    found = survey(root, largest=LARGEST)

    assert paths_of(found) == ["other.txt"]
    assert isinstance(refusal(found, "が.txt"), errors.NamesCollide)
    assert "'\\u304b\\u3099.txt', '\\u304c.txt'" in str(refusal(found, "が.txt"))


def test_folders_that_are_one_in_nfc_are_one_folder_until_their_files_collide(root: Path) -> None:
    mac = unicodedata.normalize("NFD", "が")
    put(root, "が/a.txt", f"{mac}/b.txt", "が/c.txt", f"{mac}/c.txt")

    found = survey(root, largest=LARGEST)

    assert paths_of(found) == ["が/a.txt", "が/b.txt"]
    assert isinstance(refusal(found, "が/c.txt"), errors.NamesCollide)


def test_the_manifest_hidden_files_and_locks_are_skipped_and_listed(root: Path) -> None:
    skipped = [".git/config", ".hidden.txt", "collection.toml", "Thumbs.db", "x/desktop.ini", "x/~$規程.docx"]
    put(root, "規程.docx", "~a.txt", "a~$.txt", *skipped)

    found = survey(root, largest=LARGEST)

    assert paths_of(found) == ["a~$.txt", "~a.txt", "規程.docx"]
    assert found.skipped == (".git", *sorted(skipped[1:]))
    assert found.refused == ()


def test_a_folder_with_a_manifest_of_its_own_is_not_part_of_this_collection(root: Path) -> None:
    put(root, "collection.toml", "a.txt", "役員/collection.toml", "役員/報酬.txt", "役員/x/y.txt")

    found = survey(root, largest=LARGEST)

    assert paths_of(found) == ["a.txt"]
    assert isinstance(refusal(found, "役員"), errors.NestedCollection)
    assert found.gone("役員/報酬.txt"), "what was taken in from it under the wider manifest is removed"


def test_a_link_within_the_root_to_a_file_is_a_file_of_its_own(root: Path) -> None:
    put(root, "b/a.txt", content=b"12345")
    (root / "link.txt").symlink_to("b/a.txt")

    found = survey(root, largest=LARGEST)

    assert [(file.path, file.place, file.size) for file in found.files] == [
        ("b/a.txt", "b/a.txt", 5),
        ("link.txt", "b/a.txt", 5),
    ]


@pytest.mark.parametrize("target", ["/etc/hostname", "/etc", "../outside.txt", "x/../../outside.txt"])
def test_a_link_that_leaves_the_root_is_refused(root: Path, target: str) -> None:
    outside = root.parent / "outside.txt"
    outside.write_text("secret")
    put(root, "x/a.txt")
    (root / "link.txt").symlink_to(target)

    found = survey(root, largest=LARGEST)
    outside.unlink()

    assert paths_of(found) == ["x/a.txt"]
    assert isinstance(refusal(found, "link.txt"), errors.LinkOutside)


def test_a_link_to_a_folder_whose_name_begins_like_the_root_is_outside(root: Path) -> None:
    twin = Path(f"{root}-twin")
    put(twin, "a.txt")
    put(root, "b.txt")
    (root / "link.txt").symlink_to(twin / "a.txt")

    found = survey(root, largest=LARGEST)
    (twin / "a.txt").unlink()
    twin.rmdir()

    assert isinstance(refusal(found, "link.txt"), errors.LinkOutside)


@pytest.mark.parametrize(
    ("link", "target"), [("loop", "."), ("a/loop", ".."), ("a/b/loop", "../../a"), ("self", "self")]
)
def test_a_loop_of_links_is_refused_and_ends(root: Path, link: str, target: str) -> None:
    put(root, "a/b/c.txt")
    (root / link).symlink_to(target)

    found = survey(root, largest=LARGEST)

    assert paths_of(found) == ["a/b/c.txt"]
    assert isinstance(refusal(found, link), errors.LinkLoop)


def test_a_link_to_another_folder_is_refused_so_that_files_count_once(root: Path) -> None:
    put(root, "a/x.txt", "b/y.txt")
    (root / "a/to-b").symlink_to("../b")
    (root / "b/to-a").symlink_to("../a")

    found = survey(root, largest=LARGEST)

    assert paths_of(found) == ["a/x.txt", "b/y.txt"]
    assert [type(row.error) for row in found.refused] == [errors.LinkToFolder, errors.LinkToFolder]


def test_a_link_into_a_nested_collection_is_refused(root: Path) -> None:
    put(root, "a.txt", "役員/collection.toml", "役員/報酬.txt")
    (root / "link.txt").symlink_to("役員/報酬.txt")

    assert isinstance(refusal(survey(root, largest=LARGEST), "link.txt"), errors.NestedCollection)


def test_a_link_to_nothing_is_refused(root: Path) -> None:
    (root / "link.txt").symlink_to("gone.txt")

    found = survey(root, largest=LARGEST)

    assert isinstance(refusal(found, "link.txt"), errors.LinkBroken)
    assert "gone.txt" in str(refusal(found, "link.txt"))


def test_pipes_sockets_and_links_to_devices_are_refused_and_not_opened(root: Path) -> None:
    put(root, "a.txt")
    os.mkfifo(root / "pipe.txt")
    (root / "null.txt").symlink_to("/dev/null")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(root / "socket.txt"))
        found = survey(root, largest=LARGEST)

    assert paths_of(found) == ["a.txt"]
    assert "FIFO" in str(refusal(found, "pipe.txt"))
    assert "socket" in str(refusal(found, "socket.txt"))
    assert isinstance(refusal(found, "null.txt"), errors.LinkOutside)


def test_a_device_is_refused(root: Path) -> None:
    try:
        os.mknod(root / "null.txt", 0o20666, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root may make a device")

    assert "character device" in str(refusal(survey(root, largest=LARGEST), "null.txt"))


def test_a_name_that_is_not_utf8_is_refused_with_its_bytes_made_visible(root: Path) -> None:
    put(root, "a.txt")
    (Path(os.fsdecode(os.fsencode(root) + b"/" + "規程.txt".encode("cp932")))).write_bytes(b"x")

    found = survey(root, largest=LARGEST)

    [row] = found.refused
    assert isinstance(row.error, errors.NameUndecodable)
    assert "⟨U+DC8B⟩" in str(row.error)
    str(row.error).encode("utf-8")


def test_a_file_over_the_limit_is_refused_and_one_at_the_limit_is_not(root: Path) -> None:
    put(root, "at.txt", content=b"x" * 1000)
    put(root, "over.txt", content=b"x" * 1001)

    found = survey(root, largest=1000)

    assert paths_of(found) == ["at.txt"]
    assert isinstance(refusal(found, "over.txt"), errors.FileOverLimit)


def test_a_refusal_over_the_limit_names_both_in_the_unit_of_the_setting(root: Path) -> None:
    put(root, "sparse.txt")
    os.truncate(root / "sparse.txt", 250 << 20)

    assert "has 250.0 MB; at most 200 MB" in str(refusal(survey(root, largest=200 << 20), "sparse.txt"))


def test_folders_nested_without_end_are_refused_at_a_depth(root: Path) -> None:
    put(root, "a.txt", "/".join(["d"] * 63) + "/deep.txt", "/".join(["d"] * 70) + "/deeper.txt")

    found = survey(root, largest=LARGEST)

    assert paths_of(found) == ["a.txt", "/".join(["d"] * 63) + "/deep.txt"]
    assert isinstance(found.refused[0].error, errors.FolderTooDeep)


def test_no_descriptor_stays_open(root: Path) -> None:
    put(root, "a/b/c.txt", "d/collection.toml", "e/f.txt")
    (root / "loop").symlink_to(".")
    before = len(os.listdir("/proc/self/fd"))

    survey(root, largest=LARGEST)
    survey(root, only=[root / "a/b/c.txt", root / "gone", root / "a"], largest=LARGEST)

    assert len(os.listdir("/proc/self/fd")) == before
