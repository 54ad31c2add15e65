"""The words: complete in both languages, with the same fields."""

import ast
import string
from pathlib import Path

import pytest

from ui.texts import SCRIPT_WORDS, STREAMLIT_WORDS, TEXTS, language_of, text

UI = Path(__file__).parents[3] / "ui"


def fields(words: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(words) if field}


@pytest.mark.parametrize("key", TEXTS)
def test_both_languages_have_words_with_the_same_fields(key):
    japanese, english = TEXTS[key].ja, TEXTS[key].en

    assert japanese.strip()
    assert english.strip()
    assert fields(japanese) == fields(english)


@pytest.mark.parametrize("key", TEXTS)
def test_english_words_hold_no_japanese(key):
    assert not any("\u3040" <= character <= "\u9fff" for character in TEXTS[key].en)


def named_words(tree: ast.AST) -> set[str]:
    """The first arguments of `text("...")` and `visit.t("...")`; errors have a method `text` of their own."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    ours = [c for c in calls if getattr(c.func, "id", "") == "text" or getattr(c.func, "attr", "") == "t"]
    return {c.args[0].value for c in ours if isinstance(c.args[0], ast.Constant)}


def test_every_word_that_the_code_names_exists():
    named = set[str]().union(*(named_words(ast.parse(path.read_text(encoding="utf-8"))) for path in UI.rglob("*.py")))

    assert len(named) > 50
    assert named - TEXTS.keys() == set()
    assert {*SCRIPT_WORDS, *STREAMLIT_WORDS.values()} - TEXTS.keys() == set()


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        (None, None, "ja"),
        (None, "ja-JP,en;q=0.8", "ja"),
        (None, "en-GB,ja;q=0.8", "en"),
        (None, "de", "ja"),
        ("en", "ja-JP", "en"),
        ("ja", "en-GB", "ja"),
        ("<script>", "en", "en"),
    ],
)
def test_the_chosen_language_wins_over_the_browsers(cookie, accepted, language):
    assert language_of(cookie, accepted) == language


def test_values_are_filled_in():
    assert text("confirmed", "ja", n=4, k=3) == "4 文のうち 3 文を出典で確認"
    assert text("confirmed", "en", n=4, k=3) == "3 of 4 sentences confirmed"
