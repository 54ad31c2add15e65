"""The layout of tlog-tiles and the growing edge of the tree."""

from __future__ import annotations

import pytest

from appliance.audit.merkle import EMPTY_ROOT, CompactRange, leaf_hash
from appliance.audit.tiles import WIDTH, Frontier, Tile, decode_bundle, encode_bundle, expected, split_hashes
from appliance.errors import ExportRefused

HASHES = [leaf_hash(number.to_bytes(4, "big")) for number in range(70_000)]


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0, 256), "tile/0/000"),
        (Tile(0, 0, 1), "tile/0/000.p/1"),
        (Tile(None, 999, 256), "tile/entries/999"),
        (Tile(None, 1000, 7), "tile/entries/x001/000.p/7"),
        (Tile(2, 1_234_067, 256), "tile/2/x001/x234/067"),
        (Tile(63, 1_000_000, 255), "tile/63/x001/x000/000.p/255"),
    ],
)
def test_a_tiles_path_is_that_of_the_specification(tile: Tile, path: str) -> None:
    assert tile.path == path


def test_a_tree_of_70000_is_laid_out_as_the_specification_says() -> None:
    rows: dict[int | None, list[int]] = {}
    for tile in expected(70_000):
        rows.setdefault(tile.level, []).append(tile.width)

    assert rows[None] == rows[0] == [256] * 273 + [112]
    assert rows[1] == [256, 17]
    assert rows[2] == [1]
    assert rows.keys() == {None, 0, 1, 2}


def test_a_tree_of_256_has_a_full_tile_and_the_beginning_of_the_next_level() -> None:
    assert [tile.path for tile in expected(256)] == ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]
    assert list(expected(0)) == []


def test_the_edge_gives_every_full_tile_once_and_the_root_at_any_time() -> None:
    frontier, tree = Frontier(), CompactRange()
    assert frontier.root() == EMPTY_ROOT
    full = []
    for number, item in enumerate(HASHES, 1):
        tree.append(item)
        full += frontier.append(item)
        if number % 251 == 0 or number in (1, 255, 256, 257, 65_535, 65_536, 65_537):
            assert frontier.root() == tree.root(), number
    paths = {Tile(tile.level, tile.n, WIDTH).path: tile.hashes for tile in full}
    partial = {tile.path: hashes for tile, hashes in frontier.partial()}

    assert len(paths) == len(full)
    assert {**paths, **partial}.keys() == {tile.path for tile in expected(70_000) if tile.level is not None}
    assert paths["tile/0/003"] == b"".join(HASHES[768:1024])
    assert paths["tile/1/000"][:32] == CompactRange(HASHES[:256]).root()
    assert partial["tile/2/000.p/1"] == CompactRange(HASHES[:65_536]).root()
    assert full[0].root == CompactRange(HASHES[:256]).root()


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 511, 512, 65_536, 65_537, 69_999])
def test_an_edge_that_was_put_down_is_taken_up_at_the_same_place(size: int) -> None:
    before = Frontier()
    for item in HASHES[:size]:
        before.append(item)
    edges: list[list[bytes]] = [[] for _ in range(3)]
    for tile, hashes in before.partial():
        edges[tile.level or 0] = split_hashes(hashes)

    after = Frontier.resume(size, edges)

    assert after.root() == before.root()
    for item in HASHES[size : size + 300]:
        assert after.append(item) == before.append(item)
    assert (after.root(), after.size, after.partial()) == (before.root(), before.size, before.partial())


def test_a_bundle_is_read_back() -> None:
    entries = [b"", b"a", b"x" * 65_535, "在宅".encode()]

    assert decode_bundle(encode_bundle(entries), 4) == entries
    assert encode_bundle([b"ab"]) == b"\x00\x02ab"
    assert decode_bundle(b"", 0) == []


@pytest.mark.parametrize(
    ("data", "width", "what"),
    [
        (b"\x00\x01a", 2, "ends inside entry 1"),
        (b"\x00\x01a\x00", 2, "ends inside entry 1"),
        (b"\x00\x02a", 1, "ends inside entry 0"),
        (b"", 1, "ends inside entry 0"),
        (b"\x00\x01ab", 1, "1 bytes after the last entry"),
        (b"\x00\x01a\x00\x01b", 1, "3 bytes after the last entry"),
    ],
)
def test_a_bundle_with_a_byte_too_few_or_too_many_is_refused(data: bytes, width: int, what: str) -> None:
    with pytest.raises(ExportRefused, match=what):
        decode_bundle(data, width)


def test_an_entry_that_its_length_cannot_say_is_not_written() -> None:
    with pytest.raises(OverflowError, match="too big"):
        encode_bundle([b"x" * 65_536])
