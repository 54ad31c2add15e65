"""Where a passage stands, in words: the same in the portal and on the terminal."""

from __future__ import annotations

from appliance.models import Language, PartKind

_PLACES: dict[PartKind, tuple[str, str]] = {
    "page": ("{label} ページ", "page {label}"),
    "section": ("{label}", "{label}"),
    "sheet": ("シート {label}", "sheet {label}"),
}


def place(kind: PartKind, label: str, language: Language) -> str:
    """A part by its kind and label: 「2 ページ」, "sheet Rates!A1:G9"; nothing for a part without a label."""
    return _PLACES[kind][language == "en"].format(label=label) if label else ""
