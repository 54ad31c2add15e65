"""What an answer holds while its events arrive, and when it comes from the history."""

import pytest

from appliance.api.schemas import Problem
from appliance.api.schemas.answers import DoneEvent, Sentence, SourcesEvent, StatusEvent, TokenEvent
from tests.unit.ui.made import citation, source, turn
from ui.answer import Answer, from_turn
from ui.sse import Ping


def answer_of(*texts: str) -> Answer:
    answer = Answer("q")
    for number, text in enumerate(texts):
        answer.take(TokenEvent(sentence=number, text=text))
    return answer


def test_tokens_are_appended_to_their_sentence():
    answer = Answer("q")
    for sentence, text in ((0, "日当"), (0, "は"), (1, "次"), (0, "。")):
        answer.take(TokenEvent(sentence=sentence, text=text))

    assert [written.text for written in answer.sentences] == ["日当は。", "次"]


def test_a_citation_before_its_sentence_waits_for_it():
    answer = Answer("q")
    answer.take(citation(1, 3))

    assert [len(written.citations) for written in answer.sentences] == [0, 1]


def test_the_stage_names_conversation_and_case():
    answer = Answer("q")
    answer.take(StatusEvent(stage="searching", conversation="c", case="x"))

    assert (answer.stage, answer.conversation, answer.case) == ("searching", "c", "x")


def test_the_record_at_the_end_wins_over_what_was_streamed():
    answer = answer_of("日当は", "残り", "多い")
    recorded = [
        Sentence(text="日当は支給する。", citations=[1], support="ok"),
        Sentence(text="未確認。", citations=[], support="none"),
    ]
    answer.take(
        DoneEvent(outcome="answered", language="ja", sentences=recorded, unknown_markers=2, model="m", seconds=3.5)
    )

    assert [(written.text, written.support) for written in answer.sentences] == [
        ("日当は支給する。", "ok"),
        ("未確認。", "none"),
    ]
    assert (answer.state, answer.unknown_markers, answer.seconds) == ("answered", 2, 3.5)


def test_an_error_keeps_what_was_written():
    answer = answer_of("日当は")
    answer.take(Problem(code="c", message="索引が使えません。"))

    assert (answer.state, answer.problem) == ("failed", "索引が使えません。")
    assert answer.sentences[0].text == "日当は"


def test_a_ping_changes_nothing():
    answer = answer_of("a")
    before = repr(answer)
    answer.take(Ping())

    assert repr(answer) == before


def test_only_cited_sources_are_cited_in_the_order_of_their_numbers():
    answer = answer_of("a。", "b。")
    answer.take(SourcesEvent(sources=[source(3), source(1), source(2)]))
    answer.take(citation(0, 3))
    answer.take(citation(1, 1))
    answer.take(citation(1, 9))

    assert [cited.number for cited in answer.cited()] == [1, 3]


@pytest.mark.parametrize(
    ("texts", "sizes"),
    [
        (("一文。", "二文。", "三文。"), [3]),
        (("見出し", "一文。", "二文。"), [1, 2]),
        (("一文。", "役員 8,000 円", "一般職 5,000 円", "二文。"), [2, 1, 1]),
        (("一文。", "\n二文。"), [1, 1]),
        (("One. ", "Two."), [2]),
        ((), []),
    ],
)
def test_sentences_flow_and_what_is_no_sentence_ends_its_paragraph(texts, sizes):
    assert [len(paragraph) for paragraph in answer_of(*texts).paragraphs()] == sizes


def test_no_sentence_changes_its_paragraph_when_the_next_arrives():
    texts = ("一文。", "表の行", "二文。", "三文。", "行")
    before: list[list[str]] = []
    for count in range(1, len(texts) + 1):
        now = [[written.text for written in paragraph] for paragraph in answer_of(*texts[:count]).paragraphs()]
        assert now[: len(before) - 1] == before[:-1]
        before = now


def test_a_turn_of_the_history_is_an_answer():
    answer = from_turn(turn("一文。", "二文。"))

    assert (answer.question, answer.state, answer.seconds) == ("日当は", "answered", 1.5)
    assert [len(written.citations) for written in answer.sentences] == [1, 1]
    assert [cited.number for cited in answer.cited()] == [1]


def test_nothing_of_a_withheld_turn_is_taken_even_if_the_api_sent_it():
    answer = from_turn(turn("秘密。", withheld=True))

    assert answer.state == "withheld"
    assert (answer.sentences, answer.sources, answer.cited()) == ([], {}, [])


def test_a_citation_of_a_sentence_that_is_not_there_is_left_out():
    answer = from_turn(turn("一文。", citations=[citation(5, 1), citation(0, 1)]))

    assert len(answer.sentences) == 1
    assert len(answer.sentences[0].citations) == 1
