"""Which embedder this release works with: the one place that says so, for the server and for `ingest`."""

from __future__ import annotations

from appliance.embedding.e5 import E5Embedder
from appliance.protocols import Embedder


def installed_embedder() -> Embedder:
    """A new one. Raises what making it raises."""
    return E5Embedder()
