"""File names that cannot be shown are rows of the report; all others, whatever spaces they have, go in."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from appliance.connect import Connection
from appliance.errors import RouteUnknown, ServerUnreachable
from appliance.visible import spelled
from tests.unit.ingest_pipeline.conftest import Bench

RULE = "在宅勤務の申請は前週の木曜日までに行う。\n"
ACTING = ["議事\n録.txt", "a\rb.txt", "a\tb.txt", "a\x1b[31mb.txt", "a\u202eb.txt", "a\u2028b.txt", "a\u200bb.txt"]


def test_a_name_that_cannot_be_shown_is_a_row_and_everything_else_goes_on(bench: Bench) -> None:
    bench.write("規則.txt", RULE)
    bench.write("古い規則.txt", RULE)
    bench.sync()
    (bench.root / "古い規則.txt").unlink()
    bench.write("新しい規則.txt", RULE)
    for name in ACTING:
        bench.write(name, RULE)
    ended = bench.sync("--yes")
    assert ended.code == 10
    assert {path for path, state in ended.states.items() if state == "failed"} == set(ACTING)
    assert {ended.rows[name]["code"] for name in ACTING} == {"name-acting"}
    assert "⟨U+000A⟩" in ended.rows[ACTING[0]]["reason"]
    assert set(bench.truth().registered) == {"規則.txt", "新しい規則.txt"}


def test_so_is_a_folder_of_such_a_name_with_all_that_is_in_it(bench: Bench) -> None:
    bench.write("規則.txt", RULE)
    bench.write("a\nb/規則.txt", RULE)
    assert bench.sync().states == {"規則.txt": "stored", "a\nb": "failed"}


@pytest.mark.parametrize("name", ["議事録\u3000１１月.txt", "a  b.txt", " a.txt", "a .txt", "ﾐｰﾃｨﾝｸﾞ 11月.txt"])
def test_spaces_of_every_kind_belong_to_a_name(bench: Bench, name: str) -> None:
    bench.write(name, RULE)
    assert bench.sync().states == {name: "stored"}
    assert bench.sync().states == {name: "unchanged"}
    assert bench.ingest("remove", name, "--collection", "c", "--json").states == {name: "removed"}


@pytest.mark.parametrize(("text", "shown"), [("a\nb\tc", "a⟨U+000A⟩b⟨U+0009⟩c"), ("a\u3000b  c", "a\u3000b  c")])
def test_a_spelled_name_keeps_its_spaces_and_no_line_break(text: str, shown: str) -> None:
    assert spelled(text) == shown


def answered(status: int, content: bytes) -> Connection:
    transport = httpx.MockTransport(lambda request: httpx.Response(status, content=content))
    return Connection(httpx.Client(transport=transport), reach=lambda: None)


def test_a_404_that_is_no_problem_of_ours_does_not_say_that_nobody_answers() -> None:
    with pytest.raises(RouteUnknown, match="There is nothing at /api/x⟨U\\+000A⟩y"):
        answered(404, b"Not Found").delete("/x%0Ay")


@pytest.mark.parametrize("status", [500, 502, 503])
def test_any_other_failure_without_a_problem_does(status: int) -> None:
    with pytest.raises(ServerUnreachable, match=f"HTTP {status}"):
        answered(status, b"Bad Gateway").get("/x")


def test_what_the_framework_does_not_know_is_the_row_of_its_file(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(self: Connection, path: str, files: Any) -> Any:
        raise RouteUnknown(path=path)

    bench.write("規則.txt", RULE)
    monkeypatch.setattr(Connection, "upload", lost)
    ended = bench.sync()
    assert (ended.code, ended.rows["規則.txt"]["code"]) == (10, "route-unknown")
