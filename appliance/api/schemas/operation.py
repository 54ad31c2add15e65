"""The state of the installation."""

from __future__ import annotations

from typing import Literal

from appliance.api.schemas import Schema

CheckState = Literal["ok", "warning", "failed"]


class Check(Schema):
    """One line of `appliance doctor`. `name` is for programs; what people read is in the caller's language."""

    name: str
    label: str
    state: CheckState
    finding: str
    remedy: str


class Doctor(Schema):
    """What is wrong with this installation, and what to do."""

    checks: list[Check]


class Health(Schema):
    """Liveness or readiness."""

    state: Literal["ok", "starting", "failed"]
    version: str
