"""What became of each file: a row with its reason and remedy, for the table and for `--json`."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Literal

from appliance.models import Language
from appliance.words import Words

State = Literal[
    "stored", "replaced", "unchanged", "access-changed", "removed",
    "would-store", "would-change-access", "would-remove", "failed",
]  # fmt: skip

_WORDS: dict[State, Words] = {
    "stored": Words(ja="登録", en="stored"),
    "replaced": Words(ja="更新", en="replaced"),
    "unchanged": Words(ja="変更なし", en="unchanged"),
    "access-changed": Words(ja="閲覧範囲の変更", en="access changed"),
    "removed": Words(ja="削除", en="removed"),
    "would-store": Words(ja="登録予定", en="would be stored"),
    "would-change-access": Words(ja="閲覧範囲の変更予定", en="access would be changed"),
    "would-remove": Words(ja="削除予定", en="would be removed"),
    "failed": Words(ja="失敗", en="failed"),
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
    return _WORDS[state].text(language)


def summary(rows: list[Row], language: Language) -> str:
    """How many of each, in one line."""
    counts = Counter(row.state for row in rows)
    separator = ", " if language == "en" else "、"
    return separator.join(f"{state_word(state, language)} {counts[state]}" for state in _WORDS if counts[state]) or "0"
