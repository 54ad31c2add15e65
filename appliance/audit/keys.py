"""The log's signing key in its file: mode 0600, never echoed, never overwritten."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from appliance.audit.note import SigningKey
from appliance.audit.store import sync_folder
from appliance.errors import AuditExists, AuditKeyInvalid, FolderOpenToOthers


def generate(path: Path, name: str) -> SigningKey:
    """Make a signing key called `name` and store it; a key that is there already is refused, not replaced."""
    key = SigningKey.generate(name)
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
    except FileExistsError as error:
        raise AuditExists(where=path) from error
    with open(handle, "w", encoding="utf-8") as file:
        file.write(key.encode() + "\n")
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)
    return key


def load(path: Path) -> SigningKey:
    """Read the signing key. Refused when others may read it."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise AuditKeyInvalid(where=path, why=error.strerror) from error
    with open(handle, "rb") as file:
        state = os.fstat(file.fileno())
        mode = stat.S_IMODE(state.st_mode)
        if mode & 0o077:
            raise FolderOpenToOthers(path=path, mode=f"{mode:04o}", wanted="600")
        data = file.read(4096)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise AuditKeyInvalid(where=path, why="it is not text") from error
    return SigningKey.decode(text.removesuffix("\n"), str(path))
