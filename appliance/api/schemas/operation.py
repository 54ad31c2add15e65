"""The state of the installation."""

from __future__ import annotations

from typing import Literal

from appliance.api.schemas import Schema


class Check(Schema):
    """One line of `appliance doctor`."""

    name: str
    state: Literal["ok", "warning", "failed"]
    finding: str
    remedy: str


class Doctor(Schema):
    """What is wrong with this installation, and what to do."""

    checks: list[Check]


class Health(Schema):
    """Liveness or readiness."""

    state: Literal["ok", "starting", "failed"]
    version: str
