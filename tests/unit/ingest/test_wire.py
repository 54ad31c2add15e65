"""What crosses from the child is checked value by value: it may come from whoever wrote the file."""

import json
from dataclasses import replace

import pytest

from appliance.models import Line, Part
from ingest.converted import NOTES, Converted, Note, Picture
from ingest.errors import ConversionFailed, FileBroken, FileTooLarge, NeedsOcr, named
from ingest.wire import Garbage, packed, packed_failure, unpacked

WEBP = b"RIFF\x04\0\0\0WEBP"
LINE = Line(1, 3, 0.1, 0.2, (0.1, 0.25, 0.5))
DOCUMENT = Converted(
    title="規程\n⟨U+202E⟩",
    media_type="application/pdf",
    language="ja",
    parts=(Part(1, "page", "1", "あ漢字𠮷", (LINE,)), Part(2, "page", "2", "")),
    pictures=(Picture(1, WEBP + b"page", WEBP + b"small"), Picture(2, WEBP + b"\n{}", WEBP)),
    notes=(Note("needs-ocr", 2), Note("garbled", 1, {"share": "12"})),
)


def sent(document=DOCUMENT):
    return b"".join(packed(document))


def changed(**fields):
    head, _, rest = sent().partition(b"\n")
    return json.dumps({**json.loads(head), **fields}).encode() + b"\n" + rest


def with_line(*values):
    return changed(parts=[["page", "1", "あ漢字𠮷", [list(values)]], ["page", "2", "", []]])


def test_a_document_comes_out_as_it_went_in():
    assert unpacked(sent()) == DOCUMENT


def test_a_failure_comes_out_with_its_values():
    failure = unpacked(b"".join(packed_failure(FileBroken(name="a\n.pdf", why="x" * 900))))

    assert isinstance(failure, FileBroken)
    assert failure.text("en").startswith("a\n.pdf is damaged or incomplete (xxx")
    assert len(failure.values["why"]) == 500


@pytest.mark.parametrize(
    "values",
    [
        (0, 5, 0, 1, 0, 0, 0, 0, 0, 0),
        (3, 3, 0, 1, 0),
        (3, 2, 0, 1),
        (-1, 1, 0, 1, 0, 0, 0),
        (0, 2, 0, 1, 0, 0),
        (0, 2, 0, 1, 0, 0, 0, 0),
        (0, 1, 0, 100_001, 0, 0),
        (0, 1, 0, 1, 0, 100_001),
        (0, 1, 5, 1, 0, 0),
        (0, 1, 0, 1, 9, 3),
        (0, 1, 0, 1, 0.5, 1),
        (0, 1, 0, 1, True, 1),
        (0, 1, 0, 1, "0", 1),
        (),
        (0,),
    ],
)
def test_a_line_outside_its_text_or_its_page_is_refused(values):
    with pytest.raises(Garbage, match=r"line|count"):
        unpacked(with_line(*values))


@pytest.mark.parametrize(
    "fields",
    [
        {"language": "fr"},
        {"language": None},
        {"title": 7},
        {"title": "\ud800"},
        {"media_type": ["x"]},
        {"parts": []},
        {"parts": {}},
        {"parts": [["page", "1", "x"]]},
        {"parts": [["chapter", "1", "x", []]]},
        {"parts": [["page", "1", None, []]]},
        {"parts": "x"},
        {"notes": [["no-such-note", 1, {}]]},
        {"notes": [["needs-ocr", 3, {}]]},
        {"notes": [["needs-ocr", -1, {}]]},
        {"notes": [["garbled", 1, {}]]},
        {"notes": [["garbled", 1, {"share": 5}]]},
        {"notes": [["garbled", 1, []]]},
        {"notes": None},
        {"pictures": []},
        {"pictures": [[1, 16, 17]]},
        {"pictures": [[1, 10**12, 17], [2, 15, 12]]},
        {"pictures": [[1, 16, 17], [1, 15, 12]]},
        {"pictures": [[3, 16, 17], [2, 15, 12]]},
        {"pictures": [[0, 16, 17], [2, 15, 12]]},
        {"pictures": [[1, -16, 17], [2, 15, 12]]},
        {"pictures": [[1, 17, 16], [2, 15, 12]]},
    ],
)
def test_a_field_of_the_wrong_kind_is_refused(fields):
    with pytest.raises(Garbage, match=r"\w"):
        unpacked(changed(**fields))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"x\n",
        b"[]\n",
        b"null\n",
        b'{"title":"x"}\n',
        b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
        b'{"parts":NaN}\n',
        b'{"parts":Infinity}\n',
        b'{"failed":7}\n',
        b'{"failed":"file-broken","values":[]}\n',
        b'{"failed":"file-broken","values":{"name":"x"}}\n',
        b'{"failed":"file-broken","values":{"name":1,"why":"x"}}\n',
        b'{"failed":"audit-unavailable","values":{"where":"x","why":"y"}}\n',
        b'{"failed":"no-such-code","values":{}}\n',
    ],
)
def test_what_is_no_result_is_refused(data):
    with pytest.raises(Garbage, match=r"\w"):
        unpacked(data)


def test_a_failure_of_another_family_cannot_be_spelled():
    assert named("audit-unavailable", {"where": "x", "why": "y"}) is None
    assert named("file-broken", {"name": "x"}) is None


# --- sentences -------------------------------------------------------------------------------------------------------


def kinds(kind=ConversionFailed):
    for below in kind.__subclasses__():
        yield below
        yield from kinds(below)


VALUES = {"name": "規程.pdf", "why": "x", "named": "PDF", "found": "HTML", "known": "PDF", "pages": "3"}
VALUES |= {"what": "9 pages", "limit": "5 pages", "seconds": "60", "missing": "files"}


@pytest.mark.parametrize("kind", list(kinds()), ids=lambda kind: kind.code)
def test_every_failure_names_the_file_and_a_remedy_in_both_languages(kind):
    failure = kind(**VALUES)

    assert failure.code
    assert failure.text("en").startswith("規程.pdf ")
    assert failure.text("ja").startswith("規程.pdf")
    assert failure.text("ja").endswith("ください。")
    for remedy in ("Save", "save", "Split", "Check", "Run OCR", "Use Linux"):
        if remedy in failure.text("en"):
            break
    else:
        pytest.fail(f"no remedy in: {failure.text('en')}")


def test_control_characters_in_a_name_are_made_visible():
    assert "⟨U+001B⟩" in FileTooLarge(name="a\x1b[2J.pdf", what="x", limit="y").text("en")
    assert "⟨U+202E⟩" in NeedsOcr(name="a\u202e.pdf", pages=1).text("ja")


@pytest.mark.parametrize("code", NOTES)
def test_every_note_has_its_sentence_in_both_languages(code):
    values = dict.fromkeys(("share", "count", "sheet", "rows", "columns", "encoding", "why"), "値\n\x1b")

    note = Note(code, 3, values)

    for language in ("ja", "en"):
        assert "{" not in note.text(language)
        assert "\n" not in note.text(language)
        assert "\x1b" not in note.text(language)
    assert note.text("ja").endswith("。")
    assert note.text("en").endswith(".")


@pytest.mark.parametrize("blob", [b"RIFF\x04\0\0\0AVI ", b"JUNK\x04\0\0\0WEBP"])
def test_a_picture_that_is_no_webp_is_refused(blob):
    hostile = replace(DOCUMENT, pictures=(Picture(1, blob, WEBP),))

    with pytest.raises(Garbage, match="no WebP"):
        unpacked(b"".join(packed(hostile)))
