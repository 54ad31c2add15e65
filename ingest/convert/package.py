"""Office files as ZIP packages: looked through before a library unpacks them, because libraries count nothing."""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from lxml import etree

from appliance.words import Words
from ingest import causes
from ingest.converted import Limits
from ingest.errors import ConversionFailed, FileBroken, FileEncrypted, FileTooLarge

_MOST_MEMBERS = 20_000
_BLOCK = 1 << 20
# Office writes no document type; with one come entities that multiply or name other files. Both widths of characters.
_FORBIDDEN = tuple(
    word.encode(encoding) for word in ("<!DOCTYPE", "<!ENTITY") for encoding in ("ascii", "utf-16-le", "utf-16-be")
)
_OVERLAP = max(len(word) for word in _FORBIDDEN)
_XML_ENDINGS = (".xml", ".rels", ".vml")
# Content types of members that are no part of the document for any library of ours: pictures and foreign text.
_NEVER_PARSED = {"image/svg+xml", "text/html", "application/xhtml+xml", "message/rfc822"}
# Packages hold XML in UTF-8 or UTF-16 (ECMA-376 part 2, 9.1.1); the others listed cannot hide ASCII either. Parsers
# know more (UTF-7, EBCDIC, UTF-32, and whatever iconv knows), in which a document type looks like anything.
_ENCODINGS = {"utf-8", "utf8", "utf-16", "utf-16le", "utf-16be", "us-ascii", "ascii", "iso-8859-1", "windows-1252"}
_DECLARED = re.compile(r"<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)")
# How a parser tells encodings whose characters are wider than ASCII, by the first four bytes (XML 1.0, appendix F).
_FOREIGN_STARTS = (
    b"\0\0\xfe\xff", b"\xff\xfe\0\0", b"\0\0\xff\xfe", b"\xfe\xff\0\0",
    b"\0\0\0<", b"<\0\0\0", b"\0\0<\0", b"\0<\0\0", b"\x4c\x6f\xa7\x94",
)  # fmt: skip
_HEAD = 1024


def checked(data: bytes, name: str, limits: Limits) -> zipfile.ZipFile:
    """The package, every member of which was unpacked once and counted.

    Raises FileBroken (overlapping members, bad checksums, names that leave the package, document types), FileEncrypted,
    FileTooLarge.
    """
    try:
        package = zipfile.ZipFile(io.BytesIO(data))
        members = package.infolist()
        if len(members) > _MOST_MEMBERS:
            raise FileTooLarge(
                name=name,
                what=causes.many(causes.MEMBERS, len(members)),
                limit=causes.many(causes.MEMBERS, _MOST_MEMBERS),
            )
        _check_directory(members, name)
        left = limits.inflated
        for member in members:
            left -= _unpack(package, member, left, name, limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OverflowError) as error:
        raise FileBroken(name=name, why=causes.ZIP_DAMAGED) from error
    return package


def _check_directory(members: list[zipfile.ZipInfo], name: str) -> None:
    end = 0
    for member in sorted(members, key=lambda item: item.header_offset):
        if member.header_offset < end:
            raise FileBroken(name=name, why=causes.ZIP_OVERLAPS)
        # Beyond the 30 bytes of the local header and the name, which is at least as long as this.
        end = member.header_offset + 30 + member.compress_size
        if member.flag_bits & 1:
            raise FileEncrypted(name=name)
        steps = member.filename.replace("\\", "/").split("/")
        if ".." in steps or steps[0] == "" or ":" in steps[0]:
            raise FileBroken(name=name, why=causes.ZIP_OUTSIDE.filled(member=member.filename))


def _unpack(package: zipfile.ZipFile, member: zipfile.ZipInfo, left: int, name: str, limits: Limits) -> int:
    size, tail = 0, b""
    fault: Words | None = None
    with package.open(member) as stream:
        while block := stream.read(_BLOCK):
            if not size:
                is_xml = _may_be_xml(member.filename, block)
                fault = _foreign(member.filename, block[:_HEAD]) if is_xml else None
            size += len(block)
            if size > left:
                raise _too_large(name, limits)
            if is_xml and not fault and any(word in tail + block for word in _FORBIDDEN):
                fault = causes.DOCUMENT_TYPE.filled(member=member.filename)
            tail = block[-_OVERLAP:]
    if fault and (member.filename.lower().endswith(_XML_ENDINGS) or _is_part(package, member.filename)):
        raise FileBroken(name=name, why=fault)
    return size


def _may_be_xml(filename: str, start: bytes) -> bool:
    """Whether a parser would take it for XML: by content too, since a name does not say what a member is for."""
    bare = start[:_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip(b"\xfe\xff\0 \t\r\n")
    return bare[:1] == b"<" or start.startswith(_FOREIGN_STARTS) or filename.lower().endswith(_XML_ENDINGS)


def _foreign(filename: str, head: bytes) -> Words | None:
    """What is wrong with the encoding of an XML member, from its beginning; None when nothing is."""
    if head.startswith(_FOREIGN_STARTS):
        return causes.FOREIGN_XML.filled(member=filename)
    # With every NUL left out, the declaration reads the same in one and in two bytes a character.
    declared = _DECLARED.search(head.replace(b"\0", b"").decode("latin-1"))
    if declared and declared[1].lower() not in _ENCODINGS:
        return causes.FOREIGN_ENCODING.filled(member=filename, encoding=declared[1][:40])
    return None


def _is_part(package: zipfile.ZipFile, filename: str) -> bool:
    """Whether the package declares this member to be anything but a picture or foreign text."""
    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        root = etree.fromstring(package.read("[Content_Types].xml"), parser)
    except (KeyError, etree.XMLSyntaxError):
        return True
    own, by_ending = f"/{filename}".lower(), filename.lower().rpartition(".")[2]
    kinds = {
        (item.get("PartName") or "").lower() or (item.get("Extension") or "").lower(): item.get("ContentType")
        for item in root.iter("{*}Override", "{*}Default")
    }
    return (kinds.get(own) or kinds.get(by_ending) or "").lower() not in _NEVER_PARSED


def _too_large(name: str, limits: Limits) -> ConversionFailed:
    return FileTooLarge(name=name, what=causes.UNPACKED, limit=causes.many(causes.BYTES, limits.inflated))
