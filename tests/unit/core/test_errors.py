"""One root, one code an error, two languages that name the same values."""

from __future__ import annotations

import string

import pytest

from appliance import errors
from appliance.api.problems import STATUS, status_of
from appliance.errors import REGISTERED, ApplianceError, BadInput, Conflict, Denied, NotThere, Unavailable

ALL = [kind for kind in REGISTERED.values() if kind is not errors.SettingsRefused]
FAMILIES = (BadInput, Denied, NotThere, Conflict, Unavailable)


def fields(template: str) -> set[str]:
    """The names in a template's braces. A value that is itself words comes in a pair: `why_en` and `why_ja`."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def same(names: set[str]) -> set[str]:
    """The names without the language of a pair."""
    return {name.removesuffix("_en").removesuffix("_ja") for name in names}


def made(kind: type[ApplianceError]) -> ApplianceError:
    """An error with every field filled."""
    return kind(**{name: f"<{name}>" for name in fields(kind.en) | fields(kind.ja)})


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.code)
def test_both_sentences_name_the_same_values(kind: type[ApplianceError]) -> None:
    assert same(fields(kind.en)) == same(fields(kind.ja))
    assert any("\u3040" <= character <= "\u30ff" for character in kind.ja)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.code)
def test_an_error_belongs_to_one_family_and_has_a_status(kind: type[ApplianceError]) -> None:
    assert sum(issubclass(kind, family) for family in FAMILIES) == 1
    assert status_of(made(kind)) in set(STATUS.values())


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.code)
def test_the_values_stand_in_both_sentences(kind: type[ApplianceError]) -> None:
    error = made(kind)

    assert all(f"<{name}>" in error.text("en") for name in fields(kind.en))
    assert all(f"<{name}>" in error.text("ja") for name in fields(kind.ja))
    assert str(error) == error.text("en")


def test_control_characters_in_a_value_are_made_visible() -> None:
    error = errors.DocumentNotFound(document="a\x1b[2J\u202eb")

    assert "\x1b" not in error.text("ja")
    assert "⟨U+001B⟩" in str(error)


def test_two_errors_cannot_share_a_code() -> None:
    with pytest.raises(TypeError, match="two errors share the code port-taken"):
        type("Again", (BadInput,), {"code": "port-taken", "en": "", "ja": ""})


def test_several_faults_of_the_settings_are_said_line_by_line() -> None:
    faults = [errors.SettingUnknown(where="f", key="a"), errors.SettingUnknown(where="f", key="b")]

    text = errors.SettingsRefused(list(faults)).text("en")

    assert [line.split("no setting ")[1][0] for line in text.splitlines()] == ["a", "b"]
