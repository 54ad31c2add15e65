"""PDF by PDFium: per page its text, its lines' boxes as displayed, and its picture."""

from __future__ import annotations

import ctypes
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pypdfium2 as pdfium
import pypdfium2.raw as c
from PIL import Image

from appliance.models import Part
from appliance.visible import one_line
from ingest import causes
from ingest.convert.page_text import Glyph, joined, rows_of, shown_forms
from ingest.convert.plain import language_of, stem
from ingest.convert.running import without_running_lines
from ingest.converted import Converted, Limits, Note, Picture
from ingest.errors import FileBroken, FileEncrypted, FileTooLarge, NeedsOcr

_THUMBNAIL = 144
_TALLEST = 4  # a picture's height over its width: receipts and banners stay readable, bombs do not fit
_GARBLED = 0.05
_SCAN = 0.5  # share of the page that a picture covers, beside almost no text
_FEW = 20
_DEEPEST = 15  # forms within forms


def convert(data: bytes, name: str, limits: Limits) -> Converted:
    """A part a page, with its number as label; pages without text are noted, not dropped.

    Raises FileEncrypted, FileBroken (also when the end of the file is missing), FileTooLarge, NeedsOcr.
    """
    document = _opened(data, name)
    try:
        count = len(document)
        if not count:
            raise FileBroken(name=name, why=causes.NO_PAGES)
        if count > limits.pages:
            raise FileTooLarge(
                name=name, what=causes.many(causes.PAGES, count), limit=causes.many(causes.PAGES, limits.pages)
            )
        pages = [_page(document, index, name, limits) for index in range(count)]
        title = _title(document) or stem(name)
    finally:
        document.close()
    parts = without_running_lines([page.part for page in pages])
    if not any(part.text for part in parts):
        raise NeedsOcr(name=name, pages=count)
    return Converted(
        title=title,
        media_type="application/pdf",
        language=language_of("\n".join(part.text for part in parts)),
        parts=parts,
        pictures=tuple(page.picture for page in pages if page.picture),
        notes=tuple(note for page in pages for note in page.notes),
    )


@dataclass(frozen=True, slots=True)
class _Page:
    part: Part
    picture: Picture | None
    notes: tuple[Note, ...]


def _opened(data: bytes, name: str) -> pdfium.PdfDocument:
    # PDFium rebuilds what a lost end of file leaves and is silent about the pages that are gone.
    if data.rfind(b"startxref") < data.rfind(b"endobj"):
        raise FileBroken(name=name, why=causes.NO_END)
    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if c.FPDF_GetLastError() in {c.FPDF_ERR_PASSWORD, c.FPDF_ERR_SECURITY} or "password" in str(error).lower():
            raise FileEncrypted(name=name) from error
        raise FileBroken(name=name, why=causes.NO_PDF) from error


def _title(document: pdfium.PdfDocument) -> str:
    title = one_line(document.get_metadata_value("Title"))
    junk = not title or "⟨" in title or "\ufffd" in title or title.lower().startswith(("untitled", "microsoft "))
    latin = any("\xa0" <= character <= "\xff" for character in title)  # cp932 bytes read as PDFDocEncoding
    return "" if junk or latin else title


def _page(document: pdfium.PdfDocument, index: int, name: str, limits: Limits) -> _Page:
    ordinal = index + 1
    try:
        page = document[index]
        textpage = page.get_textpage()
    except pdfium.PdfiumError as error:
        raise FileBroken(name=name, why=causes.PAGE_UNREADABLE.filled(page=ordinal)) from error
    view = _View.of(page)
    reading = _Reading(textpage, view, _Hidden.of(page, view))
    rows = rows_of(reading.glyphs)
    text, lines = joined(rows, view.width, view.height)
    notes = list(_notes(page, view, ordinal, text, reading))
    if any(row.is_vertical_writing() for row in rows):
        notes.append(Note("vertical-text", ordinal))
    picture = _picture(page, ordinal, limits.page_pixels) if limits.page_pixels else None
    if limits.page_pixels and picture is None:
        notes.append(Note("no-picture", ordinal))
    textpage.close()
    page.close()
    return _Page(Part(ordinal, "page", str(ordinal), text, lines), picture, tuple(notes))


