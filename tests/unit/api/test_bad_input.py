"""What cannot be used is refused in one sentence that names it, in both languages, and nothing of it is kept."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.unit.api.world import Upload, World

ODD_QUESTIONS = {
    "quotes": "\"'`'; drop table document; --",
    "operators": "AND OR NOT (通勤 OR 手当) +a -b *:* ~2 ^5 title:x",
    "an apostrophe": "cat's",
    "emoji": "通勤手当👩‍👩‍👧‍👦はいくら🈂️",
    "machine-dependent characters": "①㈱髙﨑㍻㌔№™の規程",
    "half width": "ﾂｳｷﾝﾃｱﾃ",
    "right to left": "مرحبا \u202eABC\u202c שלום",
    "NUL and controls": "通勤\x00手当\x1b[2J\x07\x7f",
    "zero width": "通\u200b勤\u2060手\ufeff当",
    "combining": "か\u3099" * 50 + "e" + "\u0301" * 300,
    "line separators": "通勤\u2028手当\u0085は\x0b幾\x0cら",
    "astral": "𠮷野家の𩸽",
    "SQL wildcard": "%_% 通勤",
    "template": "{question} {{7*7}} ${x} %s %(a)s",
    "one letter": "あ",
    "many short words": "あ " * 300,
    "private use": "\ue000\uf8ff通勤",
}


@pytest.mark.parametrize("name", ODD_QUESTIONS)
def test_an_odd_question_is_searched_and_answered_like_any(world: World, name: str) -> None:
    client, question = world.as_("yamada"), ODD_QUESTIONS[name]

    found = client.post("/search", json={"query": question})
    events = client.ask(question)

    assert found.status_code == 200
    assert [event for event, _ in events][-1] == "done"
    conversation = dict(events)["status"]["conversation"]
    assert client.get(f"/conversations/{conversation}").json()["turns"][0]["outcome"] in ("answered", "no-evidence")


@pytest.mark.parametrize("question", ["", "   ", "\u3000\u3000", "\n\t\r", "\u200b\u2060", "？！。", "\x00\x01", "👍"])
@pytest.mark.parametrize("path", ["/ask", "/search"])
def test_an_empty_question_is_refused_and_only_that_is_in_the_log(world: World, path: str, question: str) -> None:
    client = world.as_("takahashi")
    size = world.size()

    answer = client.post(path, json={"question" if path == "/ask" else "query": question})

    assert (answer.status_code, answer.json()["code"]) == (422, "question-empty")
    assert world.refused(size) == [("request.failed", 422, "question-empty")]
    assert client.get("/conversations").json()["conversations"] == []


@pytest.mark.parametrize("path", ["/ask", "/search"])
@pytest.mark.parametrize("length", [2001, 2_000_000])
def test_a_question_over_the_limit_is_refused_with_both_numbers(world: World, path: str, length: int) -> None:
    client = world.as_("ito")
    size = world.size()

    answer = client.post(path, json={"question" if path == "/ask" else "query": "あ" * length})

    assert (answer.status_code, answer.json()["code"]) == (413, "question-too-long")
    assert answer.json()["values"] == {"length": str(length), "limit": "2000"}
    assert world.refused(size) == [("request.failed", 413, "question-too-long")]
    if (path, length) == ("/search", 2001):
        assert client.post(path, json={"query": "あ" * 2000}).status_code == 200


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b"", "application/json"),
        (b"null", "application/json"),
        (b"[]", "application/json"),
        (b'"question"', "application/json"),
        (b"1e999", "application/json"),
        (b"\xff\xfe{}", "application/json"),
        (b'{"question": "\xff"}', "application/json"),
        (b'{"question": "\\ud800 lone"}', "application/json"),
        (b'{"question": 1}', "application/json"),
        (b'{"question": null}', "application/json"),
        (b'{"question": ["a"]}', "application/json"),
        (b'{"question": {"a": "b"}}', "application/json"),
        (b'{"question": "a", "conversation": 5}', "application/json"),
        (b'{"question": "a", "conversation": "\\ud800"}', "application/json"),
        (b'{"question": "a", "\\ud800": 1}', "application/json"),
        (b'{"question": NaN}', "application/json"),
        (b"[" * 200_000, "application/json"),
        (b'{"question": "a"}', "text/plain"),
        (b"question=a", "application/x-www-form-urlencoded"),
        (b'{"question": "a"}', ""),
        (b"x", "multipart/form-data"),
    ],
)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_body_that_is_no_question_is_refused(world: World, body: bytes, kind: str, language: str) -> None:
    client = world.as_("yamada")
    headers = {"content-type": kind, "accept-language": language} if kind else {"accept-language": language}

    answer = client.post("/ask", content=body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid"), answer.text
    assert ("項目" in answer.json()["message"]) is (language == "ja")


@pytest.mark.parametrize(
    "path",
    [
        "/documents/" + "a" * 3000,
        "/documents/%00",
        "/documents/%ff%fe",
        "/documents/%ED%A0%80",
        "/documents/..%5c..%5cetc",
        "/documents/%E2%80%AE",
        "/conversations/会話１２３",
        "/conversations/%00",
        "/documents/x/versions/../parts/1",
        "/documents/x/versions/y/parts/999999",
    ],
)
def test_an_id_that_never_was_one_is_not_there(world: World, path: str) -> None:
    answer = world.as_("yamada").get(path)

    assert answer.status_code == 404, answer.text
    assert len(answer.content) < 2000
    assert "\x00" not in answer.json()["message"]
    assert "\u202e" not in answer.json()["message"]


@pytest.mark.parametrize("number", ["-1", "1.5", "one", "9" * 30, "%00", "１"])
def test_a_number_that_cannot_be_one_is_refused_or_not_there(world: World, number: str) -> None:
    stored = world.store("numbers/a.txt", "番号を確かめる文書である。", ["g-staff"])

    part = world.as_("yamada").get(f"/documents/{stored['key']}/versions/{stored['version']}/parts/{number}")
    proof = world.owner.get(f"/audit/events/{number}/proof")
    before = world.owner.get("/audit/events", params={"before": number})

    assert part.status_code in ((422, 200) if number == "１" else (422,)), part.text
    assert {proof.status_code, before.status_code} <= {422, 200}, proof.text
    assert number == "１" or (proof.status_code, before.status_code) == (422, 422)


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2026-01-01T00:00:00"},
        {"from": "yesterday"},
        {"to": "2026-13-01T00:00:00Z"},
        {"limit": "0"},
        {"limit": "501"},
        {"outcome": "perfect"},
        {"user": "suzuki"},
        {"before": str(1 << 70)},
    ],
)
def test_a_query_of_the_log_that_makes_no_sense_is_refused(world: World, query: dict[str, str]) -> None:
    answer = world.owner.get("/audit/events", params=query)

    assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid")
    assert next(iter(query)) in answer.json()["values"]["field"]


def test_an_export_for_a_name_that_nobody_has_is_refused_and_the_name_is_in_no_leaf(world: World) -> None:
    size = world.size()

    answer = world.owner.post("/audit/export", json={"person": "山田\n花子\u202e" + "x" * 500})

    assert (answer.status_code, answer.json()["code"]) == (422, "audit-filter-unknown")
    assert world.refused(size) == [("request.failed", 422, "audit-filter-unknown")]
    assert "花子" not in str(world.since(size)[0].details)
    assert list(world.services.settings.data.glob("export-*")) == []


# --- how much -------------------------------------------------------------------------------------------------------


def gigabyte() -> Any:
    piece = b" " * (1 << 20)
    return (piece for _ in range(1024))


@pytest.mark.parametrize(
    ("path", "person"),
    [("/ask", "yamada"), ("/search", "yamada"), ("/session/demo", "nobody"), ("/audit/export", "sato")],
)
def test_a_gigabyte_is_not_gathered_in_memory(world: World, path: str, person: str) -> None:
    client = world.as_(person)

    async def pieces() -> Any:
        for piece in gigabyte():
            yield piece

    tracemalloc.start()
    try:
        answer = client.post(path, content=pieces(), headers={"content-type": "application/json"})
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert (answer.status_code, answer.json()["code"]) == (413, "request-too-large")
    assert answer.json()["values"] == {"limit": str(8 << 20)}
    assert most < 64 << 20


def test_a_length_over_the_limit_is_refused_before_anything_is_read(world: World) -> None:
    async def nothing() -> Any:
        raise AssertionError("the body was read")
        yield b""

    headers = {"content-type": "application/json", "content-length": str(1 << 40)}
    answer = world.as_("yamada").post("/ask", content=nothing(), headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (413, "request-too-large")


def test_an_upload_is_not_read_for_somebody_who_may_not(world: World) -> None:
    async def nothing() -> Any:
        raise AssertionError("the body was read")
        yield b""

    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = world.as_("yamada").request(
        "PUT", "/collections/tests/documents/a.txt", content=nothing(), headers=headers
    )

    assert answer.status_code == 403


def test_a_document_over_the_limit_is_not_stored(world: World) -> None:
    from dataclasses import replace

    from appliance.api.app import create_app
    from appliance.api.private import Private
    from tests.unit.api.world import Client, mounted

    settings = world.services.settings.model_copy(update={"upload_megabytes": 1})
    app = Private(
        mounted(create_app(replace(world.services, settings=settings))), owner=0, refusals=world.services.refusals
    )
    owner = Client(app, client=("peer", 0))
    upload = world.upload("上限を超える文書である。", ["g-staff"], original=b"x" * ((1 << 20) + 1))

    answer = world.put("limit/a.txt", upload, owner)

    assert (answer.status_code, answer.json()["code"]) == (413, "request-too-large")
    assert answer.json()["values"] == {"limit": str(1 << 20)}
    assert "limit/a.txt" not in world.owner.get("/collections/tests/documents").text


# --- documents ------------------------------------------------------------------------------------------------------

Alter = Callable[[Upload], None]


def without(part: str) -> Alter:
    return lambda upload: setattr(upload, "left_out", (part,))


def with_(**changed: Any) -> Alter:
    return lambda upload: upload.changed.update(changed)


def vectors(make: Callable[[bytes], bytes]) -> Alter:
    return lambda upload: setattr(upload, "vectors", make(upload.vectors))


def first_number(value: float) -> Callable[[bytes], bytes]:
    def make(data: bytes) -> bytes:
        numbers = np.frombuffer(data, "<f4").copy()
        numbers[0] = value
        return numbers.tobytes()

    return make


def picture(name: str, content: bytes = b"RIFF\0\0\0\0WEBP") -> Alter:
    return lambda upload: setattr(upload, "pictures", ((name, content),))


def chunk(**changed: int) -> Alter:
    return with_(chunks=[{"part": 1, "start": 0, "end": 5, "heading": "", **changed}])


def part(**changed: Any) -> Alter:
    return with_(parts=[{"ordinal": 1, "kind": "section", "label": "1", "text": "文書である。", **changed}])


def line(**changed: Any) -> dict[str, Any]:
    return {"start": 0, "end": 2, "top": 0.1, "bottom": 0.2, "edges": [0.1, 0.2, 0.3], **changed}


def access(**rule: Any) -> Alter:
    return with_(access={"groups": ["g-staff"], "classification": "internal", **rule})


BAD_UPLOADS: dict[str, tuple[Alter, int, str]] = {
    "no document": (without("document"), 422, "document-invalid"),
    "no original": (without("original"), 422, "document-invalid"),
    "no vectors": (without("vectors"), 422, "document-invalid"),
    "sha256 of another file": (with_(sha256="0" * 64), 422, "document-invalid"),
    "sha256 that is none": (with_(sha256="../../etc/passwd"), 422, "document-invalid"),
    "vectors too short": (vectors(lambda data: data[:-4]), 422, "document-invalid"),
    "vectors cut in a number": (vectors(lambda data: data[:-1]), 422, "document-invalid"),
    "no vector": (vectors(lambda data: b""), 422, "document-invalid"),
    "two vectors": (vectors(lambda data: data * 2), 422, "document-invalid"),
    "NaN": (vectors(first_number(float("nan"))), 422, "invalid-vector"),
    "infinity": (vectors(first_number(float("inf"))), 422, "invalid-vector"),
    "another embedder": (with_(embedder="x" * 64), 409, "embedder-mismatch"),
    "no group": (access(groups=[]), 422, "access-list-missing"),
    "unknown group": (access(groups=["g-ghost"]), 422, "group-unknown"),
    "the probe's group": (access(groups=["appliance:probe"]), 422, "group-unknown"),
    "unknown denied group": (access(denied=["g-ghost"]), 422, "group-unknown"),
    "unknown classification": (access(classification="secret"), 422, "document-invalid"),
    "a time without a zone": (access(valid_from="2026-01-01T00:00:00"), 422, "document-invalid"),
    "a compartment with a line break": (access(compartments=["a\nb"]), 422, "document-invalid"),
    "an empty compartment": (access(compartments=[""]), 422, "document-invalid"),
    "a thousand compartments": (access(compartments=[str(n) for n in range(1000)]), 422, "document-invalid"),
    "a chunk before its part": (chunk(start=-1), 422, "document-invalid"),
    "a chunk behind its part": (chunk(end=5000), 422, "document-invalid"),
    "a chunk turned over": (chunk(start=5, end=1), 422, "document-invalid"),
    "a chunk of no part": (chunk(part=7), 422, "document-invalid"),
    "a part of number 0": (part(ordinal=0), 422, "document-invalid"),
    "a part of a number that no store holds": (part(ordinal=1 << 70), 422, "document-invalid"),
    "a part of an unknown kind": (part(kind="slide"), 422, "document-invalid"),
    "a line behind its part": (part(lines=[line(start=100, end=102)]), 422, "document-invalid"),
    "a line without edges": (part(lines=[line(edges=[])]), 422, "document-invalid"),
    "a line in another world": (part(lines=[line(top=1e30)]), 422, "document-invalid"),
    "a line that is NaN": (part(lines=[line(top=float("nan"))]), 422, "document-invalid"),
    "an unknown field": (with_(owner="suzuki"), 422, "document-invalid"),
    "an endless title": (with_(title="あ" * 1001), 422, "document-invalid"),
    "a picture of no page": (picture("2.webp"), 422, "document-invalid"),
    "a picture elsewhere": (picture("../../1.webp"), 422, "document-invalid"),
    "a picture at the root": (picture("/etc/1.webp"), 422, "document-invalid"),
    "a picture of another kind": (picture("1.html"), 422, "document-invalid"),
    "a page that calls itself a picture": (picture("1.webp", b"<html><script>"), 422, "document-invalid"),
}


@pytest.mark.parametrize("name", BAD_UPLOADS)
def test_a_bad_document_is_refused_and_nothing_of_it_is_kept(world: World, name: str) -> None:
    alter, status, code = BAD_UPLOADS[name]
    upload = world.upload(f"壊れた文書である。{name}", ["g-staff"])
    alter(upload)
    size, chunks = world.size(), len(list(world.services.index.inventory()))

    answer = world.put("bad/文書.txt", upload)

    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert len(answer.content) < 4000
    assert world.refused(size) == [("request.failed", status, code)], "it was refused before it was announced"
    assert "/bad/" in world.since(size)[0].texts["target"]
    assert world.services.registry.at("tests", "bad/文書.txt") is None
    assert len(list(world.services.index.inventory())) == chunks
    assert list((world.services.originals.root / ".waiting").iterdir()) == []


@pytest.mark.parametrize(
    "name", ["no group", "unknown group", "a time without a zone", "a compartment with a line break"]
)
def test_a_bad_rule_changes_nothing(world: World, name: str) -> None:
    stored = world.store("rule/a.txt", "閲覧範囲を変えようとする文書である。", ["g-staff"])
    upload = world.upload("x", ["g-staff"])
    BAD_UPLOADS[name][0](upload)
    size = world.size()

    answer = world.owner.request("PUT", "/collections/tests/access/rule/a.txt", json=upload.changed["access"])

    assert answer.status_code == 422, answer.text
    assert world.refused(size) == [("request.failed", 422, answer.json()["code"])]
    assert world.as_("yamada").get(f"/documents/{stored['key']}").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "a/../../x",
        "a/./x",
        "/etc/passwd",
        "a//b",
        "a/",
        "%2e%2e/x",
        "..%2fx",
        "a%00b",
        "a%0ab",
        "a%09b",
        "a%1bb",
        "a%E2%80%AEb",
        "%FF",
        "x" * 1001,
    ],
)
def test_a_path_that_leaves_its_place_is_refused(world: World, path: str) -> None:
    upload, size = world.upload("道を外れた文書である。", ["g-staff"]), world.size()

    answer = world.put(path, upload)

    # A line break ends the framework's own pattern of a path.
    assert answer.status_code == (404 if path == "a%0ab" else 422), answer.text
    assert [event.action for event in world.since(size) if event.action.startswith("document")] == []


@pytest.mark.parametrize(
    "name", ["a\\b.txt", "Ａ／Ｂ.txt", "規程（改）.txt", "c:\\x", "~root", "-rf", "con", "a b.txt", "..x"]
)
def test_an_odd_name_is_a_name_and_never_a_path_of_ours(world: World, name: str) -> None:
    from urllib.parse import quote

    stored = world.store(quote(name), f"名前だけが変わっている文書である。{name}", ["g-staff"])

    row = world.as_("yamada").get(f"/documents/{stored['key']}").json()
    root = world.services.originals.root
    assert row["path"] == name
    assert (root / stored["key"] / stored["version"] / "original").is_file()
    assert all(set(folder.name) <= set("0123456789abcdef") or folder.name == ".waiting" for folder in root.iterdir())


@pytest.mark.parametrize("collection", ["..", ".hidden", "a b", "x" * 101, "a%00", "%E2%80%AE", "-x"])
def test_a_collection_with_an_odd_name_is_refused(world: World, collection: str) -> None:
    answer = world.owner.get(f"/collections/{collection}/documents")

    assert answer.status_code in (404, 422), answer.text
    assert answer.json()["code"] in ("collection-name-invalid", "route-unknown")


def test_removing_or_moving_what_is_not_there_says_so(world: World) -> None:
    size = world.size()

    removed = world.owner.request("DELETE", "/collections/tests/documents/none.txt")
    moved = world.give("none.txt", ["g-staff"])

    for answer in (removed, moved):
        assert (answer.status_code, answer.json()["code"]) == (404, "document-not-found")
        assert "tests/none.txt" in answer.json()["message"]
    assert world.refused(size) == [("request.failed", 404, "document-not-found")] * 2
    assert [event.details["method"] for event in world.since(size)] == ["DELETE", "PUT"]
    assert all(event.texts["target"].endswith("/none.txt") for event in world.since(size))


def test_a_long_value_is_shortened_in_the_sentence_that_names_it(world: World) -> None:
    answer = world.nobody.post("/session/demo", json={"person": "x" * 1_000_000})

    assert answer.status_code == 401
    assert len(answer.content) < 10_000


# --- many small things ----------------------------------------------------------------------------------------------

VALUES = ["", "a", "\u0000", "\ud83d\ude00", None, True, 0, -1, 1 << 70, 1.5, [], ["a"], {}, {"a": 1}, "x" * 5000]


@pytest.mark.parametrize("person", ["yamada", "kimura", "sato"])
@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("POST", "/ask", ("question", "conversation")),
        ("POST", "/search", ("query", "limit")),
        ("POST", "/session/demo", ("person",)),
        ("POST", "/audit/export", ("from", "to", "person")),
        ("POST", "/audit/verify", ("since",)),
        ("PUT", "/collections/tests/access/none.txt", ("groups", "classification", "compartments", "valid_from")),
    ],
)
def test_no_value_of_any_field_is_a_defect(
    world: World, method: str, path: str, fields: tuple[str, ...], person: str
) -> None:
    client = world.as_(person)
    good = {"question": "質問", "query": "質問", "groups": ["g-staff"], "classification": "internal", "person": "sato"}

    for field in fields:
        for value in VALUES:
            body = {**{name: good[name] for name in fields if name in good}, field: value}
            answer = client.request(
                method, path, content=json.dumps(body), headers={"content-type": "application/json"}
            )
            assert answer.status_code in (200, 204, 401, 403, 404, 413, 422), (body, answer.text)
