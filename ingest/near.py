"""Names like the one that was typed, to be offered as a hint."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

_SHOWN = 3


def near(wanted: str, names: Iterable[str]) -> list[str]:
    """At most three of the names: those that differ in width, composition or case only, else those spelled like it."""
    by_key: dict[str, list[str]] = {}
    for name in sorted(set(names)):
        by_key.setdefault(_key(name), []).append(name)
    key = _key(wanted)
    keys = [key] if key in by_key else get_close_matches(key, by_key, n=_SHOWN, cutoff=0.6)
    return [name for key in keys for name in by_key[key]][:_SHOWN]


def _key(name: str) -> str:
    """What two names have in common that a hurried typist takes for one."""
    return unicodedata.normalize("NFKC", name.removesuffix("/**")).casefold()
