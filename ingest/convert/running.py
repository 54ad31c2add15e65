"""Running heads and feet of a PDF: lines that stand in the margin of most pages are left out of their text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from appliance.models import Line, Part

_MARGIN = 0.12  # of the page's height, at the top and at the bottom
_FEWEST = 3  # pages: what two have in common may be the title of a form
_SHARE = 0.6  # of the pages that have text
_SAME_PLACE = 0.012  # of the page's height
_DIGITS = re.compile(r"[0-9０-９]+")
_SPACE = re.compile(r"\s+")

_Key = tuple[str, int]  # a line's text with its numbers masked, and its place


def without_running_lines(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The pages without them. A page that holds nothing else keeps them; spans and boxes of the rest stay exact."""
    marginal = [{key for line in part.lines for key in _keys(part, line)} for part in parts]
    counts = Counter(key for keys in marginal for key in keys)
    pages = sum(1 for part in parts if part.text)
    running = {key for key, count in counts.items() if count >= max(_FEWEST, _SHARE * pages)}
    return tuple(_without(part, running) for part in parts) if running else tuple(parts)


def _keys(part: Part, line: Line) -> tuple[_Key, ...]:
    """Under two names each, so that a line on the border between two places still meets its like."""
    if line.bottom > _MARGIN and line.top < 1 - _MARGIN:
        return ()
    if not _alone(part.text, line):
        return ()
    said = _SPACE.sub("", _DIGITS.sub("#", part.text[line.start : line.end]))
    place = line.top / _SAME_PLACE
    return tuple((said, at) for at in {int(place), int(place + 0.5) + 1_000})


def _alone(text: str, line: Line) -> bool:
    return (not line.start or text[line.start - 1] == "\n") and (line.end == len(text) or text[line.end] == "\n")


def _without(part: Part, running: set[_Key]) -> Part:
    dropped = {(line.start, line.end) for line in part.lines if not running.isdisjoint(_keys(part, line))}
    kept = [line for line in part.lines if (line.start, line.end) not in dropped]
    if not dropped or not kept:
        return part
    pieces: list[str] = []
    lines: list[Line] = []
    cuts = [
        0,
        *(edge for start, end in sorted(dropped) for edge in (start, min(end + 1, len(part.text)))),
        len(part.text),
    ]
    size = 0
    for start, end in zip(cuts[::2], cuts[1::2], strict=True):
        shift = start - size
        lines.extend(
            replace(line, start=line.start - shift, end=line.end - shift) for line in kept if start <= line.start < end
        )
        pieces.append(part.text[start:end])
        size += end - start
    text = "".join(pieces)
    return replace(part, text=text.removesuffix("\n"), lines=tuple(lines))
