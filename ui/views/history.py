"""Past questions: the list at the side, and which conversation is open.

The history lives in the API. The open conversation's id stands in the address (`?c=`), so a reload shows it again; what
is on the screen is kept in Streamlit's session, so a rerun asks the API for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from appliance.api.schemas.conversations import ConversationRow
from appliance.errors import ApplianceError
from ui.answer import Answer, from_turn
from ui.markup import line, notice
from ui.visit import Visit

LINK = "conversation:"  # what a followed link of the list begins with
_TURNS, _OPEN, _TITLE, _SAY = "turns", "conversation", "conversation-title", "history-say"


def turns() -> list[Answer]:
    """The questions and answers on the screen."""
    shown: list[Answer] = st.session_state.setdefault(_TURNS, [])
    return shown


def open_conversation() -> str | None:
    """The id of the conversation on the screen; None before the API has named a new one."""
    conversation: str | None = st.session_state.get(_OPEN)
    return conversation


def remember(conversation: str, title: str) -> bool:
    """Note the id that the API gave to the conversation on the screen; whether it is a new one."""
    new = st.session_state.get(_OPEN) != conversation
    if new:
        st.session_state[_OPEN], st.session_state[_TITLE] = conversation, title
    if st.query_params.get("c") != conversation:
        st.query_params["c"] = conversation
    return new


def begin_new() -> None:
    """Clear the screen for a new conversation."""
    st.session_state[_TURNS], st.session_state[_OPEN] = [], None
    st.query_params.pop("c", None)


def restore(visit: Visit) -> None:
    """Show the conversation of a followed link or of the address, unless it is on the screen already."""
    opened = visit.opened or ""
    followed = opened.removeprefix(LINK) if opened.startswith(LINK) else None
    wanted = followed or st.query_params.get("c")
    if wanted is None:
        if open_conversation():  # back from another view, which cleared the address
            st.query_params["c"] = open_conversation() or ""
        return
    if wanted == open_conversation() and not followed:
        return
    try:
        found = visit.api.conversation(wanted)
    except ApplianceError as error:
        begin_new()
        st.session_state[_SAY] = error.text(visit.language)
        return
    st.session_state[_TURNS] = [from_turn(turn) for turn in found.turns]
    remember(found.id, found.title)


def say() -> None:
    """Show once what there is to say about the history, such as that a conversation is gone."""
    words = st.session_state.pop(_SAY, None)
    if words:
        st.html(f'<p class="notice notice-plain" role="status">{line(words)}</p>')


def side(visit: Visit) -> DeltaGenerator:
    """Draw the way to a new question into the sidebar; returns the place of the list."""
    with st.sidebar, st.container(key="history", gap=None):
        st.button(visit.t("new"), key="new", width="stretch", icon=":material/add:", on_click=begin_new)
        return st.empty()


def draw_list(visit: Visit, place: DeltaGenerator) -> None:
    """Draw the list as the API has it now. It holds no widgets, so one run may draw it again."""
    try:
        rows = visit.api.conversations().conversations
    except ApplianceError as error:
        place.html(notice(visit.t("history"), [error.text(visit.language)], "warn"))
        return
    place.html(listing(visit, rows, open_conversation(), datetime.now(visit.zone)))


def listing(visit: Visit, rows: Sequence[ConversationRow], current: str | None, now: datetime) -> str:
    """The list: today, the last seven days, earlier; the newest first."""
    if not rows:
        return f'<p class="quiet none-yet">{line(visit.t("history_none"))}</p>'
    groups: dict[str, list[str]] = {"today": [], "week": [], "older": []}
    for row in rows:
        age = (now.date() - row.updated.astimezone(visit.zone).date()).days
        part = "today" if age <= 0 else "week" if age <= 7 else "older"
        here = ' aria-current="true"' if row.id == current else ""
        address = f"/?c={line(row.id)}"
        groups[part].append(
            f'<li><a href="{address}" target="_self" data-open="{LINK}{line(row.id)}" title="{line(row.title)}"{here}>'
            f"<span>{line(row.title)}</span><time>{line(_when(visit, row.updated, part))}</time></a></li>"
        )
    return "".join(
        f'<h2 class="part">{line(visit.t(part))}</h2><ul class="past">{"".join(items)}</ul>'
        for part, items in groups.items()
        if items
    )


def _when(visit: Visit, updated: datetime, part: str) -> str:
    return visit.when(updated, "%H:%M" if part == "today" else "%m-%d %H:%M" if part == "week" else "%Y-%m-%d")


def delete_button(visit: Visit) -> None:
    """Offer to delete the conversation on the screen."""
    conversation = open_conversation()
    if conversation and st.button(visit.t("delete"), key="delete", type="tertiary", icon=":material/delete:"):
        st.dialog(visit.t("delete_title"))(partial(_confirm, visit, conversation))()


def _confirm(visit: Visit, conversation: str) -> None:
    st.html(f"<p>{line(visit.t('delete_sub', title=st.session_state.get(_TITLE, '')))}</p>")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(visit.t("cancel"), key="delete-not"):
            st.rerun()
        if st.button(visit.t("delete_do"), key="delete-do", type="primary"):
            try:
                visit.api.delete_conversation(conversation)
                st.session_state[_SAY] = visit.t("deleted")
                begin_new()
            except ApplianceError as error:
                st.session_state[_SAY] = error.text(visit.language)
            st.rerun()
