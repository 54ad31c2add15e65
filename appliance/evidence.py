"""Whether what was found is strong enough to answer from."""

from __future__ import annotations

from appliance.models import Hit, Passage


def strong_enough(found: Hit | Passage) -> bool:
    """Whether a passage may be the ground of an answer."""
    return found.score >= 0.86
