from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.index.edge import EdgeIndex
from appliance.index.process import EdgeProcess
from appliance.index.qdrant import MEMORY
from tests.contract.index_cases import Case, ClientCase, EdgeCase


@pytest.fixture(params=["edge", "process", "memory", "server"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    """An empty index of each kind."""
    if request.param in {"edge", "process"}:
        edge = EdgeCase(tmp_path / "index", EdgeIndex if request.param == "edge" else EdgeProcess)
        yield edge
        edge.index.close()
        return
    url = MEMORY if request.param == "memory" else os.environ.get("QDRANT_URL")
    if url is None:
        pytest.skip("QDRANT_URL names no server: no package registry has one")
    client = ClientCase(url)
    yield client
    if url != MEMORY:
        client.bare.delete_collection(client.name)
        client.bare.close()
    client.index.close()
