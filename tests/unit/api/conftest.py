"""One appliance for all tests of the API: what they store has paths of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.api.world import World, make_home, services_at


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with services_at(make_home(tmp_path_factory.mktemp("world") / "home")) as services:
        yield World(services)
