"""What a converter gives: a document's text in parts that a citation can open, and what was noticed on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from appliance.models import Language, Part
from appliance.visible import one_line
from appliance.words import Words

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost. Bytes, seconds of wall clock and of CPU, counts."""

    seconds: float = 300.0
    cpu_seconds: int = 300
    memory: int = 2048 * MIB  # address space of the child
    input: int = 256 * MIB
    output: int = 512 * MIB
    inflated: int = 512 * MIB  # all members of an Office file together, unpacked
    pages: int = 5_000
    cells: int = 500_000
    characters: int = 20_000_000
    page_pixels: int = 1240  # width of a page picture; 0: no pictures

    @classmethod
    def for_files_of(cls, largest: int) -> Limits:
        """The limits where a file may have `largest` bytes: converting takes memory for some copies of it."""
        return cls(input=largest, memory=max(2048 * MIB, 4 * largest))


@dataclass(frozen=True, slots=True)
class Picture:
    """A page as WebP: the page itself and a thumbnail 144 pixels wide."""

    ordinal: int
    page: bytes
    thumbnail: bytes


# By code. A note is news about a usable document, not a failure.
NOTES: dict[str, Words] = {
    "needs-ocr": Words(
        ja="{part} ページ目は、文字情報がなく画像だけです（OCR が必要です）。他のページは検索できます。",
        en="Page {part} has no text, only a picture: needs OCR. The other pages can be searched.",
    ),
    "blank-page": Words(
        ja="{part} ページ目は空白です。",
        en="Page {part} is blank.",
    ),
    "garbled": Words(
        ja="{part} ページ目: 文字の {share} % が正しく読み取れませんでした。本文が誤っている可能性があります。",
        en="Part {part}: {share} % of the characters have no known meaning in the file; its text may be wrong.",
    ),
    "vertical-text": Words(
        ja="{part} ページ目は縦書きです。段の順序を確認してください。",
        en="Page {part} is written vertically; check the order of its columns.",
    ),
    "off-page-text": Words(
        ja="{part} ページ目: 表示範囲の外にある {count} 文字は取り込んでいません。",
        en="Page {part}: {count} characters outside the visible page were left out.",
    ),
    "invisible-text": Words(
        ja="{part} ページ目に見えない文字があります。画面に表示されない {count} 文字は取り込んでいません。",
        en="Invisible text on page {part}: {count} characters that the page does not show were left out.",
    ),
    "invisible-text-kept": Words(
        ja="{part} ページ目に見えない文字があります。画像に重なる {count} 文字（OCR の結果など）は取り込みました。"
        "画像と照合してください。",
        en="Invisible text on page {part}: {count} characters over a picture, as OCR leaves them, were taken in. "
        "Compare them with the picture.",
    ),
    "no-picture": Words(
        ja="{part} ページ目の画像を作成できませんでした。本文は検索できます。",
        en="Page {part} could not be drawn; its text can be searched.",
    ),
    "hidden-sheet": Words(
        ja="非表示のシート {sheet} は取り込んでいません。",
        en="The hidden sheet {sheet} was left out.",
    ),
    "hidden-cells": Words(
        ja="シート {sheet}: 非表示の {rows} 行・{columns} 列は取り込んでいません。",
        en="Sheet {sheet}: {rows} hidden rows and {columns} hidden columns were left out.",
    ),
    "no-cached-value": Words(
        ja="シート {sheet}: 計算結果のない数式が {count} 個あります。表計算ソフトで開いて保存し直してください。",
        en="Sheet {sheet}: {count} formulas have no stored result. Open the file in a spreadsheet program and save it.",
    ),
    "empty-sheet": Words(
        ja="シート {sheet} は空です。",
        en="Sheet {sheet} is empty.",
    ),
    "encoding": Words(
        ja="文字コード {encoding} として読み取りました。",
        en="Read as {encoding}.",
    ),
    "nul-removed": Words(
        ja="NUL 文字を {count} 個取り除きました。",
        en="{count} NUL characters were removed.",
    ),
}


@dataclass(frozen=True, slots=True)
class Note:
    """Something the operator should know about a converted file.

    `code` is a key of NOTES; `part` counts from 1, and 0 is the whole file.
    """

    code: str
    part: int = 0
    values: Mapping[str, str] = field(default_factory=dict)

    def text(self, language: Language) -> str:
        """One sentence; acting characters in values are made visible."""
        fields = {name: one_line(value) for name, value in self.values.items()}
        return NOTES[self.code].text(language, part=self.part, **fields)


@dataclass(frozen=True, slots=True)
class Converted:
    """A whole document. Ordinals of parts run from 1 without gaps; pictures exist for PDF only."""

    title: str
    media_type: str
    language: Language
    parts: tuple[Part, ...]
    pictures: tuple[Picture, ...] = ()
    notes: tuple[Note, ...] = ()


class Converter(Protocol):
    """Bytes to a document. Raises ConversionFailed; opens no path and no connection."""

    def __call__(self, data: bytes, name: str, limits: Limits) -> Converted:
        """`name` is the file's own name, used for the title and in messages, never opened."""
