"""Portal and API as one application on one loopback port: the one place of `ui` that is handed the API itself."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import click
import streamlit as st
from fastapi import FastAPI
from starlette.types import ASGIApp, Scope
from streamlit.web import bootstrap

from appliance import __version__
from appliance.api.app import create_app
from appliance.api.asked import refusal_of
from appliance.api.under import UnderApi
from appliance.cli.command import run
from appliance.cli.spoken import command, version
from appliance.defects import unexpected
from appliance.errors import Denied, OriginRefused, Unavailable
from appliance.examples import read_examples
from appliance.models import Language
from appliance.serve import serving
from appliance.settings import Settings, load
from appliance.wiring import Services
from ui.gate import Gate, Sessions
from ui.guard import ExactAddress, Refused, SecurityHeaders
from ui.index import index_page
from ui.markup import notice
from ui.options import Example, PortalOptions, SignInPerson, bind
from ui.routes import own_routes
from ui.texts import text
from ui.visit import visit_language

_HERE = Path(__file__).parent


def build(api: FastAPI, options: PortalOptions, *, sessions: Sessions, refused: Refused) -> ASGIApp:
    """The whole application. Once per process: Streamlit keeps its settings and its runtime globally."""
    bind(options)
    bootstrap.load_config_options(streamlit_settings())

    @asynccontextmanager
    async def lifespan(_: st.App) -> AsyncIterator[None]:
        # It is the portal's lifespan that is run, not the API's.
        async with api.router.lifespan_context(api):
            yield

    for language in ("ja", "en"):
        index_page(language)
    portal: ASGIApp = st.App(
        str(_HERE / "app.py"),
        routes=own_routes(options),
        lifespan=lifespan,
        on_script_error=page_failed,
    )
    # Around Streamlit's application, not inside it: its answer to an error of ours passes here, too.
    portal = UnderApi(api, portal)
    portal = Gate(portal, sessions=sessions)
    portal = ExactAddress(portal, origin=options.origin, host=options.host, refused=refused)
    return SecurityHeaders(portal)


def page_failed(error: Exception) -> bool:
    """A defect of ours in a page: its cause goes to the operator's log, its number to the person. Always True."""
    failure = unexpected(error)
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


class _SessionsOfApi:
    """The gate's view of the API's sessions. A look prolongs nothing: only what a person does, does."""

    def __init__(self, services: Services) -> None:
        self._sessions, self._people = services.sessions, services.people

    def alive(self, cookie: str) -> bool:
        """Whether this cookie's session lasts, and is somebody's of the directory as it is now."""
        person = self._sessions.person(cookie, touch=False)
        try:
            return person is not None and self._people.person(person) is not None
        except (Denied, Unavailable):  # taken out since, or nobody is anybody until the directory can be read
            return False

    def on_end(self, listener: Callable[[], None]) -> None:
        """Tell `listener` that some session ended."""
        self._sessions.on_end(lambda _: listener())


def _options(services: Services) -> PortalOptions:
    settings = services.settings

    def people(language: Language) -> tuple[SignInPerson, ...]:
        if services.people.fault() is not None:
            return ()  # nobody is let in until the file can be read, so nobody is offered
        return tuple(
            SignInPerson(
                person.principal.id,
                person.called(language),
                tuple(services.people.group_names(person.principal.groups, language)),
                person.principal.roles,
            )
            for person in services.people.all()
        )

    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return PortalOptions(settings.origin, f"http://{host}:{settings.port}", people, examples(settings))


def examples(settings: Settings) -> tuple[Example, ...]:
    """The questions that an empty page offers. Raises what `read_examples` raises."""
    if settings.examples is None:
        return ()
    return tuple(Example(ja=found.ja, en=found.en) for found in read_examples(settings.home / settings.examples))


@command(
    ja="""ポータルと API を設定のホストとポートで、API を専用ソケットでも動かします（停止するまで）。

    設定とデータのフォルダーは環境変数 APPLIANCE_HOME で指定します。準備ができるとアドレスを表示します。
    """,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@version(__version__)
def portal() -> None:
    """Serve portal and API on the settings' host and port, and the API on the private socket, until stopped.

    APPLIANCE_HOME names the folder of settings and data. Prints the address when it is ready.
    """
    configured = load()

    def application(services: Services) -> ASGIApp:
        async def refused(scope: Scope, error: OriginRefused, status: int) -> None:
            await services.refusals.note(refusal_of(scope, error, status))

        return build(create_app(services), _options(services), sessions=_SessionsOfApi(services), refused=refused)

    with serving(configured, application) as serve:
        click.echo(configured.origin)
        asyncio.run(serve())


def main() -> None:
    """Entry point."""
    run(portal, "portal")