@dataclass(frozen=True, slots=True)
class _View:
    """The visible rectangle of a page in its own coordinates (points, upwards), and its clockwise turns by 90°."""

    left: float
    bottom: float
    right: float
    top: float
    turns: int

    @classmethod
    def of(cls, page: pdfium.PdfPage) -> _View:
        box = c.FS_RECTF()
        c.FPDF_GetPageBoundingBox(page, box)
        return cls(box.left, box.bottom, box.right, box.top, page.get_rotation() // 90 % 4)

    @property
    def width(self) -> float:
        return (self.top - self.bottom if self.turns % 2 else self.right - self.left) or 1.0

    @property
    def height(self) -> float:
        return (self.right - self.left if self.turns % 2 else self.top - self.bottom) or 1.0

    def shown(self, box: c.FS_RECTF) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of a box as it is displayed, from the top left, downwards."""
        match self.turns:
            case 0:
                return box.left - self.left, self.top - box.top, box.right - self.left, self.top - box.bottom
            case 1:
                return box.bottom - self.bottom, box.left - self.left, box.top - self.bottom, box.right - self.left
            case 2:
                return self.right - box.right, box.bottom - self.bottom, self.right - box.left, box.top - self.bottom
            case _:
                return self.top - box.top, self.right - box.right, self.top - box.bottom, self.right - box.left


@dataclass(frozen=True, slots=True)
class _Hidden:
    """Whether a page has text that it does not show (render mode 3), and where its pictures are, as displayed.

    OCR writes what it reads invisibly over the picture of a scanned page: there, such text is the page's text.
    """

    at_all: bool
    pictures: tuple[tuple[float, float, float, float], ...]

    @classmethod
    def of(cls, page: pdfium.PdfPage, view: _View) -> _Hidden:
        kinds = (c.FPDF_PAGEOBJ_TEXT,)
        if not any(_is_invisible(item.raw) for item in page.get_objects(filter=kinds, max_depth=_DEEPEST)):
            return cls(False, ())
        pictures = [item for item in page.get_objects(max_depth=1) if _holds_picture(page, item)]
        bounds = [item.get_bounds() for item in pictures]
        boxes = [view.shown(c.FS_RECTF(left, top, right, bottom)) for left, bottom, right, top in bounds]
        return cls(True, tuple(boxes))

    def over_picture(self, x: float, y: float) -> bool:
        return any(left <= x <= right and top <= y <= bottom for left, top, right, bottom in self.pictures)


def _holds_picture(page: pdfium.PdfPage, item: pdfium.PdfObject) -> bool:
    """A picture, or a form with one: what is inside a form tells its place in the form only."""
    if item.type != c.FPDF_PAGEOBJ_FORM:
        return bool(item.type == c.FPDF_PAGEOBJ_IMAGE)
    return any(page.get_objects(filter=(c.FPDF_PAGEOBJ_IMAGE,), max_depth=_DEEPEST, form=item.raw, level=1))


def _is_invisible(text: c.FPDF_PAGEOBJECT) -> bool:
    return bool(text and c.FPDFTextObj_GetTextRenderMode(text) == c.FPDF_TEXTRENDERMODE_INVISIBLE)


class _Reading:
    """The characters of a page in the file's order, None for a line's end, and counts of those left out or doubtful."""

    def __init__(self, textpage: pdfium.PdfTextPage, view: _View, hidden: _Hidden) -> None:
        self.glyphs: list[Glyph | None] = []
        self.outside = 0
        self.unreadable = 0
        self.invisible = 0  # left out
        self.invisible_kept = 0
        self._view, self._hidden = view, hidden
        self._twice_width, self._twice_height = 2 * view.width, 2 * view.height  # the middle of a box decides
        self._textpage = textpage
        for index, character, box, odd in self._characters():
            if not (hidden.at_all and self._leaves_out(index, character, box)):
                self._take(character, box, odd)

    def _leaves_out(self, index: int, character: str, box: c.FS_RECTF) -> bool:
        """Whether a character is one that nobody sees, and no picture's either."""
        if not _is_invisible(c.FPDFText_GetTextObject(self._textpage.raw, index)):
            return False
        left, top, right, bottom = self._view.shown(box)
        kept = self._hidden.over_picture((left + right) / 2, (top + bottom) / 2)
        self.invisible_kept += kept and not character.isspace()
        self.invisible += not kept and not character.isspace()
        return not kept

    def _take(self, character: str, box: c.FS_RECTF, odd: bool) -> None:
        if character in "\r\n":
            if self.glyphs and self.glyphs[-1] is not None:
                self.glyphs.append(None)
            return
        left, top, right, bottom = self._view.shown(box)
        if not (0 <= left + right <= self._twice_width and 0 <= top + bottom <= self._twice_height):
            self.outside += not character.isspace()
            return
        self.unreadable += odd
        if character < "\u2e80":
            self.glyphs.append(Glyph.at(character, left, top, right, bottom))
        else:
            self._take_as_typed(shown_forms(character), left, top, right, bottom)

    def _take_as_typed(self, shown: str, left: float, top: float, right: float, bottom: float) -> None:
        if shown in {"\u3099", "\u309a"} and self.glyphs and (before := self.glyphs[-1]):
            self.glyphs[-1] = _composed(before, shown, right, top)
            return
        step = (right - left) / len(shown)
        for number, part in enumerate(shown):
            self.glyphs.append(Glyph.at(part, left + step * number, top, left + step * (number + 1), bottom))

    def _characters(self) -> Iterator[tuple[int, str, c.FS_RECTF, bool]]:
        """(index, character, box, whether its meaning is unknown); pairs of surrogates become one, NUL is dropped."""
        handle = self._textpage.raw
        high, first = 0, c.FS_RECTF()
        for index in range(c.FPDFText_CountChars(handle)):
            code = c.FPDFText_GetUnicode(handle, index)
            box = c.FS_RECTF()
            c.FPDFText_GetLooseCharBox(handle, index, ctypes.byref(box))
            if 0xD800 <= code < 0xDC00:
                high, first = code, box
                continue
            if 0xDC00 <= code < 0xE000 and high:
                code = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00)
                box.left, box.right = min(first.left, box.left), max(first.right, box.right)
            high = 0
            # PDFium gives U+0002 or U+FFFE for a hyphen at a line's end.
            character = "\ufffe" if code in {2, 0xFFFE} else chr(code)
            if code == 0 or (code < 32 and character not in "\r\n\t\ufffe"):
                continue
            yield index, character, box, _odd(character, handle, index)


