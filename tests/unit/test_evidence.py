from __future__ import annotations

import pytest

from appliance.evidence import strong_enough
from appliance.models import Hit


def hit(cosine: float, coverage: float) -> Hit:
    return Hit("c", "d", "v", 1, cosine + 0.15 * coverage**2, cosine, coverage)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_either_nearness_or_common_words_is_enough(language: str) -> None:
    assert strong_enough(hit(0.90, 0.0), language=language)
    assert strong_enough(hit(0.80, 0.7), language=language)
    assert not strong_enough(hit(0.80, 0.3), language=language)
    assert not strong_enough(hit(0.0, 0.59), language=language)


def test_english_cosines_are_judged_by_a_lower_bound() -> None:
    assert strong_enough(hit(0.84, 0.1), language="en")
    assert not strong_enough(hit(0.84, 0.1), language="ja")


def test_the_bounds_themselves_are_enough() -> None:
    assert strong_enough(hit(0.87, 0.0), language="ja")
    assert strong_enough(hit(0.835, 0.0), language="en")
    assert strong_enough(hit(0.0, 0.6), language="ja")


def test_words_in_common_make_up_for_a_little_of_the_nearness() -> None:
    assert not strong_enough(hit(0.86, 0.1), language="ja")
    assert strong_enough(hit(0.86, 0.3), language="ja")
