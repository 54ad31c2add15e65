"""What Landlock takes away from the converting child: files, networks, signals; as much of it as this kernel knows.

Sources: linux/landlock.h and the kernel's userspace-api/landlock, whose versions ("ABI") only add.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Sequence

# The same numbers on x86-64 and arm64.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_READ_FILE, _READ_DIR = 4, 8
# Rights that a version added, as (version, how many rights there are from it on): refer, truncate, ioctl on devices.
_FILE_RIGHTS = ((1, 13), (2, 14), (3, 15), (5, 16))
_TCP_BIND_AND_CONNECT = 3  # from version 4
_ABSTRACT_SOCKETS_AND_SIGNALS = 3  # from version 6: none to processes outside


def landlock_version(libc: ctypes.CDLL) -> int:
    """Which version of Landlock the running kernel has; 0 for none, or not switched on."""
    return max(0, int(libc.syscall(_CREATE_RULESET, None, 0, _ASK_VERSION)))


def ruleset(version: int) -> bytes:
    """The struct landlock_ruleset_attr that takes away everything a version can, as long as that version knows it."""
    rights = max(count for since, count in _FILE_RIGHTS if since <= version)
    fields = [(1 << rights) - 1]
    if version >= 4:
        fields.append(_TCP_BIND_AND_CONNECT)
    if version >= 6:
        fields.append(_ABSTRACT_SOCKETS_AND_SIGNALS)
    return struct.pack(f"{len(fields)}Q", *fields)


def only_files(libc: ctypes.CDLL, readable: Sequence[str]) -> bool:
    """Read beneath `readable`; write and start programs nowhere; signal nobody. Open descriptors stay usable."""
    version = landlock_version(libc)
    if not version:
        return False
    wanted = ruleset(version)
    descriptor = libc.syscall(_CREATE_RULESET, wanted, len(wanted), 0)
    if descriptor < 0:
        return False
    try:
        for path in readable:
            _allow(libc, descriptor, path)
        return bool(libc.syscall(_RESTRICT_SELF, descriptor, 0) == 0)
    finally:
        os.close(descriptor)


def _allow(libc: ctypes.CDLL, descriptor: int, path: str) -> None:
    try:
        beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # not on this system: nothing to allow
        return
    access = (_READ_FILE | _READ_DIR) if os.path.isdir(path) else _READ_FILE
    rule = ctypes.create_string_buffer(struct.pack("=Qi", access, beneath))
    libc.syscall(_ADD_RULE, descriptor, 1, rule, 0)
    os.close(beneath)
