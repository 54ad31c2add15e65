"""TOML as people write it by hand: a fault names its file and line, and shows nothing of what stands there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from appliance.errors import FileNotToml


def parsed(content: bytes, file: Path) -> dict[str, object]:
    """The table in the content of `file`. Raises FileNotToml; a line may hold a secret, so it is not shown."""
    try:
        text = content.decode("utf-8-sig")  # Windows editors write a mark that tomllib refuses
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FileNotToml(path=file, line=line, why=f"byte {error.start + 1} is not UTF-8") from error
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        last = text.count("\n") + (not text.endswith("\n"))
        found = re.search(r"at line (\d+)", str(error))
        why = str(error).partition(" (at ")[0] or type(error).__name__
        raise FileNotToml(path=file, line=min(int(found[1]), last) if found else last, why=why) from error
