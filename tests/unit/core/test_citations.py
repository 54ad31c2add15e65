"""Markers, sentences and places: what a model writes becomes citations only where it may."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from appliance.citations import AnswerReader, Said, place, rectangles
from appliance.models import (
    Chunk,
    Citation,
    Classification,
    Document,
    Line,
    Part,
    Passage,
    Rectangle,
    Span,
    Token,
)

DOCUMENT = Document("0" * 32, "rules", "travel.pdf", "Travel", "en", "application/pdf", 1, "v", datetime.now(UTC), 1)


def passage(number: int, text: str, start: int = 0) -> Passage:
    part = Part(3, "page", "3", " " * start + text)
    chunk = Chunk(f"chunk-{number}", 0, Span(3, start, start + len(text)), "", text)
    return Passage(number, chunk, DOCUMENT, Classification.INTERNAL, part, False, 0.9, 0.9, 0.5)


FIRST = passage(1, "The allowance is 80 dollars. Receipts are kept for seven years.", start=10)
SECOND = passage(2, "宿泊費の上限は18,000円とする。領収書は7年間保存する。")


def read(*tokens: Token) -> tuple[AnswerReader, list[Said | Citation]]:
    reader = AnswerReader([FIRST, SECOND])
    events = [event for token in tokens for event in reader.feed(token)]
    return reader, events + list(reader.finish())


def text_of(events: list[Said | Citation]) -> str:
    return "".join(event.text for event in events if isinstance(event, Said))


def test_a_quoted_sentence_is_tied_to_its_place() -> None:
    reader, events = read(Token("Receipts are kept for seven years.", quoted=True), Token(" [1]"))

    assert [s.text for s in reader.sentences] == ["Receipts are kept for seven years."]
    assert reader.sentences[0].passages == (1,)
    assert reader.sentences[0].support == "ok"
    cited = reader.citations[0]
    assert cited.quote == "Receipts are kept for seven years."
    assert cited.span == Span(3, 10 + 29, 10 + 63)
    assert events[-1] == cited


def test_a_marker_inside_a_quotation_is_text() -> None:
    reader, events = read(Token("See [2] and [99] for details.", quoted=True), Token(" [1]"))

    assert text_of(events) == "See [2] and [99] for details."
    assert reader.sentences[0].passages == (1,)
    assert reader.unknown_markers == 0


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_marker_split_over_two_tokens_is_one_marker(cut: int) -> None:
    written = "It is 80. [1]"

    reader, events = read(Token(written[:cut]), Token(written[cut:]))

    assert text_of(events).strip() == "It is 80."
    assert reader.sentences[0].passages == (1,)


@pytest.mark.parametrize("marker", ["[0]", "[3]", "[99]", "[007]"])
def test_a_marker_that_names_no_passage_is_removed_and_counted(marker: str) -> None:
    reader, events = read(Token(f"It is 80. {marker}"))

    assert marker not in text_of(events)
    assert reader.unknown_markers == 1
    assert reader.sentences[0].passages == ()
    assert reader.sentences[0].support == "none"


def test_brackets_that_are_no_marker_stay() -> None:
    _, events = read(Token("An array [a] and [12"))

    assert text_of(events) == "An array [a] and [12"


def test_each_sentence_has_its_own_markers() -> None:
    reader, _ = read(Token("宿泊費の上限は18,000円です。[2]領収書は"), Token("7年間保存します。[1][2] 以上です。"))

    assert [(s.text, s.passages) for s in reader.sentences] == [
        ("宿泊費の上限は18,000円です。", (2,)),
        ("領収書は7年間保存します。", (1, 2)),
        ("以上です。", ()),
    ]


def test_a_marker_said_twice_counts_once() -> None:
    reader, _ = read(Token("It is 80. [1] [1]"))

    assert reader.sentences[0].passages == (1,)
    assert len(reader.citations) == 1


def test_a_marker_before_any_text_cites_nothing() -> None:
    reader, _ = read(Token("[1] It is 80."))

    assert [(s.text, s.passages) for s in reader.sentences] == [("It is 80.", ())]


def test_a_sentence_that_is_not_in_its_passage_has_no_support_and_marks_the_whole_passage() -> None:
    reader, _ = read(Token("The allowance is 90 dollars. [1]"))

    assert reader.sentences[0].support == "none"
    assert reader.citations[0].span == FIRST.chunk.span


def test_an_unfinished_answer_keeps_what_was_written() -> None:
    reader, _ = read(Token("宿泊費の上限は18,000円です。[2]領収書は"))

    assert [s.text for s in reader.sentences] == ["宿泊費の上限は18,000円です。", "領収書は"]


def test_the_numbers_of_events_are_those_of_the_sentences() -> None:
    reader, events = read(Token("A b. [1] C d. [2]"))

    assert {event.sentence for event in events} == {0, 1}
    for number, sentence in enumerate(reader.sentences):
        said = "".join(e.text for e in events if isinstance(e, Said) and e.sentence == number)
        assert said.strip() == sentence.text


def test_a_sentence_is_placed_within_its_part() -> None:
    assert place(FIRST, "Receipts are kept for seven years.") == Span(3, 39, 73)


def test_rectangles_cover_the_characters_line_by_line() -> None:
    lines = (
        Line(0, 4, 0.1, 0.12, (0.0, 0.1, 0.2, 0.3, 0.4)),
        Line(4, 8, 0.2, 0.22, (0.0, 0.1, 0.2, 0.3, 0.4)),
    )
    part = Part(1, "page", "1", "abcdefgh", lines)

    boxes = rectangles(part, 2, 6)

    assert [(round(b.left, 3), round(b.width, 3), b.top) for b in boxes] == [(0.2, 0.2, 0.1), (0.0, 0.2, 0.2)]
    assert rectangles(part, 3, 3) == ()
    assert rectangles(replace(part, lines=()), 0, 8) == ()
    assert rectangles(part, 0, 1) == (Rectangle(0.0, 0.1, 0.1, pytest.approx(0.02)),)


def test_a_year_in_brackets_is_no_marker() -> None:
    reader, _ = read(Token("Revised [2024] twice. [1]"))
    assert [sentence.text for sentence in reader.sentences] == ["Revised [2024] twice."]
    assert reader.unknown_markers == 0
