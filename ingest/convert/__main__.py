"""The child: `python -I -m ingest.convert`. Request on descriptor 0, result to descriptor 1, nothing else open.

Standard input holds one line of JSON (name, parent, limits, required guards) and then the file; the child never learns
a path. With `--guards` it only confines itself and names the guards that held and those that are missing.

What this module imports, every file waits for: it is kept short, and the rest is imported where it is used.
"""

from __future__ import annotations

import json
import os
import sys
import sysconfig
from types import TracebackType

from ingest import causes
from ingest.confine import ESSENTIAL, confine
from ingest.converted import Limits
from ingest.errors import (
    ConversionFailed,
    ConversionMemory,
    ConversionUnguarded,
    ConverterCrashed,
    FileBroken,
    FileTooLarge,
)
from ingest.wire import packed, packed_failure


def main() -> None:
    """Confine, read, convert, write."""
    with os.fdopen(os.dup(0), "rb") as request:
        head = json.loads(request.readline())
        data = request.read()
    limits, name = Limits(**head["limits"]), str(head["name"])
    result = os.dup(1)
    os.dup2(2, 1)  # what a library prints must not get into the result
    held = confine(limits, int(head["parent"]), _readable())
    guards = " ".join(held).encode() + b"\n"
    if missing := set(head["required"]) - set(held):  # before a byte of the file is looked at
        _write(result, [guards, *packed_failure(ConversionUnguarded(name=name, missing=", ".join(sorted(missing))))])
        return

    def crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Where a defect of ours or of a library showed, without the message, which may quote the document."""
        import traceback

        frame = traceback.extract_tb(trace)[-1]
        why = f"{kind.__name__}, {os.path.basename(frame.filename)}:{frame.lineno}"
        _write(result, [guards, *packed_failure(ConverterCrashed(name=name, why=why))])
        os._exit(0)

    sys.excepthook = crashed
    # No converter calculates: openpyxl would load it only to know its numbers, which takes longer than most files.
    sys.modules["numpy"] = None  # type: ignore[assignment]  # what import itself takes for "cannot be imported"
    pieces = [guards, *_converted(data, name, limits)]
    if sum(map(len, pieces)) > limits.output:  # the kernel would cut it there (RLIMIT_FSIZE)
        too_large = FileTooLarge(name=name, what=causes.CONVERTED, limit=causes.many(causes.BYTES, limits.output))
        pieces = [guards, *packed_failure(too_large)]
    _write(result, pieces)


def guards() -> None:
    """Print the guards that hold in a child started here and now, and on a second line the essential ones missing."""
    held = confine(Limits(), os.getppid(), _readable())
    sys.stdout.write(f"{', '.join(held)}\n{', '.join(sorted(ESSENTIAL - set(held)))}")


def _write(result: int, pieces: list[bytes]) -> None:
    with os.fdopen(result, "wb", closefd=False) as file:
        file.writelines(pieces)


def _converted(data: bytes, name: str, limits: Limits) -> list[bytes]:
    try:
        from ingest.convert import convert

        return packed(convert(data, name, limits))
    except ConversionFailed as failure:
        return packed_failure(failure)
    except MemoryError:
        return packed_failure(ConversionMemory(name=name, limit=f"{limits.memory // 1024 // 1024} MiB"))
    except RecursionError:
        return packed_failure(FileBroken(name=name, why=causes.TOO_DEEP))


def _readable() -> list[str]:
    """Where the interpreter, its libraries and this package are: all that a converter may open."""
    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    places = {sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), "/usr", "/lib", "/lib64"}
    files = ("/etc/fonts", "/etc/mime.types", "/etc/localtime", "/dev/null")
    return [*sorted(places), *files, ours, os.path.join(os.path.dirname(ours), "appliance")]


if __name__ == "__main__":
    guards() if sys.argv[1:] == ["--guards"] else main()
