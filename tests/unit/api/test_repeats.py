"""A page that asks for the same view again is recorded once in ten minutes."""

from __future__ import annotations

from appliance.api.repeats import Views


class Clock:
    def __init__(self) -> None:
        self.now = 5.0

    def __call__(self) -> float:
        return self.now


def test_a_view_is_known_for_ten_minutes() -> None:
    clock = Clock()
    views = Views(clock)
    assert not views.known("s1", {"view": "events"})
    views.remember("s1", {"view": "events"})

    clock.now += 599
    assert views.known("s1", {"view": "events"})
    clock.now += 1
    assert not views.known("s1", {"view": "events"})


def test_another_session_or_selection_is_another_view() -> None:
    views = Views(Clock())
    views.remember("s1", {"view": "events", "person": None})

    assert views.known("s1", {"person": None, "view": "events"})
    assert not views.known("s2", {"view": "events", "person": None})
    assert not views.known("s1", {"view": "events", "person": "yamada"})


def test_without_a_session_nothing_is_known() -> None:
    views = Views(Clock())
    views.remember("", {"view": "events"})

    assert not views.known("", {"view": "events"})


def test_what_is_remembered_has_an_end() -> None:
    views = Views(Clock())
    for number in range(1500):
        views.remember(f"s{number}", {})

    assert views.known("s1499", {})
    assert len(views._seen) <= 1000
