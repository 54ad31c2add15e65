"""Which of the two languages a text is in."""

from __future__ import annotations

import re

from appliance.models import Language

# Hiragana, katakana (also half width), kanji with its extensions.
_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f]")


def language_of(text: str) -> Language:
    """`ja` where any Japanese letter stands in the text, else `en`."""
    return "ja" if _JAPANESE.search(text) else "en"
