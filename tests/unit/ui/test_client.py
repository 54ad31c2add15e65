"""The client over a real socket: what it sends, what it keeps, what it makes of refusals and of broken answers."""

import socket

import pytest

from appliance.api.schemas.answers import AskRequest, DoneEvent, TokenEvent
from appliance.errors import ApiProblem, ApiUnreachable
from tests.unit.ui.api_server import api_server
from ui.client import Api
from ui.options import PortalOptions
from ui.sse import Ping

TOKEN = b'event: token\ndata: {"sentence": 0, "text": "a"}\n\n'
DONE = (
    b'event: done\ndata: {"outcome": "answered", "language": "ja", "sentences": [], "unknown_markers": 0,'
    b' "model": "m", "seconds": 1}\n\n'
)
NO_DOCUMENTS = b'{"documents": []}'


@pytest.fixture
def server():
    with api_server() as (said, options):
        yield said, options


def test_a_call_carries_the_session_the_language_and_our_exact_address(server):
    said, options = server
    said.pieces = [NO_DOCUMENTS]

    Api(options, "s3cret", "en").documents()

    method, path, headers, _ = said.requests[0]
    assert (method, path) == ("GET", "/api/documents")
    assert headers["cookie"] == "sid=s3cret"
    assert headers["accept-language"] == "en"
    assert headers["origin"] == "https://appliance.example"
    assert headers["host"] == "appliance.example"


def test_a_cookie_that_the_api_sets_is_not_sent_in_the_next_persons_call(server):
    """With a jar that stores, the next caller was answered as somebody else."""
    said, options = server
    said.pieces, said.headers = [NO_DOCUMENTS], [("set-cookie", "sid=of-the-first; Path=/")]

    Api(options, "first", "ja").documents()
    Api(options, "second", "ja").documents()
    Api(options, "", "ja").documents()

    assert [headers.get("cookie") for _, _, headers, _ in said.requests] == ["sid=first", "sid=second", None]


def test_ids_in_addresses_cannot_leave_their_place(server):
    said, options = server
    said.pieces = [b'{"id": "x", "title": "t", "turns": []}']

    Api(options, "s", "ja").conversation("../audit?x=1#y")

    assert said.requests[0][1] == "/api/conversations/..%2Faudit%3Fx%3D1%23y"


def test_a_question_travels_without_any_person_in_it(server):
    said, options = server
    said.pieces = [TOKEN, DONE]

    list(Api(options, "s", "ja").ask(AskRequest(question="日当は", conversation="c1")))

    assert said.requests[0][3].decode() == '{"question":"日当は","conversation":"c1"}'


def test_a_refusal_keeps_the_apis_own_words(server):
    said, options = server
    said.status, said.pieces = 403, ['{"code": "role-needed", "message": "役割が必要です。"}'.encode()]

    with pytest.raises(ApiProblem, match="役割が必要です。") as refused:
        Api(options, "s", "ja").documents()
    assert refused.value.text("ja") == "役割が必要です。"


def test_a_refusal_that_is_no_problem_document_names_its_status(server):
    said, options = server
    said.status, said.pieces = 502, [b"<html>Bad gateway</html>"]

    with pytest.raises(ApiProblem, match="HTTP 502"):
        Api(options, "s", "ja").documents()


def test_an_answer_with_another_shape_is_not_shown(server):
    said, options = server
    said.pieces = [b'{"documents": [1]}']

    with pytest.raises(ApiUnreachable, match="unexpected answer, DocumentList"):
        Api(options, "s", "ja").documents()


def test_an_api_that_is_not_there_is_named():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"

    with pytest.raises(ApiUnreachable, match=r"127\.0\.0\.1.*ConnectError"):
        Api(PortalOptions(origin=address, api=address, people=lambda _: ()), "s", "ja").documents()


def test_the_events_of_an_answer_come_as_they_are_sent(server):
    said, options = server
    said.pieces = [b": ping\n\n", TOKEN, DONE]

    assert [type(event) for event in Api(options, "s", "ja").ask(AskRequest(question="q"))] == [
        Ping,
        TokenEvent,
        DoneEvent,
    ]


@pytest.mark.parametrize("pieces", [[], [TOKEN], [TOKEN, DONE[:-4]]])
def test_an_answer_that_breaks_off_is_not_taken_for_a_whole_one(server, pieces):
    said, options = server
    said.pieces = pieces

    with pytest.raises(ApiUnreachable, match="the answer broke off"):
        list(Api(options, "s", "ja").ask(AskRequest(question="q")))


def test_an_event_with_a_wrong_shape_ends_the_answer(server):
    said, options = server
    said.pieces = [b'event: token\ndata: {"sentence": -1}\n\n']

    with pytest.raises(ApiUnreachable, match="unexpected event, TokenEvent"):
        list(Api(options, "s", "ja").ask(AskRequest(question="q")))


def test_an_error_event_is_the_end_of_an_answer_and_no_exception(server):
    said, options = server
    said.pieces = [b'event: error\ndata: {"code": "index-unavailable", "message": "m"}\n\n']

    (problem,) = Api(options, "s", "ja").ask(AskRequest(question="q"))

    assert problem.message == "m"


def test_closing_the_generator_closes_the_connection(server):
    """This is what ends the generation at the API."""
    said, options = server
    said.pieces = [TOKEN]
    said.hold.clear()

    answer = Api(options, "s", "ja").ask(AskRequest(question="q"))
    next(answer)
    answer.close()

    assert said.gone.wait(5)
