"""Control and direction characters made visible, so that no text can draw on a terminal or turn a line around."""

from __future__ import annotations

import unicodedata

# Line breaks and tabs are ordinary text; everything else of these kinds acts instead of showing.
_KEPT = {"\n", "\t"}
_ACTING = {"Cc", "Cf", "Zl", "Zp", "Cs", "Co"}
# Joiners that belong to ordinary writing (emoji sequences, variation of kanji are Mn and pass anyway).
_HARMLESS = {"\u200d", "\u00ad"}


def visible(text: str) -> str:
    """The text with each acting character written as ⟨U+XXXX⟩.

    Source: Unicode general categories; UTR #36 and #39 on invisible and bidirectional characters.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character in _KEPT or character in _HARMLESS or unicodedata.category(character) not in _ACTING:
        return character
    return f"⟨U+{ord(character):04X}⟩"


def masked(text: str) -> str:
    """The text with each acting character replaced by one that shows, so that offsets into it stay right.

    C0 controls become their pictures (U+2400 and up), everything else U+FFFD.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_mask(character) for character in text)


def _mask(character: str) -> str:
    if _shown(character) == character:
        return character
    return chr(0x2400 + ord(character)) if ord(character) < 0x20 else "\ufffd"


def spelled(text: str) -> str:
    """`visible`, and line breaks and tabs written out too; spaces stay. A name that differs cannot be shown."""
    return "".join(f"⟨U+{ord(one):04X}⟩" if one in _KEPT else one for one in visible(text))


def one_line(text: str) -> str:
    """`visible`, and line breaks and tabs folded into single spaces: for tables, logs and titles."""
    return " ".join(visible(text).split())
