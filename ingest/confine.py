"""What the converting child gives up before it looks at a file: time, memory, files, network, system calls, privileges.

Each guard is applied by the child to itself, before any library that parses is imported; which ones held is reported,
because kernels and containers differ. Linux only.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
from collections.abc import Callable, Sequence

from ingest.confine_calls import only_calls
from ingest.confine_files import only_files
from ingest.converted import Limits

# linux/prctl.h, linux/sched.h, linux/capability.h.
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_CAPABILITY_VERSION_3 = 0x20080522

# Without these a file that took its converter over would reach something of ours. A network of its own is not among
# them: the filter of system calls leaves no socket to reach a network with, and containers often refuse a namespace.
ESSENTIAL = frozenset(
    {
        "dies-with-parent",
        "resource-limits",
        "no-new-privileges",
        "no-capabilities",
        "not-dumpable",
        "files",
        "system-calls",
    }
)

_libc = ctypes.CDLL(None, use_errno=True)


def confine(limits: Limits, parent: int, readable: Sequence[str]) -> tuple[str, ...]:
    """Give up what `limits` does not grant, and every file outside `readable`; the names of the guards that held.

    `parent` is the process that asked: when it is gone already, this one ends at once.
    """
    guards: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("dies-with-parent", lambda: _dies_with(parent)),
        ("resource-limits", lambda: _resources(limits)),
        ("no-new-privileges", lambda: _prctl(_PR_SET_NO_NEW_PRIVS, 1)),
        ("own-network", _own_network),
        ("no-capabilities", _no_capabilities),
        ("not-dumpable", lambda: _prctl(_PR_SET_DUMPABLE, 0)),
        ("files", lambda: only_files(_libc, readable)),
        ("system-calls", lambda: only_calls(_libc)),  # last: the others need calls that it takes away
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
        ceiling = _ceiling(name, value)
        resource.setrlimit(name, (ceiling, ceiling))
    # A second between soft and hard: SIGXCPU says why, SIGKILL would not.
    ceiling = _ceiling(resource.RLIMIT_CPU, limits.cpu_seconds + 1)
    resource.setrlimit(resource.RLIMIT_CPU, (min(limits.cpu_seconds, ceiling), ceiling))
    return True


def _ceiling(name: int, value: int) -> int:
    """What may be asked for: a hard limit that is lower already cannot be raised."""
    hard = resource.getrlimit(name)[1]
    return value if hard == resource.RLIM_INFINITY else min(value, hard)


def _own_network() -> bool:
    """An empty network namespace: not even loopback. With a user namespace where that is allowed, else as root."""
    return bool(_libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0 or _libc.unshare(_CLONE_NEWNET) == 0)


def _no_capabilities() -> bool:
    """Drop what root, or being root of the new namespace, gave: it opens kernel code that a parser never needs."""
    header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
    return bool(_libc.capset(header, bytes(24)) == 0)
