"""Which system calls the converting child may make: a seccomp filter of the few that a converter needs.

Everything that is not in the table ends in ENOSYS, which libraries take for an old kernel and do without: no socket and
no connection (not even to a Unix socket of ours), no process and no program, no signal to others, no change of a file,
its rights or its times, no io_uring, keys, shared memory, tracing or namespaces. What may be done in part is looked at
argument by argument, and refused with EACCES. Once set, a filter stays until the process ends. See decision 0008.

Sources: linux/seccomp.h, linux/filter.h, linux/audit.h, the kernel's tables of system calls.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterator

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_ENOSYS, _EACCES, _ENOTTY = 38, 13, 25
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER, _ARCHITECTURE = 0, 4  # offsets into struct seccomp_data
# By what the kernel calls the machine: AUDIT_ARCH of its calls, and the column of the tables below.
_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}

# Numbers on x86-64 and on arm64; None where the call does not exist. Memory, reading, clocks, threads, its own state.
ALLOWED: dict[str, tuple[int, int | None]] = {
    "read": (0, 63), "write": (1, 64), "close": (3, 57), "lseek": (8, 62), "pread64": (17, 67), "readv": (19, 65),
    "writev": (20, 66), "dup": (32, 23), "dup2": (33, None), "dup3": (292, 24), "close_range": (436, 436),
    "stat": (4, None), "fstat": (5, 80), "lstat": (6, None), "newfstatat": (262, 79), "statx": (332, 291),
    "access": (21, None), "faccessat": (269, 48), "faccessat2": (439, 439), "readlink": (89, None),
    "readlinkat": (267, 78), "getdents64": (217, 61), "getcwd": (79, 17),
    "mmap": (9, 222), "mprotect": (10, 226), "munmap": (11, 215), "brk": (12, 214), "mremap": (25, 216),
    "mincore": (27, 232), "madvise": (28, 233),
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "sigaltstack": (131, 132),
    "futex": (202, 98), "sched_yield": (24, 124), "sched_getaffinity": (204, 123), "getcpu": (309, 168),
    "set_tid_address": (218, 96), "set_robust_list": (273, 99), "rseq": (334, 293), "membarrier": (324, 283),
    "nanosleep": (35, 101), "clock_nanosleep": (230, 115), "restart_syscall": (219, 128), "time": (201, None),
    "gettimeofday": (96, 169), "clock_gettime": (228, 113), "clock_getres": (229, 114), "times": (100, 153),
    "getrusage": (98, 165), "getrlimit": (97, 163), "uname": (63, 160), "sysinfo": (99, 179), "getrandom": (318, 278),
    "getpid": (39, 172), "getppid": (110, 173), "gettid": (186, 178), "getuid": (102, 174), "geteuid": (107, 175),
    "getgid": (104, 176), "getegid": (108, 177), "exit": (60, 93), "exit_group": (231, 94),
}  # fmt: skip

# O_ACCMODE, O_CREAT, O_TRUNC, O_APPEND, O_TMPFILE: Landlock before its third version lets a file be emptied.
_WRITING = 0o3 | 0o100 | 0o1000 | 0o2000 | 0o20000000
_CLONE_THREAD = 0x10000
# F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC. Not F_SETOWN and F_SETSIG, which send signals to others.
_FCNTL = (0, 1, 2, 3, 1030)
_IOCTL = (0x5401, 0x5450, 0x5451)  # TCGETS, FIONCLEX, FIOCLEX: what opening a file asks

Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, value


def only_calls(libc: ctypes.CDLL) -> bool:
    """Set the filter for this process and what it will run; False where the kernel or the machine has none for it.

    Needs no_new_privs, or to be root. Only for a process with one thread: others would stay free.
    """
    program = filter_for(os.uname().machine, os.getpid())
    if program is None:
        return False
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    memory = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("HxxxxxxP" if sys.maxsize > 2**32 else "HxxP", len(program), ctypes.addressof(memory))
    return bool(libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.c_char_p(header), 0, 0) == 0)


def filter_for(machine: str, pid: int) -> tuple[Instruction, ...] | None:
    """The filter's program for a machine as uname names it; `pid` is the process that may signal itself."""
    if machine not in _MACHINES:
        return None
    architecture, column = _MACHINES[machine]
    # Calls of another word length (int 0x80) have other numbers: nothing here makes them.
    program = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL)]
    program.append((_LOAD, 0, 0, _NUMBER))
    for numbers in ALLOWED.values():
        program += _when(numbers[column], [(_RETURN, 0, 0, _ALLOW)])
    for numbers, block in _in_part(pid):
        program += _when(numbers[column], block)
    program.append((_RETURN, 0, 0, _ERRNO | _ENOSYS))
    return tuple(program)


def _in_part(pid: int) -> Iterator[tuple[tuple[int, int | None], list[Instruction]]]:
    """Calls that depend on an argument. A block ends by returning, so the number need not be loaded again."""
    yield (2, None), _unless_bits(1, _WRITING)  # open
    yield (257, 56), _unless_bits(2, _WRITING)  # openat
    yield (56, 220), [_argument(0), (_ANY_BIT, 0, 1, _CLONE_THREAD), *_ends(_EACCES)]  # clone: a thread, no process
    yield (234, 131), _one_of(0, (pid,), _EACCES)  # tgkill: abort() of this process
    yield (72, 25), _one_of(1, _FCNTL, _EACCES)  # fcntl
    yield (16, 29), _one_of(1, _IOCTL, _ENOTTY)  # ioctl
    # prlimit64: read its own, set nothing. Both halves of the pointer to new limits must be null.
    refused = [(_EQUAL, 1, 0, 0), (_RETURN, 0, 0, _ERRNO | _EACCES)]
    yield (
        (302, 261),
        [
            *(piece for half in ((0, 0), (2, 0), (2, 4)) for piece in (_argument(*half), *refused)),
            (_RETURN, 0, 0, _ALLOW),
        ],
    )


def _when(number: int | None, block: list[Instruction]) -> list[Instruction]:
    return [] if number is None else [(_EQUAL, 0, len(block), number), *block]


def _argument(position: int, half: int = 0) -> Instruction:
    return (_LOAD, 0, 0, 16 + 8 * position + half)  # both machines are little-endian: the low half stands first


def _ends(refusal: int) -> list[Instruction]:
    return [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _ERRNO | refusal)]


def _unless_bits(position: int, bits: int) -> list[Instruction]:
    return [_argument(position), (_ANY_BIT, 1, 0, bits), *_ends(_EACCES)]


def _one_of(position: int, values: tuple[int, ...], refusal: int) -> list[Instruction]:
    count = len(values)
    tests = [(_EQUAL, count - 1 - place, int(place == count - 1), value) for place, value in enumerate(values)]
    return [_argument(position), *tests, *_ends(refusal)]
