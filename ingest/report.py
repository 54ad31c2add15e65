"""What became of each file: a row with its reason and remedy, for the table and for `--json`."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Literal

from appliance.models import Language

State = Literal[
    "stored", "replaced", "unchanged", "access-changed", "removed",
    "would-store", "would-change-access", "would-remove", "failed",
]  # fmt: skip

_WORDS: dict[State, tuple[str, str]] = {
    "stored": ("登録", "stored"),
    "replaced": ("更新", "replaced"),
    "unchanged": ("変更なし", "unchanged"),
    "access-changed": ("閲覧範囲の変更", "access changed"),
    "removed": ("削除", "removed"),
    "would-store": ("登録予定", "would be stored"),
    "would-change-access": ("閲覧範囲の変更予定", "access would be changed"),
    "would-remove": ("削除予定", "would be removed"),
    "failed": ("失敗", "failed"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One file's line. `reason` says what is wrong and what to do; `notes` are news about a usable document."""

    path: str
    state: State
    reason: str = ""
    code: str = ""
    notes: tuple[str, ...] = ()
    parts: int = 0
    chunks: int = 0

    def as_json(self) -> dict[str, object]:
        """The row for `--json`."""
        return asdict(self)


def state_word(state: State, language: Language) -> str:
    """The state as people read it."""
    return _WORDS[state][language == "en"]


def summary(rows: list[Row], language: Language) -> str:
    """How many of each, in one line."""
    counts = Counter(row.state for row in rows)
    separator = ", " if language == "en" else "、"
    return separator.join(f"{state_word(state, language)} {counts[state]}" for state in _WORDS if counts[state]) or "0"
