"""The access rule: every condition alone, every precedence, and the filter that is made of it."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from appliance.access import AccessFilter, AccessList, decide, filter_for
from appliance.models import Classification, Principal

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
CLERK = Principal(
    id="clerk",
    name="Clerk",
    groups=frozenset({"staff"}),
    clearance=Classification.INTERNAL,
    compartments=frozenset(),
    roles=frozenset(),
)
RULES = AccessList(groups=frozenset({"staff"}), classification=Classification.INTERNAL)


def test_a_common_group_and_enough_clearance_admit() -> None:
    decision = decide(CLERK, RULES, NOW)

    assert decision
    assert decision.reason == "allowed"


def test_a_principal_without_groups_sees_nothing() -> None:
    assert decide(replace(CLERK, groups=frozenset()), RULES, NOW).reason == "no-common-group"


def test_an_access_list_without_groups_admits_nobody() -> None:
    assert decide(CLERK, replace(RULES, groups=frozenset()), NOW).reason == "no-common-group"


@pytest.mark.parametrize("classification", list(Classification))
@pytest.mark.parametrize("clearance", list(Classification))
def test_clearance_admits_up_to_its_own_classification(
    classification: Classification, clearance: Classification
) -> None:
    decision = decide(replace(CLERK, clearance=clearance), replace(RULES, classification=classification), NOW)

    assert bool(decision) is (classification <= clearance)
    assert decision.reason in ("allowed", "clearance-too-low")


def test_every_compartment_of_the_list_is_needed() -> None:
    both = replace(RULES, compartments=frozenset({"merger", "audit"}))

    for held in (frozenset[str](), frozenset({"merger"}), frozenset({"audit"})):
        assert decide(replace(CLERK, compartments=held), both, NOW).reason == "compartment-missing"
    assert decide(replace(CLERK, compartments=frozenset({"merger", "audit", "other"})), both, NOW)


def test_a_denied_group_beats_everything_that_admits() -> None:
    denied = replace(RULES, denied=frozenset({"contractors"}))
    contractor = replace(CLERK, groups=frozenset({"staff", "contractors"}))

    assert decide(contractor, denied, NOW).reason == "denied-group"
    assert decide(CLERK, denied, NOW)


def test_a_list_holds_from_its_first_moment_until_before_its_last() -> None:
    begin, end = NOW, NOW + timedelta(days=1)
    dated = replace(RULES, valid_from=begin, valid_until=end)

    assert decide(CLERK, dated, begin - timedelta(microseconds=1)).reason == "not-yet-valid"
    assert decide(CLERK, dated, begin)
    assert decide(CLERK, dated, end - timedelta(microseconds=1))
    assert decide(CLERK, dated, end).reason == "expired"


def test_grants_add_up_over_all_lists_and_only_over_those_that_admit() -> None:
    groups = ["a", "b", "c", "d"]
    subsets = [frozenset(s) for n in range(5) for s in itertools.combinations(groups, n)]
    lists = [(number, replace(RULES, groups=subset)) for number, subset in enumerate(subsets, 1)]

    for mine in subsets:
        found = filter_for(replace(CLERK, groups=mine), lists, NOW)
        assert set(found.allowed) == {number for number, acl in lists if acl.groups & mine}


def test_the_filter_is_sorted_and_names_its_principal() -> None:
    found = filter_for(CLERK, [(9, RULES), (2, RULES), (5, replace(RULES, groups=frozenset({"other"})))], NOW)

    assert found == AccessFilter("clerk", (2, 9))
    assert found.admits(9)
    assert not found.admits(5)


def test_a_filter_over_no_lists_admits_nothing() -> None:
    found = filter_for(CLERK, [], NOW)

    assert found.allowed == ()
    assert not found.admits(0)
