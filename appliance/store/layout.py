"""The lines of a page as stored: where each stands in the text and on the page, packed."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

from appliance.models import Line

# Positions in 1/65535 of the page: 0.01 mm on A4.
_SCALE = 65535
_HEAD = struct.Struct("<IIHHH")  # start, end, top, bottom, number of edges


def pack(lines: Sequence[Line]) -> bytes:
    """Lines to bytes; no lines to no bytes."""
    if not lines:
        return b""
    out = bytearray()
    for line in lines:
        out += _HEAD.pack(line.start, line.end, _to(line.top), _to(line.bottom), len(line.edges))
        out += struct.pack(f"<{len(line.edges)}H", *(_to(edge) for edge in line.edges))
    return zlib.compress(bytes(out))


def unpack(data: bytes) -> tuple[Line, ...]:
    """The inverse of `pack`."""
    if not data:
        return ()
    raw, at, lines = zlib.decompress(data), 0, []
    while at < len(raw):
        start, end, top, bottom, count = _HEAD.unpack_from(raw, at)
        at += _HEAD.size
        edges = struct.unpack_from(f"<{count}H", raw, at)
        at += 2 * count
        lines.append(Line(start, end, top / _SCALE, bottom / _SCALE, tuple(edge / _SCALE for edge in edges)))
    return tuple(lines)


def _to(value: float) -> int:
    return round(min(max(value, 0.0), 1.0) * _SCALE)
