"""Who may ask what, and that the expected answers stand where the questions say."""

import tomllib
from datetime import UTC, datetime

import pytest

from appliance.access import decide
from appliance.models import Role

from .conftest import DEMO, GROUPS, PEOPLE, QUESTIONS, Sample, principal

NOW = datetime.now(UTC)
FOUND = [question for question in QUESTIONS if question["expect"] == "found"]
REFUSED = [question for question in QUESTIONS if question["expect"] == "refused"]


def named(question: dict[str, str]) -> str:
    return question["id"]


def visible_to(person: str, corpus: dict[str, Sample]) -> dict[str, Sample]:
    return {path: sample for path, sample in corpus.items() if decide(principal(person), sample.access, NOW)}


def test_people_are_in_groups_that_exist_and_have_ids_of_their_own() -> None:
    ids = [person["id"] for person in PEOPLE["person"]]

    assert len(ids) == len(set(ids)) >= 6
    assert {group for person in PEOPLE["person"] for group in person["groups"]} <= {group.id for group in GROUPS}


def test_there_is_everybody_whom_the_demo_needs() -> None:
    people = [principal(person["id"]) for person in PEOPLE["person"]]

    assert any(Role.AUDITOR in person.roles for person in people)
    assert any(Role.ADMINISTRATOR in person.roles for person in people)
    assert any(not person.groups for person in people)
    assert any("g-hr" in person.groups for person in people)


def test_the_administrator_sees_fewer_documents_than_a_clerk(corpus: dict[str, Sample]) -> None:
    assert 0 < len(visible_to("kimura", corpus)) < len(visible_to("yamada", corpus)) < len(corpus)


def test_the_auditor_sees_no_more_than_a_clerk(corpus: dict[str, Sample]) -> None:
    assert set(visible_to("sato", corpus)) == set(visible_to("yamada", corpus))


def test_a_person_without_groups_sees_nothing_not_even_what_is_public(corpus: dict[str, Sample]) -> None:
    assert visible_to("nakamura", corpus) == {}


def test_there_are_enough_questions_in_both_languages_and_of_every_kind() -> None:
    assert len({question["id"] for question in QUESTIONS}) == len(QUESTIONS) >= 16
    assert {question["language"] for question in QUESTIONS} == {"ja", "en"}
    assert {question["because"] for question in REFUSED} == {"hidden", "expired", "nothing"}


def test_the_demo_asks_the_same_of_two_people_and_something_in_english() -> None:
    asked = [question for question in QUESTIONS if question.get("demo")]
    same = [question for question in asked if question["text"] == asked[0]["text"]]

    assert [(question["person"], question["expect"]) for question in same] == [
        ("suzuki", "found"),
        ("yamada", "refused"),
    ]
    assert [question["expect"] for question in asked if question["language"] == "en"] == ["found"]


@pytest.mark.parametrize("question", FOUND, ids=named)
def test_who_asks_may_see_the_answer(question: dict[str, str], corpus: dict[str, Sample]) -> None:
    assert question["document"] in visible_to(question["person"], corpus)


@pytest.mark.parametrize("question", FOUND, ids=named)
def test_the_answer_stands_where_the_question_says_and_in_one_part_only(
    question: dict[str, str], corpus: dict[str, Sample]
) -> None:
    parts = [part for part in corpus[question["document"]].parts if question["phrase"] in part.text]

    assert len(parts) == 1
    if "page" in question:
        assert (parts[0].kind, parts[0].ordinal) == ("page", question["page"])
    if "heading" in question:
        assert parts[0].label.endswith(question["heading"])
    if "sheet" in question:
        assert parts[0].label.startswith(f"{question['sheet']}!")


@pytest.mark.parametrize("question", FOUND, ids=named)
def test_no_other_document_that_the_asker_sees_says_the_same(
    question: dict[str, str], corpus: dict[str, Sample]
) -> None:
    others = [
        path
        for path, sample in visible_to(question["person"], corpus).items()
        if path != question["document"] and question["phrase"] in sample.text
    ]

    # A common phrase such as "25パーセントを上限とする" would let a wrong document pass for the right one.
    assert others == []


@pytest.mark.parametrize("question", [q for q in REFUSED if q["because"] == "hidden"], ids=named)
def test_what_is_hidden_exists_and_is_hidden_from_who_asks(question: dict[str, str], corpus: dict[str, Sample]) -> None:
    assert question["document"] in corpus
    assert question["document"] not in visible_to(question["person"], corpus)


def test_what_is_expired_is_shown_to_nobody_and_for_that_reason(corpus: dict[str, Sample]) -> None:
    [question] = [question for question in REFUSED if question["because"] == "expired"]

    reason = decide(principal(question["person"]), corpus[question["document"]].access, NOW).reason

    assert reason == "expired"


@pytest.mark.parametrize(
    ("refused", "answer"),
    [(r, f) for r in REFUSED for f in FOUND if r["text"] == f["text"]],
    ids=lambda question: question["id"],
)
def test_no_document_that_the_refused_person_sees_holds_the_answer(
    refused: dict[str, str], answer: dict[str, str], corpus: dict[str, Sample]
) -> None:
    assert [
        path for path, sample in visible_to(refused["person"], corpus).items() if answer["phrase"] in sample.text
    ] == []


EXAMPLES = tomllib.loads((DEMO / "examples.toml").read_text("utf-8"))["example"]


@pytest.mark.parametrize("text", [example[language] for example in EXAMPLES for language in ("ja", "en")])
def test_every_example_of_the_portal_is_asked_by_the_tests_and_has_an_answer(text: str) -> None:
    found = [question for question in FOUND if question["text"].rstrip("。") == text.rstrip("。")]

    assert found, "an example that no question of questions.toml expects an answer to"
    assert all(question["phrase"] for question in found)
