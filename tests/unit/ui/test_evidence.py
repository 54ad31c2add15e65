"""Answers as HTML: nothing of a document, a title or a model becomes markup."""

import json
import re
from html import unescape
from html.parser import HTMLParser

import pytest

from tests.unit.ui.made import citation, source, turn
from ui.answer import Answer, Written, from_turn
from ui.evidence import cards, chip, legend, paragraph, sentence, steps, summary, where
from ui.markup import classification, escaped, line, notice, table

HOSTILE = (
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "</p></div></a><h1>",
    "[click](https://evil.example) https://evil.example mailto:a@evil.example",
    "![i](https://evil.example/i.png)",
    "&lt;b&gt; &amp; &#x3c;script&#x3e;",
    "\u202egnp.exe\u2066",
    "\x1b]8;;https://evil.example\x07x\x1b]8;;\x07",
    "\x00\u200b\ufeff\U000e0041",
    "$x^2$ :red[a] :material/home: `code` **bold** <!-- c -->",
)


class Tags(HTMLParser):
    """Which elements and attributes a piece of HTML has, and its text."""

    def __init__(self, markup: str):
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.feed(markup)

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.words += data


def everything(words: str) -> str:
    """All that is drawn of an answer in which every text is `words`."""
    hostile = source(1, title=words, heading=words, part_label=words, text=words, document=words, version=words)
    cited = from_turn(turn(words, sources=[hostile, source(2, title=words)], citations=[citation(0, 1, quote=words)]))
    return "".join(
        [
            *(paragraph(cited, 0, written, "ja") for written in cited.paragraphs()),
            summary(cited, "ja"),
            cards(cited, 0, "ja"),
            notice(words, [words]),
            table(words, [(words, "")], [[escaped(words)]], "list"),
        ]
    )


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_text_adds_no_element_and_no_attribute(words):
    plain, hostile = Tags(everything("ふつうの文字")), Tags(everything(words))

    assert hostile.names == plain.names
    assert [name for name, _ in hostile.attributes] == [name for name, _ in plain.attributes]
    links = [value for name, value in hostile.attributes if name in ("href", "src")]
    assert all(value.startswith(("#source-", "/api/documents/")) for value in links)


@pytest.mark.parametrize("words", HOSTILE)
def test_no_acting_character_reaches_the_page(words):
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff\U000e0041]", everything(words)
    )


def test_the_text_is_shown_as_it_stands():
    assert Tags(escaped("<b>&amp; [1] $x$")).words == "<b>&amp; [1] $x$"
    assert Tags(line("a\n\tb")).words == "a b"


def test_a_chip_carries_what_its_preview_needs():
    answer = from_turn(turn("日当は支給する。"))
    markup = chip(answer, 3, answer.sentences[0].citations[0], "ja")
    shown = json.loads(unescape(re.search(r'data-preview="([^"]*)"', markup).group(1)))

    assert 'href="#source-3-1"' in markup
    assert shown["group"] == "turn-3"
    assert (shown["document"], shown["version"], shown["part"]) == ("k1", "ab" * 32, 2)
    assert (shown["spans"], shown["boxes"], shown["quote"]) == ([[12, 16]], [[0.1, 0.2, 0.5, 0.02]], "日当は")


def test_a_citation_of_an_unknown_source_has_no_chip():
    assert chip(Answer("q"), 0, citation(0, 7), "ja") == ""


def test_a_sentence_citing_a_source_twice_has_one_chip():
    answer = from_turn(turn("一文。", citations=[citation(0, 1, start=1), citation(0, 1, start=5)]))

    markup = sentence(answer, 0, answer.sentences[0], "ja")

    assert markup.count('class="cite"') == 1
    assert "&quot;spans&quot;:[[1,16]]" in markup


def test_the_last_character_is_bound_to_its_chips():
    answer = from_turn(turn("支給する。"))

    assert re.search(
        r'支給する</span><span class="end"><span class="s s-ok">。</span><a class="cite"',
        sentence(answer, 0, answer.sentences[0], "ja"),
    )


