"""Converts a file in a subprocess, so that a hostile one takes nothing down but its own row of the report."""

from __future__ import annotations

import compileall
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from ingest import causes
from ingest.converted import Converted, Limits
from ingest.errors import (
    ConversionFailed,
    ConversionMemory,
    ConversionTimeout,
    ConversionUnguarded,
    ConverterCrashed,
    FileTooLarge,
)
from ingest.wire import Garbage, unpacked

# Not -m: finding a module to run costs 6 ms more than importing it, and there is a child a file.
CHILD = (sys.executable, "-I", "-c", "from ingest.convert.__main__ import main; main()")
# All that the child is told of this machine.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class Sandboxed:
    """A converted document and the names of the guards that held while it was made (see ingest.confine)."""

    converted: Converted
    guards: tuple[str, ...]


def convert_file(
    data: bytes, name: str, limits: Limits, *, required: frozenset[str], child: tuple[str, ...] = CHILD
) -> Sandboxed:
    """The document in `data`, converted within `limits`; thread-safe.

    Where a guard of `required` does not hold (see ingest.confine), the file is not looked at. Returns in at most
    `limits.seconds` and a moment. Raises ConversionFailed, whatever the file does to the child.
    """
    if len(data) > limits.input:
        raise FileTooLarge(
            name=name, what=causes.many(causes.BYTES, len(data)), limit=causes.many(causes.BYTES, limits.input)
        )
    head = {"name": name, "parent": os.getpid(), "limits": asdict(limits), "required": sorted(required)}
    with _memory("request") as request, _memory("result") as result:
        _write(request, json.dumps(head).encode() + b"\n", data)
        status = _run(child, request, result, limits.seconds)
        output = _read(result, limits.output)
    if status is None:
        raise ConversionTimeout(name=name, seconds=f"{limits.seconds:g}")
    if status:
        raise _died(status, name, limits)
    guards, _, rest = output.partition(b"\n")
    try:
        outcome = unpacked(rest)
        words = tuple(guards.decode("ascii").split())
    except (Garbage, UnicodeDecodeError) as error:
        raise ConverterCrashed(name=name, why=causes.RESULT_UNUSABLE) from error
    if isinstance(outcome, ConversionFailed):
        raise outcome
    if missing := required - set(words):
        raise ConversionUnguarded(name=name, missing=", ".join(sorted(missing)))
    return Sandboxed(outcome, words)


@contextmanager
def _memory(label: str) -> Iterator[int]:
    # Documents never touch a disk on their way: both files live in memory and have no name.
    descriptor = os.memfd_create(label)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _write(descriptor: int, *pieces: bytes) -> None:
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.writelines(pieces)
    os.lseek(descriptor, 0, os.SEEK_SET)


def _read(descriptor: int, limit: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(os.dup(descriptor), "rb") as file:
        return file.read(limit + 1)


def _run(child: tuple[str, ...], request: int, result: int, seconds: float) -> int | None:
    """The child's exit status as subprocess gives it; None when the clock stopped it."""
    _compile_converters()
    process = subprocess.Popen(
        child,
        stdin=request,
        stdout=result,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=_ENVIRONMENT,
        start_new_session=True,
        close_fds=True,
    )
    ended = os.pidfd_open(process.pid)
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    try:
        in_time = bool(poll.poll(seconds * 1000))
    finally:
        # The whole group, and before its leader is reaped: afterwards its number may be another process's.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        os.close(ended)
        status = process.wait()
    return status if in_time else None


@cache
def _compile_converters() -> None:
    """Bytecode beside the converters, where it can be written: a child may not, and would compile for every file."""
    compileall.compile_dir(Path(__file__).parent / "convert", quiet=2)


def _died(status: int, name: str, limits: Limits) -> ConversionFailed:
    number = -status
    if number in {signal.SIGXCPU}:
        return ConversionTimeout(name=name, seconds=f"{limits.cpu_seconds:g}")
    if number == signal.SIGKILL:  # the kernel's own: CPU seconds at the hard limit, or out of memory
        return ConversionMemory(name=name, limit=f"{limits.memory // 1024 // 1024} MiB")
    why = signal.Signals(number).name if number > 0 else causes.EXIT_STATUS.filled(status=status)
    return ConverterCrashed(name=name, why=why)
