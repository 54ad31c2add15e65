"""Portal and API as one application on one loopback port: the one place of `ui` that is handed the API itself."""

from __future__ import annotations

import logging
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from fastapi import FastAPI
from starlette.routing import Mount
from starlette.types import ASGIApp
from streamlit.web import bootstrap

from appliance.errors import InternalError
from appliance.models import new_id
from ui.gate import Gate, Sessions
from ui.guard import ExactAddress, SecurityHeaders
from ui.index import index_page
from ui.markup import notice
from ui.options import PortalOptions, bind
from ui.routes import own_routes
from ui.texts import text
from ui.visit import visit_language

_HERE = Path(__file__).parent
_log = logging.getLogger("portal")


def build(api: FastAPI, options: PortalOptions, *, sessions: Sessions) -> ASGIApp:
    """The whole application. Once per process: Streamlit keeps its settings and its runtime globally."""
    bind(options)
    bootstrap.load_config_options(streamlit_settings())

    @asynccontextmanager
    async def lifespan(_: st.App) -> AsyncIterator[None]:
        # Starlette runs no lifespan of a mounted application.
        async with api.router.lifespan_context(api):
            yield

    for language in ("ja", "en"):
        index_page(language)
    portal: ASGIApp = st.App(
        str(_HERE / "app.py"),
        routes=[Mount("/api", app=api), *own_routes(options)],
        lifespan=lifespan,
        on_script_error=page_failed,
    )
    # Around Streamlit's application, not inside it: its answer to an error of ours passes here, too.
    portal = Gate(portal, sessions=sessions)
    portal = ExactAddress(portal, origin=options.origin, host=options.host)
    return SecurityHeaders(portal)


def page_failed(error: Exception) -> bool:
    """A defect of ours in a page: its cause goes to the operator's log, its number to the person. Always True."""
    failure = InternalError(reference=new_id()[:8])
    _log.error("page failed, reference %s", failure.values["reference"], exc_info=error)
    language = visit_language()
    st.html(notice(text("failed", language), [failure.text(language)], "bad"))
    return True  # Streamlit shows its own box otherwise


def streamlit_settings() -> dict[str, object]:
    """streamlit.toml as flags (`theme.light.textColor`), which win over every other source of Streamlit's settings."""
    return dict(_flat("", tomllib.loads((_HERE / "streamlit.toml").read_text(encoding="utf-8"))))


def _flat(prefix: str, table: dict[str, object]) -> list[tuple[str, object]]:
    flat: list[tuple[str, object]] = []
    for key, value in table.items():
        name = f"{prefix}{key}"
        flat += _flat(f"{name}.", value) if isinstance(value, dict) else [(name, value)]
    return flat
