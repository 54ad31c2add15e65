from __future__ import annotations

import math

import pytest

from appliance.index.fusion import coverage, fused, idf_ceiling


def test_coverage_is_the_matched_share_of_all_terms_weight() -> None:
    assert coverage(3.0, 6.0) == pytest.approx(0.5)
    assert coverage(0.0, 3.0) == 0.0


def test_full_coverage_is_one_although_the_engine_adds_in_single_precision() -> None:
    assert coverage(3.0000002, 3.0) == 1.0


def test_a_question_without_terms_or_without_weight_is_covered_by_nothing() -> None:
    assert coverage(0.0, 0.0) == 0.0


def test_the_ceiling_is_the_idf_of_a_term_in_no_chunk() -> None:
    assert idf_ceiling(100) == pytest.approx(math.log(1 + (100 - 0 + 0.5) / (0 + 0.5)))
    assert idf_ceiling(0) > 0


def test_the_score_adds_fifteen_hundredths_of_the_squared_coverage() -> None:
    assert fused(0.8, 1.0) == pytest.approx(0.95)
    assert fused(0.8, 0.5) == pytest.approx(0.8375)
    assert fused(0.8, 0.0) == 0.8


def test_weak_overlap_does_not_overturn_a_clear_difference_in_meaning() -> None:
    assert fused(0.84, 0.0) > fused(0.82, 0.3)
