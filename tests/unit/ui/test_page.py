"""The page script's own decisions, in Streamlit's bare mode (no browser, no session of Streamlit)."""

import logging

import pytest
import streamlit as st

from appliance.errors import ApiProblem
from tests.unit.ui.api_server import api_server
from ui.client import Api
from ui.serve import page_failed
from ui.visit import signed_in

YAMADA = '{"id": "yamada", "name": "山田", "groups": [], "clearance": "public", "roles": ["reader"], "documents": 1}'
SATO = YAMADA.replace("yamada", "sato")


@pytest.fixture(autouse=True)
def empty_session():
    st.session_state.clear()
    yield
    st.session_state.clear()


def test_the_person_is_asked_for_once_per_open_page():
    with api_server() as (said, options):
        said.pieces = [YAMADA.encode()]
        for _ in range(3):
            assert signed_in(Api(options, "first", "ja")).id == "yamada"

        assert len(said.requests) == 1


def test_a_page_that_comes_back_with_another_session_holds_nothing_of_the_one_before():
    """Streamlit gives a reconnecting page its old state, whoever is signed in by then."""
    with api_server() as (said, options):
        said.pieces = [YAMADA.encode()]
        signed_in(Api(options, "first", "ja"))
        st.session_state["turns"] = ["the first person's question"]

        said.pieces = [SATO.encode()]

        assert signed_in(Api(options, "second", "ja")).id == "sato"
        assert "turns" not in st.session_state


def test_nobody_is_signed_in_when_the_api_says_so():
    with api_server() as (said, options):
        said.status, said.pieces = 401, [b'{"code": "sign-in-needed", "message": "Sign in."}']

        with pytest.raises(ApiProblem, match="Sign in"):
            signed_in(Api(options, "old", "ja"))
        assert "me" not in st.session_state


def test_a_defect_of_a_page_goes_to_the_log_with_a_number_and_not_to_the_reader(caplog, monkeypatch):
    shown = []
    monkeypatch.setattr(st, "html", shown.append)

    with caplog.at_level(logging.ERROR, logger="portal"):
        assert page_failed(RuntimeError("inner secret")) is True

    (record,) = caplog.records
    reference = record.args[0]
    assert reference in shown[0]
    assert "inner secret" not in shown[0]
    assert record.exc_info[1].args == ("inner secret",)
