"""Lines and rows: no formula, nothing that acts on a terminal, byte for byte the same when made again."""

from __future__ import annotations

import csv
import io
import json

import pytest

from appliance.actions import ACTIONS, Action
from appliance.audit import records
from appliance.audit.leaf import Draft, Leaf, draft, parse
from appliance.errors import ExportRefused
from appliance.models import AuditEvent
from tests.unit.audit.support import OUTCOMES, event

TIME = "2026-11-24T09:00:00.123456Z"
ACTION = ACTIONS["question.received"]


def logged(recorded: AuditEvent) -> tuple[bytes, Leaf, Draft]:
    made = draft(recorded)
    data = made.leaf(TIME)
    return data, parse(data), made


def texts(made: Draft) -> records.Texts:
    return {text.name: text for text in made.texts}


def row_of(recorded: AuditEvent, names: tuple[str, ...] = ("question",), action: Action = ACTION) -> list[str]:
    _, leaf, made = logged(recorded)
    data = records.csv_head(names) + records.csv_row(7, leaf, action, texts(made), names)
    table = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert len(table) == 2
    assert len(table[0]) == len(table[1])
    return table[1]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "\u3000=1",
        "＝1+1",
        "＋1",
        "－1",
        "＠SUM",
        "﹣1",
        "﹦1",
        "⁼1",
        "₋1",
        "−1",
        "‐1",
        "—1",
        "\u200d=1",
        "\u00ad＝1",
        " \ufeff =1",
        "=cmd|' /C calc'!A0",
        '="a"&"b"',
        "=在宅",
    ],
)
def test_no_cell_begins_a_formula(text: str) -> None:
    assert row_of(event(0, texts={"question": text}))[-1].startswith("'")


def test_a_shield_of_ours_differs_from_one_in_the_text() -> None:
    cells = [row_of(event(0, texts={"question": text}))[-1] for text in ("=1+1", "'=1+1", "''=1+1", "＇=1+1")]

    assert cells == ["'=1+1", "''=1+1", "'''=1+1", "'＇=1+1"]


@pytest.mark.parametrize("text", ["在宅勤務は？", "a=1", "1-2", "「=1」", "", " ", "it's", "(1)", "①", "10%"])
def test_an_ordinary_text_is_left_as_it_is(text: str) -> None:
    assert row_of(event(0, texts={"question": text}))[-1] == text


def test_every_cell_is_guarded_not_only_the_texts() -> None:
    row = row_of(event(0, case="=1", id="@x"))

    assert row[8] == "'=1"
    assert row[9] == "'@x"


def test_control_and_direction_characters_are_visible_and_lines_stay_in_their_cell() -> None:
    text = 'a\x1b[2J\u202eb\x00"c",\r\nd'

    assert row_of(event(0, texts={"question": text}))[-1] == 'a⟨U+001B⟩[2J⟨U+202E⟩b⟨U+0000⟩"c",⟨U+000D⟩\nd'


def test_a_text_longer_than_a_cell_of_excel_is_cut_and_says_so() -> None:
    cell = row_of(event(0, texts={"question": "語" * 40_000}))[-1]

    assert cell.startswith("語" * 32_000)
    assert cell.endswith("cut, whole in events.jsonl）")
    assert len(cell) < 32_767


def test_a_row_says_what_the_leaf_says() -> None:
    row = row_of(event(0, id="e1"), ("answer", "question"))

    assert row == [
        "7",
        TIME,
        "question.received",
        "質問の受付",
        "Question received",
        "success",
        "person",
        "p0",
        "case-0",
        "e1",
        '{"chunks":["c1","c2"],"number":0,"score":0.25}',
        "",
        "在宅勤務は週何日までですか？ 0",
    ]


def test_the_file_opens_in_a_japanese_excel() -> None:
    _, leaf, made = logged(event(0))
    data = records.csv_head(("question",)) + records.csv_row(0, leaf, ACTION, texts(made), ("question",))

    assert data.startswith(b'\xef\xbb\xbf"\xe7\x95\xaa')
    assert data.count(b"\r\n") == 2
    assert data.endswith(b'"\r\n')


def test_a_missing_text_is_said_to_be_missing() -> None:
    _, leaf, _ = logged(event(0))

    row = records.csv_row(0, leaf, ACTION, {"question": None}, ("question",)).decode()

    assert row.endswith('"（欠落 missing）"\r\n')


