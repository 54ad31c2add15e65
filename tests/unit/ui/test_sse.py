"""The event stream, as it comes and as it should not."""

import pytest
from pydantic import ValidationError

from appliance.api.schemas import Problem
from appliance.api.schemas.answers import CitationEvent, DoneEvent, SourcesEvent, StatusEvent, TokenEvent
from ui.sse import Ping, events


def read(text: str):
    return list(events(text.split("\n")))


def test_a_token_is_read_with_its_text_as_it_is():
    (token,) = read('event: token\ndata: {"sentence": 2, "text": "  [1] 日当\\n"}\n\n')

    assert token == TokenEvent(sentence=2, text="  [1] 日当\n")


@pytest.mark.parametrize(
    ("name", "data", "schema"),
    [
        ("status", '{"stage": "writing", "conversation": "c", "case": "x"}', StatusEvent),
        ("sources", '{"sources": []}', SourcesEvent),
        ("citation", '{"sentence": 0, "number": 1, "start": 2, "end": 5, "quote": "q", "boxes": []}', CitationEvent),
        ("error", '{"code": "c", "message": "m"}', Problem),
        (
            "done",
            '{"outcome": "no-evidence", "language": "ja", "sentences": [], "unknown_markers": 0,'
            ' "model": "m", "seconds": 1}',
            DoneEvent,
        ),
    ],
)
def test_each_event_has_its_schema(name, data, schema):
    (event,) = read(f"event: {name}\ndata: {data}\n\n")

    assert type(event) is schema


def test_comments_are_pings_also_in_the_middle_of_an_event():
    assert [type(e) for e in read(': ping\n\nevent: sources\n: ping\ndata: {"sources": []}\n\n')] == [
        Ping,
        Ping,
        SourcesEvent,
    ]


def test_data_over_several_lines_is_one_event():
    assert read('event: sources\ndata: {"sources":\ndata: []}\n\n') == [SourcesEvent(sources=[])]


def test_an_unknown_event_is_skipped():
    assert read('event: hint\ndata: {"a": 1}\n\nevent: sources\ndata: {"sources": []}\n\n') == [
        SourcesEvent(sources=[])
    ]


def test_an_event_that_is_cut_off_is_dropped():
    assert read('event: sources\ndata: {"sources": []}') == []


def test_a_name_does_not_outlive_its_event():
    assert read('event: sources\n\ndata: {"sources": []}\n\n') == []


def test_an_event_with_a_wrong_shape_is_refused():
    with pytest.raises(ValidationError, match="TokenEvent"):
        read('event: token\ndata: {"sentence": "x"}\n\n')
