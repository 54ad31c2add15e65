"""Which paths an override means: `*` and `?` within one name, `**` for any number of folders.

A pattern is relative to the collection's root and anchored there: `*.pdf` means the files directly in the root,
`**/*.pdf` those at any depth, `役員/**` everything below that folder. Case counts, as it does in Linux file names.
Brackets are ordinary characters: `規程[改].pdf` is a common kind of name, and sets of characters are not.
"""

from __future__ import annotations

import unicodedata
from fnmatch import fnmatchcase


def matches(pattern: str, path: str) -> bool:
    """Whether the pattern means this path. Both are compared in NFC: a name typed on a Mac is the same name."""
    pattern, path = unicodedata.normalize("NFC", pattern), unicodedata.normalize("NFC", path)
    return _fits(pattern.replace("[", "[[]").split("/"), path.split("/"))


def enters(pattern: str, folder: str) -> bool:
    """Whether the pattern means something below this folder: it begins with its names, the first one spelled out."""
    pattern, folder = unicodedata.normalize("NFC", pattern), unicodedata.normalize("NFC", folder)
    names = pattern.replace("[", "[[]").split("/")
    return not set(names[0]) & set("*?") and _leads(names, folder.split("/"))


def _leads(names: list[str], parts: list[str]) -> bool:
    if not parts or not names or names[0] == "**":
        return bool(names)
    return fnmatchcase(parts[0], names[0]) and _leads(names[1:], parts[1:])


def _fits(names: list[str], parts: list[str]) -> bool:
    if not names:
        return not parts
    if names == ["**"]:
        return bool(parts)
    if names[0] == "**":
        return any(_fits(names[1:], parts[skipped:]) for skipped in range(len(parts)))
    return bool(parts) and fnmatchcase(parts[0], names[0]) and _fits(names[1:], parts[1:])
