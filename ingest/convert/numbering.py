"""The numbers that Word computes and does not store: 第1条, 1.2, (ア). Without them no rule can be cited.

Source: ECMA-376 part 1, 17.9 (numbering) and 17.18.59 (number formats).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from docx.document import Document
from docx.oxml.ns import qn
from lxml import etree

_AIUEO = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
_IROHA = "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセスン"
_KANJI = "〇一二三四五六七八九"
_ROMAN = tuple(
    zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        ("m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i"),
        strict=True,
    )
)
_UNITS = ((1000, "千"), (100, "百"), (10, "十"))


def kanji(number: int) -> str:
    """21 as 二十一."""
    text = ""
    for unit, sign in _UNITS:
        count, number = divmod(number, unit)
        if count:
            text += ("" if count == 1 else _KANJI[count % 10]) + sign
    return text + (_KANJI[number] if number or not text else "")


def _letters(number: int) -> str:
    return chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1) if number > 0 else "0"


def _roman(number: int) -> str:
    text = ""
    for value, sign in _ROMAN:
        count, number = divmod(number, value)
        text += sign * count
    return text


def _from(row: str) -> Callable[[int], str]:
    return lambda number: row[(number - 1) % len(row)] if number > 0 else "0"


def _full_width(number: int) -> str:
    return "".join(chr(ord(digit) + 0xFEE0) for digit in str(number))


def _circled(number: int) -> str:
    return chr(0x2460 + number - 1) if 1 <= number <= 20 else str(number)


FORMATS: Mapping[str, Callable[[int], str]] = {
    "decimal": str,
    "decimalZero": lambda number: f"{number:02}",
    "decimalFullWidth": _full_width,
    "decimalFullWidth2": _full_width,
    "decimalEnclosedCircle": _circled,
    "lowerLetter": _letters,
    "upperLetter": lambda number: _letters(number).upper(),
    "lowerRoman": _roman,
    "upperRoman": lambda number: _roman(number).upper(),
    "japaneseCounting": kanji,
    "japaneseDigitalTenThousand": lambda number: "".join(_KANJI[int(digit)] for digit in str(number)),
    "ideographDigital": lambda number: "".join(_KANJI[int(digit)] for digit in str(number)),
    "aiueoFullWidth": _from(_AIUEO),
    "aiueo": _from(_AIUEO),
    "irohaFullWidth": _from(_IROHA),
    "iroha": _from(_IROHA),
    "none": lambda number: "",
}


@dataclass(frozen=True, slots=True)
class _Level:
    start: int
    format: str
    text: str


class Numbering:
    """Counts list paragraphs in the order in which `next` is asked for them."""

    def __init__(self, document: Document) -> None:
        self._levels: dict[str, dict[int, _Level]] = {}  # by abstract list
        self._abstract: dict[str, str] = {}  # list -> abstract list
        self._starts: dict[tuple[str, int], int] = {}  # overrides of a list's levels
        self._styled: dict[str, tuple[str, int]] = {}  # paragraph style -> (abstract list, level)
        self._counts: dict[tuple[str, int], int] = {}
        self._overridden: set[tuple[str, int]] = set()
        part = next(
            (rel.target_part for rel in document.part.rels.values() if rel.reltype.endswith("/numbering")), None
        )
        if part is not None:
            self._read(etree.fromstring(part.blob, etree.XMLParser(resolve_entities=False, no_network=True)))

    def next(self, properties: etree._Element, style: str | None) -> str:
        """The mark of a list paragraph with a space after it; `- ` for bullets, nothing for an undefined list."""
        number = properties.find(qn("w:numId"))
        depth = properties.find(qn("w:ilvl"))
        list_id = number.get(qn("w:val")) if number is not None else None
        abstract = self._abstract.get(list_id or "")
        if list_id is None or abstract is None:
            return ""
        level = self._level(abstract, depth, style)
        definition = self._levels[abstract].get(level)
        if definition is None:
            return ""
        if definition.format == "bullet":
            return "- "
        self._count(list_id, abstract, level, definition)
        mark = re.sub(r"%([1-9])", lambda match: self._shown(abstract, int(match.group(1)) - 1), definition.text)
        return f"{mark} " if mark else ""

    def _level(self, abstract: str, depth: etree._Element | None, style: str | None) -> int:
        styled = self._styled.get(style or "")
        if depth is None and styled is not None and styled[0] == abstract:
            return styled[1]
        return whole(depth.get(qn("w:val")), 0) if depth is not None else 0

    def _count(self, list_id: str, abstract: str, level: int, definition: _Level) -> None:
        key = (abstract, level)
        override = self._starts.get((list_id, level))
        if override is not None and (list_id, level) not in self._overridden:
            self._overridden.add((list_id, level))
            self._counts[key] = override
        else:
            self._counts[key] = self._counts.get(key, definition.start - 1) + 1
        for deeper in [item for item in self._counts if item[0] == abstract and item[1] > level]:
            del self._counts[deeper]

    def _shown(self, abstract: str, level: int) -> str:
        definition = self._levels[abstract].get(level)
        if definition is None:
            return ""
        count = self._counts.setdefault((abstract, level), definition.start)
        return FORMATS.get(definition.format, str)(count)

    def _read(self, root: etree._Element) -> None:
        for item in root.iterchildren(qn("w:abstractNum")):
            abstract = item.get(qn("w:abstractNumId"), "")
            self._levels[abstract] = {}
            for level in item.iterchildren(qn("w:lvl")):
                self._read_level(abstract, level)
        for item in root.iterchildren(qn("w:num")):
            list_id = item.get(qn("w:numId"), "")
            abstract = _value(item, "w:abstractNumId", "")
            if abstract in self._levels:
                self._abstract[list_id] = abstract
            for override in item.iterchildren(qn("w:lvlOverride")):
                if (start := override.find(qn("w:startOverride"))) is not None:
                    self._starts[(list_id, whole(override.get(qn("w:ilvl")), 0))] = whole(start.get(qn("w:val")), 1)

    def _read_level(self, abstract: str, level: etree._Element) -> None:
        depth = whole(level.get(qn("w:ilvl")), 0)
        self._levels[abstract][depth] = _Level(
            start=whole(_value(level, "w:start", "1"), 1),
            format=_value(level, "w:numFmt", "decimal"),
            text=_value(level, "w:lvlText", ""),
        )
        if style := _value(level, "w:pStyle", ""):
            self._styled[style] = (abstract, depth)


def whole(word: str | None, default: int) -> int:
    """A whole number as Word takes them, 0 to 32767; `default` for what is none."""
    text = (word or "").strip()
    return min(int(text), 32_767) if text.isascii() and text.isdigit() and len(text) < 20 else default


def _value(element: etree._Element, tag: str, default: str) -> str:
    found = element.find(qn(tag))
    return found.get(qn("w:val"), default) if found is not None else default
