"""The child: `python -I -m ingest.convert`. Request on descriptor 0, result to descriptor 1, nothing else open.

Standard input holds one line of JSON (name, parent, limits) and then the file; the child never learns a path.
"""

from __future__ import annotations

import json
import os
import sys
import sysconfig
import traceback
from pathlib import Path
from types import TracebackType

from ingest import causes
from ingest.confine import confine
from ingest.converted import Limits
from ingest.errors import ConversionFailed, ConversionMemory, ConverterCrashed, FileBroken, FileTooLarge
from ingest.wire import packed, packed_failure


def main() -> None:
    """Confine, read, convert, write."""
    with os.fdopen(os.dup(0), "rb") as request:
        head = json.loads(request.readline())
        data = request.read()
    limits, name = Limits(**head["limits"]), str(head["name"])
    result = os.dup(1)
    os.dup2(2, 1)  # what a library prints must not get into the result
    guards = " ".join(confine(limits, int(head["parent"]), _readable())).encode() + b"\n"

    def crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Where a defect of ours or of a library showed, without the message, which may quote the document."""
        frame = traceback.extract_tb(trace)[-1]
        why = f"{kind.__name__}, {Path(frame.filename).name}:{frame.lineno}"
        _write(result, [guards, *packed_failure(ConverterCrashed(name=name, why=why))])
        os._exit(0)

    sys.excepthook = crashed
    try:
        _write(result, [guards, *_converted(data, name, limits)])
    except OSError:  # EFBIG: the result is over RLIMIT_FSIZE
        too_large = FileTooLarge(name=name, what=causes.CONVERTED, limit=causes.many(causes.BYTES, limits.output))
        _write(result, [guards, *packed_failure(too_large)])


def _write(result: int, pieces: list[bytes]) -> None:
    os.ftruncate(result, 0)
    os.lseek(result, 0, os.SEEK_SET)
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


def _readable() -> list[Path]:
    """Where the interpreter, its libraries and this package are: all that a converter may open."""
    here = Path(__file__).resolve().parents[1]
    places = {sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), "/usr", "/lib", "/lib64"}
    files = ("/etc/fonts", "/etc/mime.types", "/etc/localtime", "/dev/null")
    return [Path(place) for place in (*sorted(places), *files)] + [here, here.parent / "appliance"]


if __name__ == "__main__":
    main()
