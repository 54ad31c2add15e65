"""The tree in tiles of 256 hashes and the entries in bundles of 256: the layout of c2sp.org/tlog-tiles.

`Frontier` is the growing right edge: it gives each full tile once and the root at any time. `expected` lists what a log
of a size consists of, and nothing else belongs to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from appliance.audit.merkle import HASH_SIZE, CompactRange, fold
from appliance.audit.refusal import refusal

WIDTH = 256
MAX_ENTRY = 65_535  # the length prefix has two bytes


@dataclass(frozen=True, slots=True)
class Tile:
    """A place in the layout: `level` None is an entry bundle; `width` below 256 is the partial tile at the edge."""

    level: int | None
    n: int
    width: int

    @property
    def path(self) -> str:
        """Relative to the log's folder, such as `tile/0/x001/234.p/17`."""
        groups = [f"{self.n % 1000:03d}"]
        rest = self.n // 1000
        while rest:
            groups.insert(0, f"x{rest % 1000:03d}")
            rest //= 1000
        level = "entries" if self.level is None else str(self.level)
        suffix = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{'/'.join(groups)}{suffix}"


def expected(size: int) -> Iterator[Tile]:
    """Every tile and bundle of a log with `size` entries: bundles first, then the levels from 0."""
    yield from _row(None, size)
    level, count = 0, size
    while count:
        yield from _row(level, count)
        level, count = level + 1, count // WIDTH


def _row(level: int | None, count: int) -> Iterator[Tile]:
    for n in range(count // WIDTH):
        yield Tile(level, n, WIDTH)
    if count % WIDTH:
        yield Tile(level, count // WIDTH, count % WIDTH)


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """Entries, each behind its length in two bytes, big endian."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def decode_bundle(data: bytes, width: int) -> list[bytes]:
    """Exactly `width` entries, and not a byte more."""
    entries: list[bytes] = []
    position = 0
    for _ in range(width):
        begin = position + 2
        position = begin + int.from_bytes(data[position:begin], "big")
        if begin > len(data) or position > len(data):
            raise refusal("malformed", detail=f"it ends inside entry {len(entries)}")
        entries.append(data[begin:position])
    if position != len(data):
        raise refusal("malformed", detail=f"{len(data) - position} bytes after the last entry")
    return entries


def split_hashes(data: bytes) -> list[bytes]:
    """The hashes of a tile."""
    return [data[i : i + HASH_SIZE] for i in range(0, len(data), HASH_SIZE)]


@dataclass(frozen=True, slots=True)
class FullTile:
    """A tile that will not change any more: its 256 hashes joined, and the root over them."""

    level: int
    n: int
    hashes: bytes
    root: bytes


class _Edge:
    """The unfinished tile of one level; `n` is its number."""

    __slots__ = ("hashes", "n", "range")

    def __init__(self, n: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.n = n
        self.hashes = list(hashes)
        self.range = CompactRange(self.hashes)


class Frontier:
    """The right edge of a growing tree: one unfinished tile a level."""

    def __init__(self) -> None:
        self._edges: list[_Edge] = []
        self.size = 0

    @classmethod
    def resume(cls, size: int, edges: Sequence[Sequence[bytes]]) -> Frontier:
        """Take up a tree of `size` leaves; `edges` are the hashes of each level's unfinished tile, from level 0."""
        frontier = cls()
        frontier.size = size
        frontier._edges = [_Edge(size >> (8 * (level + 1)), hashes) for level, hashes in enumerate(edges)]
        return frontier

    def append(self, item: bytes) -> list[FullTile]:
        """Add a leaf's hash; the tiles that it fills, lowest first."""
        self.size += 1
        filled: list[FullTile] = []
        level = 0
        while True:
            if level == len(self._edges):
                self._edges.append(_Edge())
            edge = self._edges[level]
            edge.hashes.append(item)
            edge.range.append(item)
            if len(edge.hashes) < WIDTH:
                return filled
            item = edge.range.root()
            filled.append(FullTile(level, edge.n, b"".join(edge.hashes), item))
            self._edges[level] = _Edge(edge.n + 1)
            level += 1

    def root(self) -> bytes:
        """The root over everything appended."""
        return fold([node for edge in reversed(self._edges) for node in edge.range.nodes])

    def partial(self) -> list[tuple[Tile, bytes]]:
        """The unfinished tiles that hold anything, with their hashes joined, from level 0."""
        return [
            (Tile(level, edge.n, len(edge.hashes)), b"".join(edge.hashes))
            for level, edge in enumerate(self._edges)
            if edge.hashes
        ]
