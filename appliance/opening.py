"""What a reader may open of a document: the one place that decides it, for pages, pictures and past answers alike.

Deny by default. A version is shown where its own access list and its document's of today both admit its reader, and
where it is the current one or one that an answer in the reader's own history rests on. Search never comes here: it
knows current versions only, and checks each by itself (retrieval.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from appliance.access import decide_both
from appliance.models import Classification, Document, Part, Principal
from appliance.store.conversations import Conversations
from appliance.store.registry import Kept, Registry


@dataclass(frozen=True, slots=True)
class Opened:
    """A version that its reader may see now. `classification` is the closer of its own and its document's."""

    document: Document
    version: str
    classification: Classification


@dataclass(frozen=True, slots=True)
class Opening:
    """The decision above, over what it needs to know."""

    registry: Registry
    conversations: Conversations

    def version(self, document: str, version: str, *, principal: Principal) -> Opened | None:
        """A version by the ids in an address; None where it is absent and where it must look so."""
        kept = self.registry.kept(document, version)
        if kept is None or not (opened := _admitted(kept, principal)):
            return None
        if kept.version == kept.document.version or self.conversations.cites(document, version, person=principal.id):
            return opened
        return None

    def cited(self, document: str, version: str, ordinal: int, *, principal: Principal) -> CitedPart | None:
        """A part that an answer in the reader's own history rests on; None where they may no longer see it."""
        kept = self.registry.kept(document, version)
        if kept is None or not (opened := _admitted(kept, principal)):
            return None
        found = self.registry.part(document, version, ordinal)
        return None if found is None else CitedPart(opened, *found)


@dataclass(frozen=True, slots=True)
class CitedPart:
    """A part of a version that its reader may see now, and whether it has a picture."""

    opened: Opened
    part: Part
    picture: bool


def _admitted(kept: Kept, principal: Principal) -> Opened | None:
    if not decide_both(principal, kept.own, kept.today, datetime.now(UTC)):
        return None
    return Opened(kept.document, kept.version, max(kept.own.classification, kept.today.classification))
