"""Audit, for auditors: the state of the log, the list with filters, one case as a story with its proof, the export."""

from __future__ import annotations

from datetime import datetime, timedelta

import streamlit as st

from appliance.actions import ACTIONS
from appliance.api.schemas.audit import AuditCase, AuditList
from appliance.errors import ApplianceError
from ui.markup import fold, line, notice
from ui.views.story import checkpoint, event_rows, log_state, story, title
from ui.visit import Visit

LINK = "case:"  # what a followed link of the list begins with
PAGE = 50
_OUTCOMES = {"success": "success", "denied": "denied", "failed": "outcome_failed", "aborted": "aborted"}
_DAYS = {"days7": 7, "days30": 30, "all_time": 0}


def show(visit: Visit) -> None:
    """Draw the view."""
    if (visit.opened or "").startswith(LINK):
        st.query_params["case"] = (visit.opened or "").removeprefix(LINK)
    with st.container(key="log"):
        state = st.empty()
        state.html(title(visit))
        verify = st.button(visit.t("verify"), key="verify", icon=":material/verified_user:")
    if verify:
        _verify(visit)
    with st.container(key="files"):
        files = st.empty()
    query = _filters(visit)
    try:
        found = visit.api.audit(query)
        chosen = st.query_params.get("case")
        case = visit.api.audit_case(chosen) if chosen else None
    except ApplianceError as error:
        st.html(notice(visit.t("audit_log"), [error.text(visit.language)], "bad"))
        return
    state.html(title(visit) + log_state(visit, found))
    files.html(_export_form(visit) + checkpoint(visit, found))
    with st.container(key="split"):
        with st.container(key="split-list"):
            _list(visit, found, chosen)
        with st.container(key="split-story"):
            _story(visit, case)


def _verify(visit: Visit) -> None:
    try:
        checked = visit.api.verify_audit()
    except ApplianceError as error:
        st.html(notice(visit.t("verify"), [error.text(visit.language)], "bad"))
        return
    if checked.verified:
        words = line(visit.t("verified", n=f"{checked.size:,}"))
        mark = '<i class="mark mark-ok" aria-hidden="true"></i>'
        st.html(f'<p class="notice notice-good" role="status">{mark} {words}</p>')
    else:
        st.html(notice(visit.t("not_verified"), checked.problems, "bad"))


def _export_form(visit: Visit) -> str:
    """A plain form: the archive goes from the API to the browser without passing through Streamlit's memory."""
    fields = "".join(
        f'<label>{line(visit.t(words))}<input type="{kind}" name="{name}" autocomplete="off"></label>'
        for name, words, kind in (("from", "from", "date"), ("to", "to", "date"), ("person", "person_id", "text"))
    )
    return fold(
        visit.t("export"),
        "",
        f'<form class="export" method="post" action="/audit/export"><p>{line(visit.t("export_sub"))}</p>'
        f'<input type="hidden" name="zone" value="{line(visit.zone.key)}">{fields}'
        f"<button>{line(visit.t('export_do'))}</button></form>",
    )


def _filters(visit: Visit) -> dict[str, str]:
    """The filter widgets, and the query that they make. A change of filter goes back to the newest events."""
    with st.container(key="filters", horizontal=True, vertical_alignment="bottom", gap="small"):
        period = st.segmented_control(
            visit.t("period"),
            list(_DAYS),
            default="days7",
            required=True,
            format_func=visit.t,
            key="period",
            on_change=_newest,
        )
        action = st.selectbox(
            visit.t("action"),
            ["", *ACTIONS],
            format_func=lambda name: _action(visit, name),
            key="action",
            width=260,
            on_change=_newest,
        )
        outcome = st.selectbox(
            visit.t("outcome"),
            ["", *_OUTCOMES],
            format_func=lambda name: visit.t(_OUTCOMES.get(name, "any")),
            key="outcome",
            width=140,
            on_change=_newest,
        )
        person = st.text_input(visit.t("actor"), key="person", on_change=_newest).strip()
    query = {"limit": str(PAGE), "action": action, "outcome": outcome, "person": person}
    if _DAYS.get(period or ""):
        # Whole minutes, so that paging does not move the window.
        since = datetime.now(visit.zone).replace(second=0, microsecond=0) - timedelta(days=_DAYS[period or ""])
        query["from"] = since.isoformat()
    if st.session_state.get("before"):
        query["before"] = str(st.session_state["before"][-1])
    return {key: value for key, value in query.items() if value}


def _action(visit: Visit, name: str) -> str:
    if not name:
        return visit.t("any")
    return ACTIONS[name].ja if visit.language == "ja" else ACTIONS[name].en


def _newest() -> None:
    st.session_state["before"] = []


def _newer() -> None:
    st.session_state["before"].pop()


def _list(visit: Visit, found: AuditList, chosen: str | None) -> None:
    if not found.events:
        st.html(f'<p class="nothing" role="status">{line(visit.t("no_events"))}</p>')
    else:
        st.html(event_rows(visit, found.events, chosen, LINK))
    trail: list[int] = st.session_state.setdefault("before", [])
    with st.container(key="paging", horizontal=True, horizontal_alignment="center"):
        if trail:
            st.button(visit.t("newer"), key="newer", on_click=_newer)
        if found.more and found.events:
            st.button(visit.t("earlier"), key="earlier", on_click=trail.append, args=(found.events[-1].index,))


def _story(visit: Visit, case: AuditCase | None) -> None:
    st.html(story(visit, case) if case else f'<p class="story quiet">{line(visit.t("pick"))}</p>')
