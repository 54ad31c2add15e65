"""The tree against slow recursion written from RFC 6962, for every size to 130."""

from __future__ import annotations

from functools import cache
from hashlib import sha256

import pytest

from appliance.audit.merkle import (
    EMPTY_ROOT,
    CompactRange,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_from_inclusion,
    verify_consistency,
    verify_inclusion,
)
from appliance.errors import ExportRefused

LARGEST = 130
DATA = [bytes([number]) * (number % 5) for number in range(LARGEST)]
LEAVES = [leaf_hash(data) for data in DATA]
SIZES = range(1, LARGEST + 1)


def split(count: int) -> int:
    """RFC 6962 2.1: the largest power of two smaller than n."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power


@cache
def mth(begin: int, end: int) -> bytes:
    """RFC 6962 2.1, MTH(D[begin:end])."""
    if begin == end:
        return sha256(b"").digest()
    if end - begin == 1:
        return sha256(b"\x00" + DATA[begin]).digest()
    middle = begin + split(end - begin)
    return sha256(b"\x01" + mth(begin, middle) + mth(middle, end)).digest()


def path(m: int, begin: int, end: int) -> list[bytes]:
    """RFC 6962 2.1.1, PATH(m, D[begin:end])."""
    if end - begin == 1:
        return []
    k = split(end - begin)
    if m < k:
        return [*path(m, begin, begin + k), mth(begin + k, end)]
    return [*path(m - k, begin + k, end), mth(begin, begin + k)]


def subproof(m: int, begin: int, end: int, complete: bool) -> list[bytes]:
    """RFC 6962 2.1.2, SUBPROOF(m, D[begin:end], b)."""
    if m == end - begin:
        return [] if complete else [mth(begin, end)]
    k = split(end - begin)
    if m <= k:
        return [*subproof(m, begin, begin + k, complete), mth(begin + k, end)]
    return [*subproof(m - k, begin + k, end, False), mth(begin, begin + k)]


def node(level: int, n: int) -> bytes:
    return mth(n << level, (n + 1) << level)


def test_hashes_are_those_of_the_published_test_vectors() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    tree = CompactRange(leaf_hash(bytes.fromhex(text)) for text in inputs)
    assert tree.root().hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@pytest.mark.parametrize("size", [0, *SIZES])
def test_the_root_is_that_of_the_recursion(size: int) -> None:
    tree = CompactRange(LEAVES[:size])

    assert tree.root() == mth(0, size)
    assert tree.size == size
    assert len(tree.nodes) == size.bit_count()


@pytest.mark.parametrize("size", SIZES)
def test_every_inclusion_proof_is_that_of_the_recursion_and_verifies(size: int) -> None:
    for index in range(size):
        proof = inclusion_proof(index, size, node)

        assert proof == path(index, 0, size)
        verify_inclusion(index, size, LEAVES[index], proof, mth(0, size))


@pytest.mark.parametrize("size", SIZES)
def test_every_consistency_proof_is_that_of_the_recursion_and_verifies(size: int) -> None:
    for first in range(1, size + 1):
        proof = consistency_proof(first, size, node)

        assert proof == subproof(first, 0, size, True)
        verify_consistency(first, size, proof, mth(0, first), mth(0, size))


def spoilt(proof: list[bytes]) -> list[tuple[str, list[bytes]]]:
    """Every way in which a proof can be wrong and still look like one."""
    other = sha256(b"other").digest()
    wrong = [
        ("one hash more at the end", [*proof, other]),
        ("one hash more at the start", [other, *proof]),
        ("a hash of 31 bytes", [*proof[:-1], other[:31]]),
    ]
    if proof:
        wrong += [("the last hash missing", proof[:-1]), ("the first hash missing", proof[1:]), ("nothing", [])]
        wrong += [
            (f"bit changed in hash {number}", [*proof[:number], bytes([item[0] ^ 1]) + item[1:], *proof[number + 1 :]])
            for number, item in enumerate(proof)
        ]
    if len(proof) > 1 and proof[0] != proof[-1]:
        wrong.append(("the order reversed", proof[::-1]))
    return wrong


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 8, 9, 33, 64, 65, 130])
def test_every_spoilt_inclusion_proof_is_refused(size: int) -> None:
    for index in range(0, size, max(1, size // 7)):
        proof, root = path(index, 0, size), mth(0, size)
        for how, wrong in spoilt(proof):
            print(how, index)  # shown when one is accepted
            with pytest.raises(ExportRefused, match=r"proof is malformed|root"):
                verify_inclusion(index, size, LEAVES[index], wrong, root)


@pytest.mark.parametrize("size", [2, 3, 4, 7, 8, 9, 33, 64, 65, 130])
def test_every_spoilt_consistency_proof_is_refused(size: int) -> None:
    for first in range(1, size + 1, max(1, size // 9)):
        proof = subproof(first, 0, size, True)
        for how, wrong in spoilt(proof):
            print(how, first)  # shown when one is accepted
            with pytest.raises(ExportRefused, match=r"proof is malformed|root"):
                verify_consistency(first, size, wrong, mth(0, first), mth(0, size))


@pytest.mark.parametrize("size", [2, 5, 8, 100])
def test_a_proof_for_another_place_leaf_root_or_size_is_refused(size: int) -> None:
    proof, root = path(1, 0, size), mth(0, size)
    for index, leaf, wanted, count in (
        (0, LEAVES[1], root, size),
        (1, LEAVES[0], root, size),
        (1, LEAVES[1], mth(0, size - 1), size),
        (1, LEAVES[1], root, size + 128),
    ):
        with pytest.raises(ExportRefused, match=r"proof is malformed|root"):
            verify_inclusion(index, count, leaf, proof, wanted)


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (6, 5), (0, 0)])
def test_an_index_outside_the_tree_is_refused_before_anything_is_hashed(index: int, size: int) -> None:
    with pytest.raises(ExportRefused, match=f"index {index} is outside a tree of {size}"):
        root_from_inclusion(index, size, LEAVES[0], [])
    with pytest.raises(ExportRefused, match=f"index {index} is outside a tree of {size}"):
        inclusion_proof(index, size, node)


@pytest.mark.parametrize(("first", "second"), [(0, 5), (6, 5), (-1, 5), (0, 0)])
def test_no_consistency_proof_starts_from_nothing_or_goes_back(first: int, second: int) -> None:
    with pytest.raises(ExportRefused, match=f"no proof leads from {first} to {second}"):
        verify_consistency(first, second, [], EMPTY_ROOT, LEAVES[0])
    with pytest.raises(ExportRefused, match=f"no proof leads from {first} to {second}"):
        consistency_proof(first, second, node)


def test_two_trees_of_one_size_are_consistent_only_when_they_are_equal() -> None:
    verify_consistency(5, 5, [], mth(0, 5), mth(0, 5))

    with pytest.raises(ExportRefused, match="root"):
        verify_consistency(5, 5, [], mth(0, 5), mth(1, 6))
    with pytest.raises(ExportRefused, match="1 hashes instead of 0"):
        verify_consistency(5, 5, [LEAVES[0]], mth(0, 5), mth(0, 5))


def test_a_root_that_does_not_match_is_named_beside_the_one_that_was_found() -> None:
    with pytest.raises(ExportRefused, match=f"{EMPTY_ROOT.hex()}.*{mth(0, 3).hex()}"):
        verify_inclusion(0, 3, LEAVES[0], path(0, 0, 3), EMPTY_ROOT)


def test_an_inner_node_is_never_a_leaf() -> None:
    # Without the prefixes, the two leaves' joined hashes could be offered as the data of one leaf.
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != node_hash(LEAVES[0], LEAVES[1])
