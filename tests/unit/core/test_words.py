"""What the product says, in both languages at once."""

from __future__ import annotations

import pytest

from appliance.errors import BadInput
from appliance.words import CLASSIFICATIONS, LANGUAGES, Words

PAGES = Words(ja="{count} ページ", en="{count} pages")


@pytest.mark.parametrize(("language", "said"), [("ja", "3 ページ"), ("en", "3 pages")])
def test_words_are_said_in_one_language(language: str, said: str) -> None:
    assert PAGES.text(language, count=3) == said  # type: ignore[arg-type]


def test_words_within_words_are_said_in_the_same_language() -> None:
    outer = Words(ja="上限は {limit} です", en="the limit is {limit}")

    assert outer.text("ja", limit=PAGES.filled(count=5)) == "上限は 5 ページ です"
    assert outer.text("en", limit=PAGES.filled(count=5)) == "the limit is 5 pages"


def test_what_was_filled_in_is_not_read_as_a_field() -> None:
    assert PAGES.filled(count="{count}").text("en") == "{count} pages"


class _Failed(BadInput):
    code = ""
    en = "{name} failed ({why})."
    ja = "{name} に失敗しました（{why}）。"


def test_the_cause_of_an_error_is_in_the_language_of_its_sentence() -> None:
    error = _Failed(name="x", why=Words(ja="末尾がありません\x1b", en="its end is missing\x1b"))

    assert error.text("ja") == "x に失敗しました（末尾がありません⟨U+001B⟩）。"
    assert error.text("en") == "x failed (its end is missing⟨U+001B⟩)."
    assert error.values == {"name": "x", "why": "its end is missing⟨U+001B⟩"}


def test_an_error_can_be_made_again_of_what_it_was_made_of() -> None:
    error = _Failed(name="x", why=Words(ja="理由", en="cause"))
    again = _Failed(**error.given())

    assert (again.text("ja"), again.text("en")) == (error.text("ja"), error.text("en"))


def test_every_classification_and_language_has_its_words() -> None:
    for words in (*CLASSIFICATIONS.values(), *LANGUAGES.values()):
        assert words.ja
        assert words.en.isascii()
