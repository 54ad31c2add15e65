"""The folder of an installation as `appliance doctor` looks at it: whose it is, who may use it, how full its disk."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.settings import user_name
from appliance.words import Words

LITTLE_DISK = 2 << 30  # bytes: a large file comes in with its pictures, and the log goes on
FULL_DISK = 256 << 20  # bytes: the next document may not fit, and then the log may not either
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Warned:
    """A finding with which everything still works."""

    words: Words


Finding = Words | Warned | None  # None where all is well


def owners(home: Path) -> Finding:
    """Files that are not the owner's: a command of root's left them, or a copy made by another user."""
    owner = home.stat().st_uid
    others = [path for path in _inside(home) if path.lstat().st_uid != owner]
    if not others:
        return None
    names = ", ".join(map(str, others[:_SHOWN])) + (" …" if len(others) > _SHOWN else "")
    who = user_name(owner)
    return Words(
        ja="{count} 個のファイルの所有者が {who} ではありません: {names}。chown -R {who} {home} を実行してください",
        en="{count} files do not belong to {who}: {names}. Run: chown -R {who} {home}",
    ).filled(count=len(others), who=who, names=names, home=home)


def permissions(home: Path) -> Finding:
    """What must be its owner's alone: the folder as a whole, and every key in it."""
    for path in (home, home / "keys" / "audit.key", *sorted((home / "keys").glob("*"))):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            return Words(
                ja="{path} は他の利用者も使えます（{mode}）", en="{path} may be used by others ({mode})"
            ).filled(path=path, mode=f"{mode:04o}")
    return None


def inner_modes(home: Path) -> Finding:
    """What only the folder around it protects: a copy elsewhere, or a wrong mode of the folder, would open it."""
    open_to_others = [f"{path} ({mode:04o})" for path, mode in _loose(home)]
    if not open_to_others:
        return None
    words = Words(ja="フォルダーの外では他の利用者も使えます: {names}", en="open to others but for the folder: {names}")
    return Warned(words.filled(names=", ".join(open_to_others)))


def disk(home: Path) -> Finding:
    """The free space of the file systems of the folder and of its data."""
    free = min(shutil.disk_usage(path).free for path in (home, home / "data") if path.is_dir())
    if free >= LITTLE_DISK:
        return None
    words = Words(ja="空きは {free} MiB です", en="{free} MiB are free").filled(free=free >> 20)
    return words if free < FULL_DISK else Warned(words)


def _loose(home: Path) -> Iterator[tuple[Path, int]]:
    wanted = [(home / name, 0o077) for name in ("keys", "data", "run", "log")]
    wanted += [(path, 0o077) for path in sorted((home / "data").glob("audit.db*"))]
    wanted += [(path, 0o022) for path in sorted(home.glob("*.toml"))]
    for path, bits in wanted:
        if path.exists() and (mode := stat.S_IMODE(path.stat().st_mode)) & bits:
            yield path, mode


def _inside(home: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(home):
        yield from (Path(folder, name) for name in (*folders, *files))
