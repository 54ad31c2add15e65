"""The child: `python -I -m ingest.convert`. Request on descriptor 0, result to descriptor 1, nothing else open.

Standard input holds one line of JSON (name, parent, limits) and then the file; the child never learns a path.
"""

from __future__ import annotations

import io
import json
import os
import sys
import sysconfig
from pathlib import Path

from ingest.confine import confine
from ingest.converted import Limits
from ingest.errors import ConversionFailed, ConversionMemory, FileBroken, FileTooLarge
from ingest.wire import packed, packed_failure


def main() -> None:
    """Confine, read, convert, write."""
    with os.fdopen(os.dup(0), "rb") as request:
        head = json.loads(request.readline())
        data = request.read()
    limits, name = Limits(**head["limits"]), str(head["name"])
    # What a library prints must not get into the result.
    with os.fdopen(os.dup(1), "wb") as result:
        os.dup2(2, 1)
        held = confine(limits, int(head["parent"]), _readable())
        try:
            pieces = _converted(data, name, limits)
            result.write(" ".join(held).encode() + b"\n")
            result.writelines(pieces)
            result.flush()
        except OSError:  # EFBIG: more than RLIMIT_FSIZE
            os.ftruncate(result.fileno(), 0)
            os.lseek(result.fileno(), 0, os.SEEK_SET)
            too_large = FileTooLarge(name=name, what="the converted document", limit=f"{limits.output} bytes")
            result.raw.write(b"\n" + packed_failure(too_large)[0])  # type: ignore[attr-defined]
            os._exit(0)


def _converted(data: bytes, name: str, limits: Limits) -> list[bytes]:
    try:
        from ingest.convert import convert

        return packed(convert(data, name, limits))
    except ConversionFailed as failure:
        return packed_failure(failure)
    except MemoryError:
        return packed_failure(ConversionMemory(name=name, limit=f"{limits.memory // 1024 // 1024} MiB"))
    except RecursionError:
        return packed_failure(FileBroken(name=name, why="it is nested too deeply"))


def _readable() -> list[Path]:
    """Where the interpreter, its libraries and this package are: all that a converter may open."""
    here = Path(__file__).resolve().parents[1]
    places = {sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), "/usr", "/lib", "/lib64", "/etc/fonts"}
    return [Path(place) for place in sorted(places)] + [here, here.parent / "appliance", Path("/dev/null")]


if __name__ == "__main__":
    sys.stdin = io.StringIO()
    main()