def test_a_sentence_on_its_way_has_neither_chip_nor_mark():
    assert sentence(Answer("q"), 0, Written("日当は"), "ja") == "<span>日当は</span>"
    assert sentence(Answer("q"), 0, Written("\n"), "ja") == ""


def test_support_is_said_and_not_only_coloured():
    answer = from_turn(turn("一文。"))
    answer.sentences.append(Written("二文。", support="none"))

    markup = paragraph(answer, 0, answer.sentences, "ja")

    assert 'aria-label="出典で確認済み"' in markup
    assert 'aria-label="出典で確認できず"' in markup
    assert "出典で確認できず" in legend("ja")


def test_the_summary_shows_the_highest_classification_among_the_cited():
    levels = ["public", "restricted", "confidential"]
    sources = [source(n, classification=level) for n, level in enumerate(levels, 1)]
    answer = from_turn(turn("一文。", "二文。", sources=sources, citations=[citation(0, 1), citation(1, 2)]))

    assert "部外秘" in summary(answer, "ja")
    assert "level-4" not in summary(answer, "ja")


def test_a_part_without_a_picture_has_a_drawn_sheet():
    answer = from_turn(turn("一文。", sources=[source(1, picture=False, boxes=[])]))

    assert '<span class="sheet"' in cards(answer, 0, "ja")
    assert "<img" not in cards(answer, 0, "ja")
    assert "/thumbnails/2" in cards(from_turn(turn("一文。")), 0, "ja")


def test_a_card_marks_every_place_that_the_answer_cites_in_its_source():
    answer = from_turn(
        turn("一文。", "二文。", citations=[citation(0, 1, start=1, end=2), citation(1, 1, start=5, end=6)])
    )
    shown = json.loads(unescape(re.search(r'data-preview="([^"]*)"', cards(answer, 0, "ja")).group(1)))

    assert shown["spans"] == [[1, 2], [5, 6]]


def test_an_uncited_source_stands_in_the_fold_with_its_whole_passage():
    answer = from_turn(turn("一文。", sources=[source(1), source(2)]))
    cited, fold = cards(answer, 0, "ja").split("<details", 1)

    assert "#source-0-2" not in cited
    assert "#source-0-2" in fold
    assert "[[10,20]]" in fold


def test_the_way_of_a_question_tells_where_it_is():
    markup = steps("searching", "ja")

    assert markup.count('aria-current="step"') == 1
    assert 'class="now" aria-current="step">文書の検索' in markup


@pytest.mark.parametrize(("word", "bars"), [("public", 1), ("internal", 2), ("restricted", 3), ("confidential", 4)])
def test_a_classification_is_told_by_bars_and_words(word, bars):
    markup = classification(word, "en")

    assert markup.count("<i>") == bars
    assert markup.count("<b>") == 4 - bars
    assert word.capitalize() in markup


@pytest.mark.parametrize(
    ("values", "ja", "en"),
    [
        ({}, "2 ページ / 第 18 条", "page 2 / 第 18 条"),
        ({"heading": "旅費規程"}, "2 ページ", "page 2"),
        ({"heading": ""}, "2 ページ", "page 2"),
        ({"part_kind": "section", "part_label": "第 18 条"}, "第 18 条", "第 18 条"),
    ],
    ids=["heading", "the title as heading", "no heading", "the label as heading"],
)
def test_the_place_of_a_source_says_nothing_twice(values, ja, en):
    assert (where(source(1, **values), "ja"), where(source(1, **values), "en")) == (ja, en)


def test_a_passage_that_no_sentence_cites_is_told_apart_in_its_preview():
    said = from_turn(turn("日当は支給する。", sources=[source(1), source(2)]))

    previews = [json.loads(unescape(found)) for found in re.findall(r'data-preview="([^"]*)"', cards(said, 0, "ja"))]

    assert [(preview["where"][:3], preview["cited"]) for preview in previews] == [("[1]", True), ("[2]", False)]