def test_a_line_is_json_with_the_leaf_byte_for_byte() -> None:
    data, leaf, made = logged(event(0))

    line = records.line(7, data, leaf, ACTION, texts(made))

    value = json.loads(line)
    assert list(value) == ["index", "leaf", "ocsf", "texts"]
    assert data in line
    assert line.endswith(b"}\n")
    assert value["index"] == 7
    assert value["texts"]["question"] == {
        "salt": made.texts[0].salt.hex(),
        "text": "在宅勤務は週何日までですか？ 0",
    }
    assert line.rstrip(b"\n") == json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize("action", ACTIONS.values(), ids=lambda action: action.name)
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_ocsf_part_follows_the_catalogue_for_every_action(action: Action, outcome: str) -> None:
    data, leaf, _ = logged(event(2, action=action.name, outcome=outcome, case='c"1', id="é"))

    line = records.line(0, data, leaf, action, {})
    ocsf = json.loads(line)["ocsf"]

    assert ocsf["class_uid"] == action.ocsf_class
    assert ocsf["category_uid"] == action.ocsf_class // 1000
    assert ocsf["type_uid"] == action.ocsf_class * 100 + action.activity
    assert ocsf["status_id"] == {"success": 1, "denied": 2, "failed": 2, "aborted": 99}[outcome]
    assert ocsf["time"] == 1795510800123
    assert ocsf["actor"] == {"user": {"uid": "p2"}}
    assert ocsf["metadata"] == {
        "correlation_uid": 'c"1',
        "product": {"name": "appliance"},
        "uid": "é",
        "version": "1.3.0",
    }
    again = json.dumps(ocsf, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert again.encode() in line


def test_texts_are_read_back_only_from_the_line_that_would_be_written() -> None:
    data, leaf, made = logged(event(0))
    head = records.line_head(7, data, leaf, ACTION)
    line = records.line(7, data, leaf, ACTION, texts(made))

    assert records.texts_of_line(line, head, 7, leaf.commitments) == texts(made)
    erased = records.line(7, data, leaf, ACTION, {"question": None})
    assert records.texts_of_line(erased, head, 7, leaf.commitments) == {"question": None}


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (b'{"index":7', b'{"index":8', "event 7 is not the one of the log"),
        (b'"success"', b'"denied"', "event 7 is not the one of the log"),
        (b'"status_id":1', b'"status_id":2', "event 7 is not the one of the log"),
        (b"}\n", b"}", "event 7 is not the one of the log"),
        (b"}\n", b"} \n", "event 7 is not the one of the log"),
        (b"}\n", b"}\r\n", "event 7 is not the one of the log"),
        (b'"text":"', b'"text": "', "not canonical"),
        (b'"texts":{', b'"texts":{"answer":null,', "event 7 is not the one of the log"),
        (b'"salt":"', b'"salt":"00', "event 7 is not the one of the log"),
        (b'"text":"', b'"text":"X', "text question of event 7 does not match its commitment"),
        (b'{"salt":', b'{"note":"","salt":', "event 7 is not the one of the log"),
        ("在宅".encode(), b"\xff", "not canonical"),
    ],
)
def test_a_line_that_was_touched_is_refused(old: bytes, new: bytes, what: str) -> None:
    data, leaf, made = logged(event(0, texts={"question": "在宅"}))
    head = records.line_head(7, data, leaf, ACTION)
    line = records.line(7, data, leaf, ACTION, texts(made))
    assert old in line

    spoilt = (new.join(line.rsplit(old, 1))) if old == b"}\n" else line.replace(old, new)
    with pytest.raises(ExportRefused, match=what):
        records.texts_of_line(spoilt, head, 7, leaf.commitments)


@pytest.mark.parametrize("value", ["5", '"x"', "[]", '{"salt":1,"text":"a"}', '{"salt":"ab","text":null}'])
def test_a_text_of_another_shape_is_refused(value: str) -> None:
    data, leaf, _ = logged(event(0))
    head = records.line_head(0, data, leaf, ACTION)

    with pytest.raises(ExportRefused, match="event 0 is not the one of the log"):
        records.texts_of_line(head + b'{"question":' + value.encode() + b"}}\n", head, 0, leaf.commitments)


def test_a_salt_in_capitals_is_another_spelling_and_refused() -> None:
    data, leaf, made = logged(event(0))
    head = records.line_head(0, data, leaf, ACTION)
    line = records.line(0, data, leaf, ACTION, texts(made))
    salt = made.texts[0].salt.hex()

    with pytest.raises(ExportRefused, match="event 0 is not the one of the log"):
        records.texts_of_line(line.replace(salt.encode(), salt.upper().encode()), head, 0, leaf.commitments)
