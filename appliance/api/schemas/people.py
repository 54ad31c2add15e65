"""Who signs in, and the groups there are."""

from __future__ import annotations

from typing import Literal

from appliance.api.schemas import Schema, Text
from appliance.models import ClassificationWord

RoleWord = Literal["reader", "auditor", "administrator"]


class Me(Schema):
    """The signed-in person as the portal shows them."""

    id: str
    name: str
    groups: list[str]  # names
    clearance: ClassificationWord
    roles: list[RoleWord]
    documents: int  # how many they may see


class DemoSignIn(Schema):
    """Body of POST /api/session/demo, which exists with the demo identity only."""

    person: Text


class DemoPerson(Schema):
    """Somebody whom the demo's sign-in page offers."""

    id: str
    name: str
    groups: list[str]  # names
    roles: list[RoleWord]


class Group(Schema):
    """A group by id, with the names under which a manifest may call it."""

    id: str
    names: list[str]
