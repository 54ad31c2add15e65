"""Portal and API as one application on one loopback port: the one place of `ui` that is handed the API itself."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from fastapi import FastAPI
from starlette.routing import Mount
from starlette.types import ASGIApp
from streamlit.web import bootstrap

from ui.gate import Gate, Sessions
from ui.guard import ExactAddress, SecurityHeaders
from ui.index import index_page
from ui.options import PortalOptions, bind
from ui.routes import own_routes

_HERE = Path(__file__).parent


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
        str(_HERE / "app.py"), routes=[Mount("/api", app=api), *own_routes(options)], lifespan=lifespan
    )
    # Around Streamlit's application, not inside it: its answer to an error of ours passes here, too.
    portal = Gate(portal, sessions=sessions)
    portal = ExactAddress(portal, origin=options.origin, host=options.host)
    return SecurityHeaders(portal)


def streamlit_settings() -> dict[str, object]:
    """streamlit.toml as flags (`theme.light.textColor`), which win over every other source of Streamlit's settings."""
    return dict(_flat("", tomllib.loads((_HERE / "streamlit.toml").read_text(encoding="utf-8"))))


def _flat(prefix: str, table: dict[str, object]) -> list[tuple[str, object]]:
    flat: list[tuple[str, object]] = []
    for key, value in table.items():
        name = f"{prefix}{key}"
        flat += _flat(f"{name}.", value) if isinstance(value, dict) else [(name, value)]
    return flat
