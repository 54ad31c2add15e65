"""The root of every error, its families, and the register of codes."""

from __future__ import annotations

from typing import ClassVar

from appliance.models import Language
from appliance.visible import visible
from appliance.words import Words

REGISTERED: dict[str, type[ApplianceError]] = {}
_LONGEST = 2000  # characters of a value


class ApplianceError(Exception):
    """The root. `values` fill the fields of the sentences, each text, or Words where it is one of ours in two languages;
    control characters in them are made visible."""

    code: ClassVar[str] = ""
    en: ClassVar[str] = ""
    ja: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        if cls.code:
            if cls.code in REGISTERED:
                raise TypeError(f"two errors share the code {cls.code}")
            REGISTERED[cls.code] = cls

    def __init__(self, **values: object) -> None:
        self.values = {name: _plain(value.en if isinstance(value, Words) else value) for name, value in values.items()}
        self._japanese = {name: _plain(value.ja) for name, value in values.items() if isinstance(value, Words)}
        super().__init__(self.text("en"))

    def text(self, language: Language) -> str:
        """One sentence, with the offending value and the remedy, in the language given."""
        return self.ja.format(**self.values | self._japanese) if language == "ja" else self.en.format(**self.values)

    def given(self) -> dict[str, str | Words]:
        """What the error was made of, so that it can be made again elsewhere."""
        pairs = {name: Words(ja=said, en=self.values[name]) for name, said in self._japanese.items()}
        return {**self.values, **pairs}


def own_cause(error: BaseException) -> ApplianceError | None:
    """What of ours a framework wrapped into an error of its own, if anything."""
    inner = error.__cause__
    while inner is not None and not isinstance(inner, ApplianceError):
        inner = inner.__cause__
    return inner


def _plain(value: object) -> str:
    """A value as a sentence can carry it: it may act on a terminal, and what was sent may have millions of characters."""
    value = visible(str(value))
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"


class BadInput(ApplianceError):
    """What was given cannot be used; the sentence says how to mend it."""


class Denied(ApplianceError):
    """Who asks may not do this, or is not signed in."""


class NotThere(ApplianceError):
    """It does not exist, or must look so to whoever asks."""


class Conflict(ApplianceError):
    """It would contradict what is stored."""


class Unavailable(ApplianceError):
    """A part of the appliance cannot work now; nothing was lost."""


class InternalError(Unavailable):
    """Raised only at an edge, for a defect of ours that was logged."""

    code = "internal"
    en = "Something went wrong inside the appliance. The operator finds the cause in its log under {reference}."
    ja = "システム内部で問題が発生しました。原因は運用担当者がログ（照会番号 {reference}）で確認できます。"
