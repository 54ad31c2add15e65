"""Where a passage stands, in words."""

import pytest

from appliance.places import place


@pytest.mark.parametrize(
    ("kind", "label", "ja", "en"),
    [
        ("page", "2", "2 ページ", "page 2"),
        ("section", "第 18 条", "第 18 条", "第 18 条"),
        ("sheet", "料金!A1:G9", "シート 料金!A1:G9", "sheet 料金!A1:G9"),
        ("page", "", "", ""),
    ],
)
def test_a_place_is_named_as_its_reader_would(kind, label, ja, en):
    assert (place(kind, label, "ja"), place(kind, label, "en")) == (ja, en)
