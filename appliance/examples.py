"""The questions that the portal's empty page offers, from the file that `examples` names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from appliance.errors import SettingInvalid
from appliance.toml import parsed


@dataclass(frozen=True, slots=True)
class Example:
    """A question in both languages."""

    ja: str
    en: str


def read_examples(file: Path) -> tuple[Example, ...]:
    """The `[[example]]` entries of a file. Raises FileNotToml, and SettingInvalid for a file that holds none."""
    try:
        entries = parsed(file.read_bytes(), file).get("example", [])
    except OSError as error:
        raise SettingInvalid(where=file, key="examples", value=file.name, why=error.strerror) from error
    if not isinstance(entries, list) or not entries:
        raise SettingInvalid(where=file, key="examples", value=file.name, why="it has no [[example]]")
    return tuple(_example(file, number, entry) for number, entry in enumerate(entries, 1))


def _example(file: Path, number: int, entry: object) -> Example:
    texts = {key: entry.get(key) for key in ("ja", "en")} if isinstance(entry, dict) else {}
    ja, en = texts.get("ja"), texts.get("en")
    if not isinstance(ja, str) or not isinstance(en, str) or not ja.strip() or not en.strip():
        why = f"[[example]] #{number} needs a question under ja and one under en"
        raise SettingInvalid(where=file, key="examples", value=file.name, why=why)
    return Example(ja=ja, en=en)
