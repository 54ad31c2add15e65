"""Which format a file has: decided by its content; the name only chooses among the formats that are plain text."""

from __future__ import annotations

import io
import posixpath
import re
from typing import Literal

from appliance.words import Words
from ingest.errors import FileBroken, FileEmpty, FileEncrypted, FileMislabelled, FormatUnsupported

Kind = Literal["pdf", "docx", "xlsx", "html", "csv", "markdown", "txt"]

_NAMES: dict[Kind, str] = {
    "pdf": "PDF",
    "docx": "DOCX",
    "xlsx": "XLSX",
    "html": "HTML",
    "csv": "CSV",
    "markdown": "Markdown",
    "txt": "TXT",
}
ENDINGS: dict[str, Kind] = {
    "pdf": "pdf",
    "docx": "docx",
    "docm": "docx",
    "xlsx": "xlsx",
    "xlsm": "xlsx",
    "html": "html",
    "htm": "html",
    "xhtml": "html",
    "csv": "csv",
    "tsv": "csv",
    "md": "markdown",
    "markdown": "markdown",
    "txt": "txt",
    "text": "txt",
    "log": "txt",
}
KNOWN = ", ".join(_NAMES.values())
_TEXT: frozenset[Kind] = frozenset({"html", "csv", "markdown", "txt"})
_OFFICE: tuple[tuple[str, Kind], ...] = (("word/document.xml", "docx"), ("xl/workbook.xml", "xlsx"))
_FOREIGN_PACKAGES = (
    ("ppt/", Words(ja="PPTX 形式", en="PPTX")),
    ("content.xml", Words(ja="OpenDocument 形式", en="OpenDocument")),
    ("META-INF/", Words(ja="Java のアーカイブ", en="a Java archive")),
)
_FOREIGN = (
    (b"{\\rtf", Words(ja="RTF 形式", en="RTF")),
    (b"\x89PNG\r\n\x1a\n", Words(ja="PNG 画像", en="a PNG picture")),
    (b"\xff\xd8\xff", Words(ja="JPEG 画像", en="a JPEG picture")),
    (b"GIF8", Words(ja="GIF 画像", en="a GIF picture")),
    (b"II*\0", Words(ja="TIFF 画像", en="a TIFF picture")),
    (b"MM\0*", Words(ja="TIFF 画像", en="a TIFF picture")),
    (b"\x1f\x8b", Words(ja="gzip の圧縮ファイル", en="a gzip archive")),
    (b"7z\xbc\xaf\x27\x1c", Words(ja="7-Zip の圧縮ファイル", en="a 7-Zip archive")),
    (b"Rar!\x1a\x07", Words(ja="RAR の圧縮ファイル", en="a RAR archive")),
    (b"\x7fELF", Words(ja="プログラム", en="a program")),
    (b"MZ\x90\0", Words(ja="プログラム", en="a program")),
    (b"SQLite format 3\0", Words(ja="データベース", en="a database")),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLD_OFFICE = Words(ja="Office 2003 以前の形式（または MSG）", en="the Office format of before 2007 (or MSG)")
_ENDING = Words(ja="拡張子 .{ending} のファイル", en="the ending .{ending}")
_BINARY = Words(ja="バイナリーデータ", en="binary data")
_PLAIN = Words(ja="ただのテキスト", en="plain text")
_NO_DIRECTORY = Words(ja="ZIP の目次を読み取れません", en="its ZIP directory cannot be read")
_HTML = re.compile(rb"\s*(?:<\?xml[^>]{0,200}\?>\s*|<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html)\b", re.I | re.S)


def kind_of(data: bytes, name: str) -> Kind:
    """The format that a converter exists for.

    Raises FileEmpty, FileEncrypted, FileBroken, FormatUnsupported, and FileMislabelled when the name says otherwise (a
    sign-in page saved as .pdf is no document).
    """
    if not data.strip(b"\0 \t\r\n"):
        raise FileEmpty(name=name)
    named = ENDINGS.get(ending(name))
    found = _by_content(data, name)
    if found is None:
        return _text_kind(data, name, named)
    if named is not None and named != found:
        raise FileMislabelled(name=name, named=named.upper(), found=found.upper())
    return found


def accepted() -> str:
    """Every format with the endings of its files, for people."""
    endings = {kind: " ".join(f".{ending}" for ending, of in ENDINGS.items() if of == kind) for kind in _NAMES}
    return ", ".join(f"{name} ({endings[kind]})" for kind, name in _NAMES.items())


def ending(name: str) -> str:
    """The lower-case ending of a file name without its dot; empty when there is none."""
    return posixpath.splitext(name)[1].removeprefix(".").lower()


def _by_content(data: bytes, name: str) -> Kind | None:
    if b"%PDF-" in data[:1024] and not _HTML.match(data[:4096]):
        return "pdf"
    if data.startswith(b"PK\x03\x04"):
        return _package_kind(data, name)
    if data.startswith(_OLE):
        raise _ole_failure(data, name)
    for magic, found in _FOREIGN:
        if data.startswith(magic):
            raise FormatUnsupported(name=name, found=found, known=KNOWN)
    return None


def _package_kind(data: bytes, name: str) -> Kind:
    import zipfile  # with what it needs itself, it takes as long to load as all the rest here

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            members = set(package.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise FileBroken(name=name, why=_NO_DIRECTORY) from error
    for member, kind in _OFFICE:
        if member in members:
            return kind
    for start, found in _FOREIGN_PACKAGES:
        if any(member.startswith(start) for member in members):
            raise FormatUnsupported(name=name, found=found, known=KNOWN)
    raise FormatUnsupported(name=name, found=Words(ja="ZIP の圧縮ファイル", en="a ZIP archive"), known=KNOWN)


def _ole_failure(data: bytes, name: str) -> FileEncrypted | FormatUnsupported:
    if "EncryptedPackage".encode("utf-16-le") in data:  # [MS-OFFCRYPTO] 2.3.4.4
        return FileEncrypted(name=name)
    return FormatUnsupported(name=name, found=_OLD_OFFICE, known=KNOWN)


def _text_kind(data: bytes, name: str, named: Kind | None) -> Kind:
    is_html = bool(_HTML.match(data.removeprefix(b"\xef\xbb\xbf")[:8192]))
    if named is None:
        if is_html:
            return "html"
        if ending(name):
            raise FormatUnsupported(name=name, found=_ENDING.filled(ending=ending(name)), known=KNOWN)
        return "txt"
    if named not in _TEXT or (named == "csv" and is_html):
        raise FileMislabelled(name=name, named=named.upper(), found="HTML" if is_html else _guess(data))
    return named


def _guess(data: bytes) -> Words:
    return _BINARY if b"\0" in data[:4096] else _PLAIN
