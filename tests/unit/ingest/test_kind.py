"""The format is decided by content, packages are looked through before they are unpacked."""

import io
import zipfile

import pytest

from ingest.convert import convert
from ingest.convert.kind import kind_of
from ingest.convert.package import checked
from ingest.converted import Limits
from ingest.errors import FileBroken, FileEmpty, FileEncrypted, FileMislabelled, FileTooLarge, FormatUnsupported
from tests.unit.ingest.making import document, lines, pdf, repacked, workbook

LIMITS = Limits()
PAGE = b"<!DOCTYPE html><html><body>Please sign in</body></html>"


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (pdf(lines("a")), "a.pdf", "pdf"),
        (pdf(lines("a")), "A.PDF", "pdf"),
        (pdf(lines("a")), "no-ending", "pdf"),
        (b"\r\n" + pdf(lines("a")), "a.pdf", "pdf"),
        (document(lambda new: None), "a.docx", "docx"),
        (document(lambda new: None), "a.bin", "docx"),
        (workbook(lambda book: None), "a.xlsx", "xlsx"),
        (workbook(lambda book: None), "a.xlsm", "xlsx"),
        (PAGE, "a.html", "html"),
        (b"\xef\xbb\xbf\n<!-- x --><HTML>", "a.htm", "html"),
        (b"<p>fragment</p>", "a.html", "html"),
        (PAGE, "no-ending", "html"),
        (PAGE, "example.txt", "txt"),
        (PAGE.replace(b"sign in", b"open %PDF-1.7"), "a.html", "html"),
        (b"a,b", "a.csv", "csv"),
        (b"a\tb", "a.tsv", "csv"),
        (b"# a", "a.md", "markdown"),
        (b"text", "a.txt", "txt"),
        (b"text", "README", "txt"),
        ("規程".encode("utf-16"), "a.txt", "txt"),
    ],
)
def test_the_content_decides_and_the_name_chooses_among_texts(data, name, kind):
    assert kind_of(data, name) == kind


