"""Where a passage stands, in words: the same in the portal and on the terminal."""

from __future__ import annotations

from appliance.models import Language, PartKind
from appliance.words import Words

_PLACES: dict[PartKind, Words] = {
    "page": Words(ja="{label} ページ", en="page {label}"),
    "section": Words(ja="{label}", en="{label}"),
    "sheet": Words(ja="シート {label}", en="sheet {label}"),
}


def place(kind: PartKind, label: str, language: Language) -> str:
    """A part by its kind and label: 「2 ページ」, "sheet Rates!A1:G9"; nothing for a part without a label."""
    return _PLACES[kind].text(language, label=label) if label else ""
