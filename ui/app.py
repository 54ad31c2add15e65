"""The page script that Streamlit runs: who is signed in, which views they get, and the frame around every view."""

from __future__ import annotations

from functools import partial

import streamlit as st

from appliance.errors import ApplianceError
from ui.client import Api
from ui.components.links import followed_link
from ui.frame import account_menu, brand
from ui.gate import SESSION_COOKIE
from ui.markup import notice
from ui.options import bound
from ui.texts import text
from ui.views import ask, audit, documents
from ui.visit import Visit, signed_in, visit_language, visit_zone

VIEWS = {"ask": ask.show, "documents": documents.show, "audit": audit.show}


def main() -> None:
    """Draw the frame, then the chosen view."""
    options, language = bound(), visit_language()
    api = Api(options, st.context.cookies.get(SESSION_COOKIE, ""), language)
    try:
        me = signed_in(api)
    except ApplianceError as error:
        st.html(notice(text("failed", language), [error.text(language)], "bad"))
        st.stop()
    visit = Visit(api, me, language, visit_zone(), followed_link())
    st.set_page_config(layout="wide", initial_sidebar_state="auto")
    st.logo(brand(visit.t("product"), dark=st.context.theme.type == "dark"), size="large")
    pages = [
        st.Page(
            partial(show, visit),
            title=visit.t(name),
            url_path=name,
            default=name == "ask",
            # Only hidden: whoever opens its address is refused by the API, and that is recorded.
            visibility="visible" if name != "audit" or "auditor" in me.roles else "hidden",
        )
        for name, show in VIEWS.items()
    ]
    chosen = st.navigation(pages, position="top")
    name = chosen.url_path or "ask"
    st.set_page_config(page_title=f"{visit.t(name)} - {visit.t('product')}")
    with st.container(key="account"), st.popover(me.name, key="account-menu"):
        st.html(account_menu(visit))
    with st.container(key=f"view-{name}"):
        chosen.run()


main()
