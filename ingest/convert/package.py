"""Office files as ZIP packages: looked through before a library unpacks them, because libraries count nothing."""

from __future__ import annotations

import io
import zipfile
import zlib

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
    is_xml = member.filename.lower().endswith((".xml", ".rels", ".vml"))
    with package.open(member) as stream:
        while block := stream.read(_BLOCK):
            size += len(block)
            if size > left:
                raise _too_large(name, limits)
            if is_xml and any(word in tail + block for word in _FORBIDDEN):
                raise FileBroken(name=name, why=causes.DOCUMENT_TYPE.filled(member=member.filename))
            tail = block[-_OVERLAP:]
    return size


def _too_large(name: str, limits: Limits) -> ConversionFailed:
    return FileTooLarge(name=name, what=causes.UNPACKED, limit=causes.many(causes.BYTES, limits.inflated))
