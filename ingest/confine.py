"""What the converting child gives up before it looks at a file: time, memory, files, network, privileges.

Each guard is applied by the child to itself, before any library that parses is imported; which ones held is reported,
because kernels and containers differ. Linux only.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import resource
import signal
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

from ingest.converted import Limits

# linux/prctl.h, linux/sched.h, linux/landlock.h and the generic system call table (the same on x86-64 and arm64).
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_CAPABILITY_VERSION_3 = 0x20080522
_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446
_READ_FILE, _READ_DIR = 4, 8
_ALL_OF_ABI_1 = (1 << 13) - 1

_libc = ctypes.CDLL(None, use_errno=True)


def confine(limits: Limits, parent: int, readable: Sequence[Path]) -> tuple[str, ...]:
    """Give up what `limits` does not grant, and every file outside `readable`; the names of the guards that held.

    `parent` is the process that asked: when it is gone already, this one ends at once.
    """
    guards: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("dies-with-parent", lambda: _dies_with(parent)),
        ("resource-limits", lambda: _resources(limits)),
        ("no-new-privileges", lambda: _prctl(_PR_SET_NO_NEW_PRIVS, 1)),
        ("no-network", _no_network),
        ("no-capabilities", _no_capabilities),
        ("not-dumpable", lambda: _prctl(_PR_SET_DUMPABLE, 0)),
        ("files", lambda: _only_files(readable)),
    )
    return tuple(name for name, guard in guards if guard())


def _prctl(option: int, value: int) -> bool:
    return bool(_libc.prctl(option, value, 0, 0, 0) == 0)


def _dies_with(parent: int) -> bool:
    held = _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the request was made
        os._exit(1)
    return held


def _resources(limits: Limits) -> bool:
    wanted = (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_FSIZE, limits.output),
        (resource.RLIMIT_NOFILE, 32),
        (resource.RLIMIT_CORE, 0),
    )
    for name, value in wanted:
        hard = resource.getrlimit(name)[1]
        ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (ceiling, ceiling))
    # A second between soft and hard: SIGXCPU says why, SIGKILL would not.
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 1))
    return True


def _no_network() -> bool:
    """An empty network namespace: not even loopback. With a user namespace where that is allowed, else as root."""
    return bool(_libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0 or _libc.unshare(_CLONE_NEWNET) == 0)


def _no_capabilities() -> bool:
    """Drop what root, or being root of the new namespace, gave: it opens kernel code that a parser never needs."""
    header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
    return bool(_libc.capset(header, bytes(24)) == 0)


def _only_files(readable: Sequence[Path]) -> bool:
    """Landlock: read beneath `readable`; write and start programs nowhere. Descriptors that are open stay usable."""
    ruleset = struct.pack("Q", _ALL_OF_ABI_1)
    descriptor = _libc.syscall(_LANDLOCK_CREATE_RULESET, ruleset, len(ruleset), 0)
    if descriptor < 0:
        return False
    try:
        for path in readable:
            _allow(descriptor, path)
        return bool(_libc.syscall(_LANDLOCK_RESTRICT_SELF, descriptor, 0) == 0)
    finally:
        os.close(descriptor)


def _allow(ruleset: int, path: Path) -> None:
    try:
        beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # not on this system: nothing to allow
        return
    access = (_READ_FILE | _READ_DIR) if path.is_dir() else _READ_FILE
    rule = ctypes.create_string_buffer(struct.pack("=Qi", access, beneath))
    _libc.syscall(_LANDLOCK_ADD_RULE, ruleset, 1, rule, 0)
    os.close(beneath)