@pytest.mark.parametrize(
    ("data", "name", "found"),
    [
        (PAGE, "規程.pdf", "HTML"),
        (PAGE, "a.docx", "HTML"),
        (PAGE, "a.xlsx", "HTML"),
        (PAGE, "a.csv", "HTML"),
        (b"not a pdf at all", "a.pdf", "plain text"),
        (b"\x00\x01\x02binary", "a.docx", "binary data"),
        (pdf(lines("a")), "a.docx", "PDF"),
        (pdf(lines("a")), "a.txt", "PDF"),
        (document(lambda new: None), "a.xlsx", "DOCX"),
        (workbook(lambda book: None), "a.csv", "XLSX"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_reported(data, name, found):
    with pytest.raises(FileMislabelled, match=f"contains {found}\\. Save it as real"):
        kind_of(data, name)


@pytest.mark.parametrize(
    ("data", "name", "found"),
    [
        (b"\x89PNG\r\n\x1a\n", "a.png", "a PNG picture"),
        (b"{\\rtf1", "a.docx", "RTF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "a.doc", "the Office format of before 2007"),
        (b"\x7fELF\x02", "a.txt", "a program"),
        (b"print(1)", "a.py", r"the ending \.py"),
        (b"\x1f\x8b\x08", "a.gz", "a gzip archive"),
    ],
)
def test_a_format_without_a_converter_is_named_with_those_that_have_one(data, name, found):
    with pytest.raises(FormatUnsupported, match=f"{found}.* is not supported. Save it as one of PDF, DOCX"):
        kind_of(data, name)


@pytest.mark.parametrize(
    ("member", "found"), [("ppt/presentation.xml", "PPTX"), ("content.xml", "OpenDocument"), ("a.txt", "a ZIP archive")]
)
def test_other_packages_are_named(member, found):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr(member, "x")

    with pytest.raises(FormatUnsupported, match=f"{found} is not supported"):
        kind_of(buffer.getvalue(), "a.pptx")


def test_an_encrypted_office_file_is_named_as_such():
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + "EncryptedPackage".encode("utf-16-le") + bytes(100)

    with pytest.raises(FileEncrypted, match=r"a\.xlsx is protected by a password"):
        kind_of(data, "a.xlsx")


@pytest.mark.parametrize("data", [b"", b"\0" * 100, b" \r\n\t"])
def test_nothing_is_empty_whatever_it_is_called(data):
    for name in ("a.pdf", "a.txt", "a.xlsx"):
        with pytest.raises(FileEmpty, match="holds no text"):
            kind_of(data, name)


def test_a_cut_off_package_is_damaged():
    data = document(lambda new: new.add_paragraph("本文"))

    with pytest.raises(FileBroken, match="its ZIP directory cannot be read"):
        kind_of(data[: len(data) // 2], "a.docx")


def test_more_bytes_than_the_limit_are_refused_first():
    with pytest.raises(FileTooLarge, match="100 bytes over the limit of 99 bytes"):
        convert(b"x" * 100, "a.txt", Limits(input=99))


# --- packages --------------------------------------------------------------------------------------------------------


def test_a_zip_bomb_is_stopped_while_it_is_counted():
    bomb = repacked(document(lambda new: None), {"word/media/image1.png": bytes(30_000_000)})
    assert len(bomb) < 200_000

    with pytest.raises(FileTooLarge, match="its unpacked content over the limit of 20000000 bytes"):
        convert(bomb, "a.docx", Limits(inflated=20_000_000))


def test_a_member_that_understates_its_size_is_counted_by_what_comes_out():
    bomb = bytearray(repacked(document(lambda new: None), {"word/media/image1.png": bytes(30_000_000)}))
    real = (30_000_000).to_bytes(4, "little")
    while (place := bomb.find(real)) >= 0:
        bomb[place : place + 4] = (10).to_bytes(4, "little")

    with pytest.raises((FileBroken, FileTooLarge), match=r"damaged|over the limit"):
        convert(bytes(bomb), "a.docx", Limits(inflated=20_000_000))


def test_members_that_share_their_bytes_are_refused():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", bytes(1_000_000))
        package.writestr("word/other.xml", bytes(1_000_000))
        # Both directory entries point to the first member: what makes 34 KB declare 5 GB.
        package.getinfo("word/other.xml").header_offset = 0

    with pytest.raises(FileBroken, match="members of its ZIP overlap"):
        checked(buffer.getvalue(), "a.docx", LIMITS)


@pytest.mark.parametrize("member", ["../../etc/passwd", "/etc/passwd", "word\\..\\..\\x", "C:/x", "a/../b"])
def test_a_member_that_points_outside_is_refused(member):
    data = repacked(document(lambda new: new.add_paragraph("a")), {member: "x"})

    with pytest.raises(FileBroken, match=r"its member .* points outside"):
        convert(data, "a.docx", LIMITS)


def test_a_changed_byte_is_a_damaged_package():
    data = bytearray(document(lambda new: new.add_paragraph("本文" * 50)))
    data[data.find(b"word/document.xml") + 60] ^= 0xFF

    with pytest.raises(FileBroken, match="its ZIP structure is damaged"):
        checked(bytes(data), "a.docx", LIMITS)


def test_a_member_with_a_password_is_named_as_the_reason():
    data = bytearray(document(lambda new: None))
    place = data.find(b"PK\x01\x02")
    data[place + 8] |= 1

    with pytest.raises(FileEncrypted, match="protected by a password"):
        checked(bytes(data), "a.docx", LIMITS)


def test_more_members_than_any_office_file_has_are_refused():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for number in range(20_001):
            package.writestr(f"word/{number}", "")

    with pytest.raises(FileTooLarge, match="20001 members over the limit"):
        checked(buffer.getvalue(), "a.docx", LIMITS)
