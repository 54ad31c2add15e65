"""A passage of our own in the index, which nobody may see: `appliance doctor` finds it by each leg of the search alone.

A leg that died would otherwise go unnoticed: the other one goes on answering, only worse.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from appliance.access import AccessFilter, AccessList, filter_for
from appliance.models import Classification, HybridQuery, IndexedChunk, Principal, chunk_id
from appliance.protocols import ChunkIndex, Embedder

DOCUMENT, VERSION = "0" * 32, "0" * 64
_GROUP = "appliance:probe"  # no directory gives it to anybody
_TEXT = "在宅勤務を希望する職員は、前日の正午までに所属長へ申請する。"
_WORDS = "在宅勤務の申請"  # shares words with the text: the sparse leg's
_MEANING = "家で働きたいとき、いつまでに上司に言えばよいですか"  # shares only the meaning: the dense leg's

ACCESS = AccessList(groups=frozenset({_GROUP}), classification=Classification.CONFIDENTIAL)


def chunk(acl_id: int, embedder: Embedder, terms: Callable[[str], tuple[int, ...]]) -> IndexedChunk:
    """The probe as the index keeps it."""
    vector = embedder.embed_passages([_TEXT])[0]
    return IndexedChunk(chunk_id(DOCUMENT, VERSION, 0), DOCUMENT, VERSION, acl_id, vector, terms(_TEXT))


def found_by_words(index: ChunkIndex, acl_id: int, terms: Callable[[str], tuple[int, ...]]) -> bool:
    """Whether the sparse leg alone finds the probe."""
    query = HybridQuery(None, terms(_WORDS), 1)
    return any(hit.document == DOCUMENT for hit in index.search(query, access=_access(acl_id)))


def found_by_meaning(index: ChunkIndex, acl_id: int, embedder: Embedder) -> bool:
    """Whether the dense leg alone finds the probe, and near enough that its vector is no other text's."""
    query = HybridQuery(embedder.embed_query(_MEANING), (), 1)
    return any(hit.document == DOCUMENT and hit.cosine > 0.8 for hit in index.search(query, access=_access(acl_id)))


def _access(acl_id: int) -> AccessFilter:
    nobody = Principal(
        "appliance:probe", "", frozenset({_GROUP}), Classification.CONFIDENTIAL, frozenset(), frozenset()
    )
    return filter_for(nobody, [(acl_id, ACCESS)], datetime.now(UTC))
