"""The Merkle tree of RFC 6962: hashing, compact ranges, inclusion and consistency proofs and their verification.

Proofs are made from a function that gives the hash of any complete subtree, and verified by the algorithms of RFC 9162,
2.1.3.2 and 2.1.4.2. Hashes are 32 bytes, sizes and indexes count leaves from 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from appliance.audit.refusal import refusal

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()

Node = Callable[[int, int], bytes]
"""(level, n) to the hash of the complete subtree over leaves [n << level, (n + 1) << level)."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf, RFC 6962 2.1; the prefix keeps leaves and nodes apart."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node, RFC 6962 2.1."""
    return sha256(b"\x01" + left + right).digest()


def fold(nodes: Sequence[bytes]) -> bytes:
    """The root over adjacent subtrees, largest first; of none, the root of the empty tree."""
    if not nodes:
        return EMPTY_ROOT
    root = nodes[-1]
    for node in reversed(nodes[:-1]):
        root = node_hash(node, root)
    return root


class CompactRange:
    """The roots of the complete subtrees over the first `size` leaves, largest first: log2(size) hashes."""

    __slots__ = ("nodes", "size")

    def __init__(self, hashes: Iterable[bytes] = ()) -> None:
        self.nodes: list[bytes] = []
        self.size = 0
        for item in hashes:
            self.append(item)

    def append(self, item: bytes) -> None:
        """Add the next leaf's hash."""
        size = self.size
        while size & 1:
            item = node_hash(self.nodes.pop(), item)
            size >>= 1
        self.nodes.append(item)
        self.size += 1

    def root(self) -> bytes:
        """The root of the tree over all that was added."""
        return fold(self.nodes)


def range_hash(begin: int, end: int, node: Node) -> bytes:
    """MTH(D[begin:end]) of RFC 6962, where `begin` is 0 or the split point of a tree that ends at `end`."""
    nodes = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        if begin:
            level = min(level, (begin & -begin).bit_length() - 1)
        nodes.append(node(level, begin >> level))
        begin += 1 << level
    return fold(nodes)


def _split(begin: int, end: int) -> int:
    """Where RFC 6962 divides the leaves [begin, end): after the largest power of two smaller than their number."""
    return begin + (1 << ((end - begin - 1).bit_length() - 1))


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """PATH(index, D[size]) of RFC 6962 2.1.1, lowest first."""
    if not 0 <= index < size:
        raise refusal("proof-malformed", detail=f"index {index} is outside a tree of {size}")
    path: list[bytes] = []
    begin, end = 0, size
    while end - begin > 1:
        split = _split(begin, end)
        if index < split:
            path.append(range_hash(split, end, node))
            end = split
        else:
            path.append(range_hash(begin, split, node))
            begin = split
    return path[::-1]


def consistency_proof(first: int, second: int, node: Node) -> list[bytes]:
    """PROOF(first, D[second]) of RFC 6962 2.1.2, lowest first; empty when the sizes are equal."""
    if not 0 < first <= second:
        raise refusal("proof-malformed", detail=f"no proof leads from {first} to {second} leaves")
    path: list[bytes] = []
    begin, end = 0, second
    while first != end:
        split = _split(begin, end)
        if first <= split:
            path.append(range_hash(split, end, node))
            end = split
        else:
            path.append(range_hash(begin, split, node))
            begin = split
    if begin:  # The subtree at the left edge is the first tree itself, whose root the verifier has.
        path.append(range_hash(begin, end, node))
    return path[::-1]


def root_from_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes:
    """The root that `path` leads to from the leaf hash at `index`. Requires 0 <= index < size and the exact length."""
    if not 0 <= index < size:
        raise refusal("proof-malformed", detail=f"index {index} is outside a tree of {size}")
    _require_hashes((leaf, *path))
    inner = (index ^ (size - 1)).bit_length()
    _require_length(path, inner + (index >> inner).bit_count())
    root, number, last = leaf, index, size - 1
    for item in path:
        if number & 1 or number == last:
            root = node_hash(item, root)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            root = node_hash(root, item)
        number, last = number >> 1, last >> 1
    return root


def verify_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> None:
    """Refuse unless the leaf hash stands at `index` in the tree of `size` leaves with this root."""
    _require_match(root_from_inclusion(index, size, leaf, path), root)


def verify_consistency(first: int, second: int, path: Sequence[bytes], first_root: bytes, second_root: bytes) -> None:
    """Refuse unless the tree of `second` leaves begins with that of `first`. Requires 0 < first <= second."""
    if not 0 < first <= second:
        raise refusal("proof-malformed", detail=f"no proof leads from {first} to {second} leaves")
    _require_hashes((first_root, second_root, *path))
    if first == second:
        _require_length(path, 0)
        _require_match(first_root, second_root)
        return
    number, last = first - 1, second - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    known = first & (first - 1) == 0
    inner = (number ^ last).bit_length()
    _require_length(path, inner + (number >> inner).bit_count() + (not known))
    seed, rest = (first_root, path) if known else (path[0], path[1:])
    old = new = seed
    for item in rest:
        if number & 1 or number == last:
            old, new = node_hash(item, old), node_hash(item, new)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            new = node_hash(new, item)
        number, last = number >> 1, last >> 1
    _require_match(old, first_root)
    _require_match(new, second_root)


def _require_hashes(hashes: Iterable[bytes]) -> None:
    for item in hashes:
        if len(item) != HASH_SIZE:
            raise refusal("proof-malformed", detail=f"a hash of {len(item)} bytes")


def _require_length(path: Sequence[bytes], wanted: int) -> None:
    if len(path) != wanted:
        raise refusal("proof-malformed", detail=f"{len(path)} hashes instead of {wanted}")


def _require_match(found: bytes, expected: bytes) -> None:
    if found != expected:
        raise refusal("root-differs", expected=expected.hex(), found=found.hex())
