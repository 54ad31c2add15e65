"""Who may see what: one pure rule, used for the filter, for the re-check and for the explanation.

Every distinct access list is one row with an integer id, and a chunk carries only that id. `decide` judges one row for
one principal; `filter_for` judges all of them. There is no other way to an `AccessFilter`, and none means "everything".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from appliance.models import Classification, Principal


@dataclass(frozen=True, slots=True)
class AccessList:
    """A distinct set of conditions, interned: any of `groups`, none of `denied`, all of `compartments`, in time."""

    groups: frozenset[str]
    classification: Classification
    compartments: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()  # group ids
    valid_from: datetime | None = None
    valid_until: datetime | None = None


Reason = Literal[
    "allowed", "no-common-group", "denied-group", "clearance-too-low", "compartment-missing", "not-yet-valid", "expired"
]


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to "may this person see this?", truthy only when allowed, with its reason."""

    reason: Reason

    def __bool__(self) -> bool:
        return self.reason == "allowed"


def decide(principal: Principal, acl: AccessList, now: datetime) -> Decision:
    """Judge one access list for one principal. Precedence: deny, then validity, then what must be had."""
    refusals: tuple[tuple[bool, Reason], ...] = (
        (bool(principal.groups & acl.denied), "denied-group"),
        (acl.valid_from is not None and now < acl.valid_from, "not-yet-valid"),
        (acl.valid_until is not None and now >= acl.valid_until, "expired"),
        (not principal.groups & acl.groups, "no-common-group"),
        (acl.classification > principal.clearance, "clearance-too-low"),
        (not acl.compartments <= principal.compartments, "compartment-missing"),
    )
    return Decision(next((reason for refused, reason in refusals if refused), "allowed"))


def decide_both(principal: Principal, own: AccessList, today: AccessList, now: datetime) -> Decision:
    """Judge a version: by the list it had when it was current last, and by its document's list of today.

    So opening a document's new version to more people opens no older one, and closing it closes all.
    """
    return decide(principal, own, now) and decide(principal, today, now)


@dataclass(frozen=True, slots=True)
class AccessFilter:
    """What one principal may see: the ids of the access lists that admit them, sorted. Empty means nothing.

    It is a required keyword of every search, so that a search without one cannot be written.
    """

    principal: str
    allowed: tuple[int, ...]

    def admits(self, acl_id: int) -> bool:
        """Whether this access list is among the allowed."""
        return acl_id in self.allowed


def filter_for(principal: Principal, lists: Iterable[tuple[int, AccessList]], now: datetime) -> AccessFilter:
    """The filter of a principal over all interned lists, given as (id, list)."""
    return AccessFilter(principal.id, tuple(sorted(number for number, acl in lists if decide(principal, acl, now))))
