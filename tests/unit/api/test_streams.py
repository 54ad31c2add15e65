"""An answer on its way, over a real server: it says that it is alive, and stops when its reader goes."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from appliance.audit.reading import LoggedEvent
from appliance.generation import generation_pipeline
from appliance.models import Prompt, Token
from appliance.serve import Server, _config
from tests.unit.api.world import Client, World, make_home, services_at

PATIENCE = 20.0  # seconds; only a failure takes so long


class SlowModel:
    """Writes a word every tenth of a second, for ever, and knows when it was stopped."""

    name = "slow"

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self.silent = threading.Event()

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Token, None]:
        try:
            while True:
                await asyncio.sleep(0.1)
                if not self.silent.is_set():
                    yield Token("語。[1] ")
        finally:
            self.stopped.set()


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, SlowModel, int]]:
    """An appliance whose model never ends, on a port."""
    model = SlowModel()
    with services_at(make_home(tmp_path_factory.mktemp("slow") / "home")) as services, socket.socket() as bound:
        object.__setattr__(services.answering, "generation", generation_pipeline(model))
        world = World(services)
        world.store("a.txt", "通勤手当は月額三万円を上限とする。", ["g-staff"])
        bound.bind(("127.0.0.1", 0))
        bound.listen()
        server = Server(_config(world.app, most=None), bound)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
        thread.start()
        yield world, model, bound.getsockname()[1]
        server.should_exit = True
        thread.join()


@contextmanager
def asking(world: World, port: int, client: Client | None = None) -> Iterator[Callable[[], str]]:
    """A question as raw bytes on a connection, and a way to read on."""
    body = json.dumps({"question": "通勤手当の上限はいくらか"}).encode()
    cookie = (client or world.as_("yamada")).cookie
    head = (
        f"POST /api/ask HTTP/1.1\r\nhost: x\r\ncookie: sid={cookie}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    with closing(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)) as connection:
        connection.sendall(head.encode() + body)
        yield lambda: connection.recv(65536).decode("utf-8", "replace")


def read_until(read: Callable[[], str], word: str) -> str:
    seen = ""
    while word not in seen:
        piece = read()
        assert piece, seen
        seen += piece
    return seen


def event_of(world: World, size: int, action: str) -> LoggedEvent:
    """The event, once it is in the log."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found = [event for event in world.since(size) if event.action == action]
        if found:
            return found[0]
        time.sleep(0.05)
    raise AssertionError([event.action for event in world.since(size)])


def test_when_its_reader_goes_the_model_stops_and_the_log_says_so(slow: tuple[World, SlowModel, int]) -> None:
    world, model, port = slow
    model.stopped.clear()
    size = world.size()

    with asking(world, port) as read:
        read_until(read, "event: token")

    assert model.stopped.wait(PATIENCE)
    aborted = event_of(world, size, "question.aborted")
    assert (aborted.outcome, aborted.details["outcome"]) == ("aborted", "stopped")
    assert "語" in (aborted.texts["answer"] or "")
    received = event_of(world, size, "question.received")
    assert received.case == aborted.case
    (past,) = world.services.conversations.turns(str(received.details["conversation"]))
    assert past.answer.outcome == "stopped"


def test_a_silent_answer_says_that_it_is_alive_and_notices_too_that_its_reader_went(
    slow: tuple[World, SlowModel, int],
) -> None:
    world, model, port = slow
    model.stopped.clear()
    model.silent.set()
    size = world.size()
    try:
        with asking(world, port) as read:
            seen = read_until(read, ": ping")
        assert "event: token" not in seen
        assert model.stopped.wait(PATIENCE)
    finally:
        model.silent.clear()

    assert event_of(world, size, "question.aborted").outcome == "aborted"


def test_a_stream_is_kept_by_nobody_on_its_way(slow: tuple[World, SlowModel, int]) -> None:
    world, _, port = slow

    with asking(world, port) as read:
        seen = read_until(read, "event: sources").lower()

    assert "content-type: text/event-stream" in seen
    assert "cache-control: no-store" in seen
    assert "x-accel-buffering: no" in seen


def test_an_answer_stops_when_its_asker_signs_out_and_the_log_says_so(slow: tuple[World, SlowModel, int]) -> None:
    world, model, port = slow
    model.stopped.clear()
    client, size = world.as_("yamada"), world.size()

    with asking(world, port, client) as read:
        read_until(read, "event: token")
        client.request("DELETE", "/session")
        rest = read_until(read, "answer-ended")
        assert "event: done" not in rest
        assert model.stopped.wait(PATIENCE)

    aborted = event_of(world, size, "question.aborted")
    assert (aborted.outcome, aborted.details["outcome"]) == ("aborted", "stopped")
    assert client.post("/ask", json={"question": "通勤手当の上限はいくらか"}).status_code == 401


def test_two_questions_of_a_person_run_at_once_and_the_third_is_refused_while_others_are_answered(
    slow: tuple[World, SlowModel, int],
) -> None:
    world, _, port = slow
    yamada, suzuki, size = world.as_("yamada"), world.as_("suzuki"), world.size()

    with asking(world, port, yamada) as first, asking(world, port, yamada) as second:
        read_until(first, "event: token")
        read_until(second, "event: token")
        for call, body in (("/ask", {"question": "通勤手当の上限は"}), ("/search", {"query": "通勤手当"})):
            refused = world.as_("yamada").post(call, json=body)  # another session of theirs counts with the first
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
            assert refused.json()["code"] == "too-many-questions"
            assert "At most 2 of your questions are answered at once" in refused.json()["message"]
        with asking(world, port, suzuki) as other:
            read_until(other, "event: token")
    events = [(e.actor, e.details["code"]) for e in world.since(size) if e.action == "request.failed"]
    assert events == [("yamada", "too-many-questions")] * 2

    until = time.monotonic() + PATIENCE
    while world.services.admission._asked and time.monotonic() < until:
        time.sleep(0.05)
    assert not world.services.admission._asked, "an answer that was stopped counts no longer"


def test_an_answer_that_takes_too_long_is_stopped_and_says_so(
    slow: tuple[World, SlowModel, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, model, port = slow
    model.stopped.clear()
    monkeypatch.setattr(world.services.admission, "_seconds", 1)
    size = world.size()

    with asking(world, port) as read:
        assert "answer-too-slow" in read_until(read, "and was stopped")

    assert model.stopped.wait(PATIENCE)
    assert event_of(world, size, "question.aborted").outcome == "aborted"


def test_characters_that_end_lines_elsewhere_do_not_end_events(world: World) -> None:
    text = "通勤\u2028手当\u2029は\u0085月額\x0b四万\x0c円を\x1c上限\u200bとする。"
    stored = world.store("streams/lines.txt", text, ["g-it"])
    client = world.as_("tanaka")

    answer = client.post("/ask", json={"question": "通勤手当の上限はいくらか"})

    for line in answer.text.splitlines():  # which splits at every one of them
        assert not line or line.split(": ")[0] in ("event", "data", ""), line
    sources = next(data for name, data in _events(answer.text) if name == "sources")["sources"]
    source = next(source for source in sources if source["document"] == stored["key"])
    assert len(source["text"]) == len(text), "offsets into it stay right"


def _events(text: str) -> list[tuple[str, dict[str, list[dict[str, str]]]]]:
    from tests.unit.api.world import sse

    return sse(text)
