"""An open installation for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.wiring import Services
from tests.unit.flows import house


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with house.opened(tmp_path) as opened:
        yield opened
