"""Characters that act instead of showing are made visible, everywhere in the same way."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from appliance.visible import masked, one_line, visible

TRAPS = {
    "terminal escape": "\x1b[31mred\x1b[0m",
    "bidi override": "invoice\u202efdp.exe",
    "isolates": "a\u2066b\u2069c",
    "zero width": "pass\u200bword",
    "byte order mark": "\ufefftext",
    "null": "a\x00b",
    "next line": "a\u0085b",
    "line separator": "a\u2028b",
    "tag characters": "a\U000e0041b",
    "private use": "a\ue000b",
    "carriage return": "shown\rhidden",
    "backspace": "yes\b\b\bno",
}


@pytest.mark.parametrize("text", TRAPS.values(), ids=TRAPS.keys())
def test_no_acting_character_survives(text: str) -> None:
    for out in (visible(text), masked(text), one_line(text)):
        assert all(unicodedata.category(c) not in ("Cc", "Cf", "Zl", "Zp", "Cs", "Co") for c in out)


@pytest.mark.parametrize("text", TRAPS.values(), ids=TRAPS.keys())
def test_masked_text_keeps_its_length_so_that_offsets_hold(text: str) -> None:
    out = masked(text)

    assert len(out) == len(text)
    assert [a for a, b in zip(text, out, strict=True) if a == b] == [c for c in text if visible(c) == c]


def test_the_code_point_is_named() -> None:
    assert visible("a\u202eb") == "a⟨U+202E⟩b"
    assert visible("\x1b[0m") == "⟨U+001B⟩[0m"


def test_masked_controls_show_as_their_pictures() -> None:
    assert masked("\x1b\x00\x7f\u202e") == "␛␀\ufffd\ufffd"


@pytest.mark.parametrize(
    "text", ["", "plain", "就業規則　第12条", "行1\n行2\tタブ", "👨‍👩‍👧 家族", "か\u3099", "𠮷野家", "①㈱髙"]
)
def test_ordinary_writing_is_left_alone(text: str) -> None:
    assert visible(text) == text
    assert masked(text) == text


def test_one_line_folds_breaks_and_tabs() -> None:
    assert one_line("題名\n  二行目\tタブ ") == "題名 二行目 タブ"


def test_every_format_and_control_character_of_unicode_is_covered() -> None:
    acting = [chr(n) for n in range(sys.maxunicode + 1) if unicodedata.category(chr(n)) in ("Cc", "Cf", "Zl", "Zp")]
    left = {c for c in acting if visible(c) == c}

    assert left == {"\n", "\t", "\u00ad", "\u200d"}
