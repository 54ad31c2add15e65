"""Files for the tests, made by libraries that are not the ones under test wherever there are two."""

import io
import zipfile
import zlib

import docx
import openpyxl
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

GOTHIC = "HeiseiKakuGo-W5"
A4 = (595, 842)
pdfmetrics.registerFont(UnicodeCIDFont(GOTHIC))


def pdf(*pages, title=None, password=None):
    """A PDF of one function a page, each given the canvas."""
    buffer = io.BytesIO()
    encryption = StandardEncryption(password, canPrint=1) if password else None
    canvas = Canvas(buffer, pagesize=A4, encrypt=encryption, invariant=1)
    if title:
        canvas.setTitle(title)
    for page in pages:
        canvas.setPageSize(A4)
        canvas.setPageRotation(0)
        page(canvas)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def lines(*texts, size=12, font=GOTHIC, left=72, top=770, leading=1.5):
    """A page of lines, from the top down."""

    def draw(canvas):
        canvas.setFont(font, size)
        for number, text in enumerate(texts):
            canvas.drawString(left, top - number * size * leading, text)

    return draw


def picture_page(canvas):
    """A page that is a picture, as a scanner makes it."""
    image = Image.new("L", (600, 800), 255)
    image.paste(0, (100, 100, 500, 140))
    canvas.drawImage(ImageReader(image), 0, 0, 595, 842)


def pdf_with_huge_image(side=20_000):
    """A small PDF whose only picture unpacks to side * side bytes."""
    pixels = zlib.compressobj(9)
    block = bytes(1 << 20)
    stream = b"".join(pixels.compress(block) for _ in range(side * side // len(block) + 1)) + pixels.flush()
    content = b"q 500 0 0 500 50 50 cm /I Do Q BT /F 12 Tf 60 700 Td (Text beside it) Tj ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 5 0 R"
        b"/Resources<</XObject<</I 4 0 R>>/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>",
        b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode"
        b"/Length %d>>stream\n%s\nendstream" % (side, side, len(stream), stream),
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
    ]
    return assembled(objects)


def pdf_with_its_catalogue_first(count):
    """A PDF that readers rebuild when its end is lost, with fewer pages."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * number) for number in range(count))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for number in range(count):
        content = b"BT /F 12 Tf 60 700 Td (Page %d of the policy) Tj ET" % (number + 1)
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R/Resources<</Font<</F 3 0 R>>>>>>"
            % (5 + 2 * number)
        )
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(content), content))
    # As in files made for fast viewing on the web, which tell where they begin at their beginning.
    return assembled(objects, b"trailer<</Size %d/Root 1 0 R>>\n" % (len(objects) + 1))


def assembled(objects, first=b""):
    """A PDF of these objects, numbered from 1, with a right cross-reference table."""
    out, places = bytearray(b"%PDF-1.7\n" + first), []
    for number, item in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj" % number + item + b"endobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def workbook(fill):
    """An XLSX of what `fill` does to a new workbook."""
    book = openpyxl.Workbook()
    fill(book)
    return saved(book)


def document(fill):
    """A DOCX of what `fill` does to a new document without a title of its own."""
    new = docx.Document()
    new.core_properties.title = ""
    fill(new)
    return saved(new)


def saved(thing):
    """What `thing` saves, as bytes."""
    buffer = io.BytesIO()
    thing.save(buffer)
    return buffer.getvalue()


def repacked(package, changes):
    """A ZIP with some members replaced or added."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in changes:
                new.writestr(name, old.read(name))
        for name, content in changes.items():
            new.writestr(name, content)
    return buffer.getvalue()


def document_xml(body, before=""):
    """A DOCX whose body is this XML, with the prefixes w, mc and wps."""
    xml = (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}'
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
        'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
        'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape">'
        f"<w:body>{body}</w:body></w:document>"
    )
    return repacked(document(lambda new: None), {"word/document.xml": xml})
