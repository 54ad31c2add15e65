"""One run of the page for one person: who they are, their language, and their way to the API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from appliance.api.schemas.people import Me
from appliance.models import Language
from ui.client import Api
from ui.texts import language_of, text


@dataclass(frozen=True, slots=True)
class Visit:
    """What every view is given. `opened` is the link that was followed to start this run."""

    api: Api
    me: Me
    language: Language
    zone: ZoneInfo
    opened: str | None

    def t(self, key: str, **values: object) -> str:
        """The words called `key`, not escaped."""
        return text(key, self.language, **values)

    def when(self, moment: datetime, form: str) -> str:
        """A moment in this person's time zone."""
        return moment.astimezone(self.zone).strftime(form)


def visit_language() -> Language:
    """The language of the person whose browser runs this page."""
    return language_of(st.context.cookies.get("lang"), st.context.headers.get("accept-language"))


def visit_zone() -> ZoneInfo:
    """The time zone that the browser reports."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def signed_in(api: Api) -> Me:
    """The signed-in person, asked for once per open page: the gate closes the page when the session ends."""
    if st.session_state.get("cookie") != api.cookie:
        # A page that reconnects after somebody else signed in here must not show what it held before.
        st.session_state.clear()
        st.session_state["me"], st.session_state["cookie"] = api.me(), api.cookie
    me: Me = st.session_state["me"]
    return me
