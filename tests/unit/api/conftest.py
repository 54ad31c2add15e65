"""One appliance for all tests of the API: what they store has paths of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.api.world import World, make_home, services_at


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with services_at(make_home(tmp_path_factory.mktemp("world") / "home")) as services:
        yield World(services)


@pytest.fixture
def own_world(tmp_path: Path) -> Iterator[World]:
    """An appliance of the test's own, which it may break."""
    with services_at(make_home(tmp_path / "home")) as services:
        world = World(services)
        world.store("a.txt", "通勤手当は月額三万円を上限とする。", ["g-staff"])
        yield world
