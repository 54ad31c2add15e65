"""What every text-like format shares: cleaning, language, title, and cutting a long text into parts."""

from __future__ import annotations

import posixpath
import unicodedata

from appliance.models import Language
from appliance.visible import one_line
from ingest.converted import Note

_SAMPLE = 50_000


def language_of(text: str) -> Language:
    """`ja` when at least one letter in twenty is kana, or one in five kana or kanji; else `en`."""
    letters = [character for character in text[:_SAMPLE] if character.isalpha()]
    kana = sum(1 for character in letters if "\u3041" <= character <= "\u30ff" or "\uff66" <= character <= "\uff9f")
    kanji = sum(1 for character in letters if "\u3400" <= character <= "\u9fff" or "\uf900" <= character <= "\ufaff")
    japanese = kana * 20 >= len(letters) or (kana + kanji) * 5 >= len(letters)
    return "ja" if letters and japanese else "en"


def stem(name: str) -> str:
    """A file's own name without folders and ending, as a title."""
    base = posixpath.basename(name.replace("\\", "/").rstrip("/"))
    return one_line(unicodedata.normalize("NFC", posixpath.splitext(base)[0])) or one_line(base) or "-"


def without_nul(text: str) -> tuple[str, tuple[Note, ...]]:
    """The text with NUL removed: no database column and no JSON reader of ours need meet one."""
    if count := text.count("\0"):
        return text.replace("\0", ""), (Note("nul-removed", values={"count": str(count)}),)
    return text, ()
