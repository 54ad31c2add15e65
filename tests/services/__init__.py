"""What tests need from the machine: asked for by name, and skipped or insisted on in one place.

`make services` installs these as root; `.ci/run` then sets APPLIANCE_TESTS_REQUIRE_SERVICES=1, which turns every skip
for a missing service into a failure. The variable is taken out of the environment here, so that it does not reach the
product, which refuses APPLIANCE_ variables that it does not know.
"""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

INSISTED = os.environ.pop("APPLIANCE_TESTS_REQUIRE_SERVICES", "") == "1"


def missing(service: str, reason: str) -> NoReturn:
    """End the test because the service is not here: a skip on a person's machine, a failure where CI insists on it."""
    sentence = f"{service} is not here: {reason}"
    if INSISTED:
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


def require(service: str, reason: str, *, here: bool) -> None:
    """Go on when the service is here, else `missing`. The reason says what brings it: "make services, as root"."""
    if not here:
        missing(service, reason)
