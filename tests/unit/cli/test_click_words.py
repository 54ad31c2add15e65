"""click's own sentences: each that a user can meet is in the table, and each fits the fields that click fills."""

from __future__ import annotations

import ast
import importlib
import string
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from appliance.cli.click_words import JAPANESE, install
from appliance.cli.spoken import speaking

FETCH = {"_", "ngettext"}
# Only programmers meet these, or Windows, or who asks for an editor, a pager or shell completion.
NOT_MET = {
    "_termui_impl", "_winconsole", "shell_completion",
}  # fmt: skip
NOT_SAID = {
    "DeprecationWarning: The command {name!r} is deprecated.{extra_message}",
    "DeprecationWarning: The {param_type} {name!r} is deprecated.{extra_message}",
    "Value must be an iterable.",
    "Could not determine name for option with declarations {decls!r}",
    "No options defined but a name was passed ({name}). Did you mean to declare an argument instead?"
    " Did you mean to pass '--{name}'?",
    "Arguments take exactly one parameter declaration, got {length}: {decls}.",
    "Name '{name}' defined twice",
    "Boolean option {decl!r} cannot use the same flag for true/false.",
    "Unknown color {colour!r}",
    "Unknown standard stream '{name}'",
}


def calls() -> Iterator[tuple[str, list[str]]]:
    """Every sentence that the installed click fetches, with its plural: module, sentences."""
    for file in sorted(Path(click.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FETCH:
                said = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
                if said and file.stem not in NOT_MET:
                    yield file.stem, said


def test_every_sentence_of_the_installed_click_is_there() -> None:
    found = {said[0] for _, said in calls()}

    assert found - JAPANESE.keys() - NOT_SAID == set()


def test_no_sentence_is_there_that_click_does_not_have() -> None:
    found = {said[0] for _, said in calls()} | {"required"}

    assert JAPANESE.keys() - found == set()


def test_every_module_that_fetches_sentences_is_given_ours() -> None:
    install()
    for name in {name for name, _ in calls()}:
        module = importlib.import_module(f"click.{name}")
        assert module._.__module__ == "appliance.cli.click_words"


@pytest.mark.parametrize("english", JAPANESE)
def test_the_fields_are_those_that_click_fills(english: str) -> None:
    both = next((said for _, said in calls() if said[0] == english), [english])
    filled = {name for one in both for _, name, _, _ in string.Formatter().parse(one) if name}

    assert {name for _, name, _, _ in string.Formatter().parse(JAPANESE[english]) if name} <= filled


def test_english_stays_clicks_own() -> None:
    install()
    with speaking("en"):
        assert click.NoSuchOption("--x").format_message() == "No such option '--x'."
    with speaking("ja"):
        assert click.NoSuchOption("--x").format_message() == "オプション '--x' はありません。"