def _odd(character: str, handle: c.FPDF_TEXTPAGE, index: int) -> bool:
    if character.isspace() or character == "\ufffe":
        return False
    return _meaningless(character) or bool(c.FPDFText_HasUnicodeMapError(handle, index) == 1)


@cache
def _meaningless(character: str) -> bool:
    return character == "\ufffd" or unicodedata.category(character) in {"Co", "Cn", "Cs", "Cc"}


def _composed(before: Glyph, mark: str, right: float, top: float) -> Glyph:
    both = unicodedata.normalize("NFC", before.character + mark)
    character = both if len(both) == 1 else before.character
    return Glyph.at(character, before.left, min(before.top, top), max(before.right, right), before.bottom)


def _notes(page: pdfium.PdfPage, view: _View, ordinal: int, text: str, reading: _Reading) -> Iterator[Note]:
    if len(text) < _FEW and _pictured(page, view, at_all=not text):
        yield Note("needs-ocr", ordinal)
    elif not text:
        yield Note("blank-page", ordinal)
    elif reading.unreadable > _GARBLED * len(text):
        yield Note("garbled", ordinal, {"share": str(round(100 * reading.unreadable / len(text)))})
    if reading.invisible:
        yield Note("invisible-text", ordinal, {"count": str(reading.invisible)})
    if reading.invisible_kept:
        yield Note("invisible-text-kept", ordinal, {"count": str(reading.invisible_kept)})
    if reading.outside:
        yield Note("off-page-text", ordinal, {"count": str(reading.outside)})


def _pictured(page: pdfium.PdfPage, view: _View, at_all: bool) -> bool:
    """Whether a picture (or, on a page without text, outlines drawn as paths) stands where text would."""
    covered = 0.0
    for item in page.get_objects(max_depth=4):
        if item.type == c.FPDF_PAGEOBJ_IMAGE:
            left, bottom, right, top = item.get_bounds()
            covered += (right - left) * (top - bottom)
        elif at_all and item.type in {c.FPDF_PAGEOBJ_PATH, c.FPDF_PAGEOBJ_SHADING}:
            return True
    return bool(covered > (0 if at_all else _SCAN * view.width * view.height))


def _picture(page: pdfium.PdfPage, ordinal: int, widest: int) -> Picture | None:
    width, height = page.get_size()
    if width <= 0 or height <= 0:
        return None
    scale = min(widest / width, widest * _TALLEST / height)
    try:
        image = page.render(scale=scale, prefer_bgrx=True).to_pil().convert("RGB")
    except (pdfium.PdfiumError, ValueError, OSError):
        return None
    small = image.copy()
    small.thumbnail((_THUMBNAIL, _THUMBNAIL * _TALLEST))
    return Picture(ordinal, _webp(image), _webp(small))


def _webp(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    # Method 1 takes half the time of the default for a tenth more bytes.
    image.save(buffer, "WEBP", quality=75, method=1)
    return buffer.getvalue()
