"""Documents: what the signed-in person may see, with filters. Opening one shows its pages in the preview."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from appliance.api.schemas.documents import DocumentRow
from appliance.errors import ApplianceError
from appliance.models import Classification
from ui.evidence import document_preview
from ui.markup import classification, line, notice, table
from ui.visit import Visit

MOST_ROWS = 200  # more in one table serve nobody; the filter narrows it

_FORMATS = {
    "application/pdf": "PDF",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
    "text/html": "HTML",
    "text/csv": "CSV",
    "text/markdown": "Markdown",
    "text/plain": "TXT",
}


def show(visit: Visit) -> None:
    """Draw the view."""
    title = f'<h1 class="page">{line(visit.t("documents"))}</h1>'
    try:
        known = visit.api.documents().documents
    except ApplianceError as error:
        st.html(title + notice(visit.t("documents"), [error.text(visit.language)], "bad"))
        return
    st.html(f'{title}<p class="counts">{line(visit.t("documents_sub", n=f"{len(known):,}"))}</p>')
    found = _filtered(visit, known)
    if not found:
        st.html(f'<p class="nothing" role="status">{line(visit.t("nothing"))}</p>')
        return
    if len(found) > MOST_ROWS:
        words = visit.t("shown", n=f"{len(found):,}", k=MOST_ROWS)
        st.html(f'<p class="quiet" role="status">{line(words)}</p>')
    st.html(listing(visit, found[:MOST_ROWS]))


def _filtered(visit: Visit, known: Sequence[DocumentRow]) -> list[DocumentRow]:
    collections = sorted({row.collection for row in known})
    levels = [level.word for level in Classification]
    with st.container(key="filters", horizontal=True, vertical_alignment="bottom", gap="small"):
        words = st.text_input(visit.t("find"), key="find").strip().casefold()
        collection = st.selectbox(
            visit.t("collection"), ["", *collections], format_func=lambda c: c or visit.t("any"), key="col", width=220
        )
        level = st.selectbox(
            visit.t("label"), ["", *levels], format_func=lambda w: visit.t(w or "any"), key="level", width=180
        )
    return [
        row
        for row in known
        if words in f"{row.title} {row.collection}/{row.path}".casefold()
        and collection in ("", row.collection)
        and level in ("", row.classification)
    ]


def listing(visit: Visit, rows: Sequence[DocumentRow]) -> str:
    """The table of documents."""
    head = (
        (visit.t("document"), ""),
        (visit.t("label"), ""),
        (visit.t("format"), ""),
        (visit.t("parts"), "num"),
        (visit.t("stored"), ""),
    )
    cells = [
        (
            f'<a href="#document-{line(row.key)}" data-preview="{document_preview(row)}"><b>{line(row.title)}</b></a>'
            f'<span class="path">{line(f"{row.collection}/{row.path}")}</span>',
            classification(row.classification, visit.language),
            line(_FORMATS.get(row.media_type, row.media_type)),
            str(row.parts),
            f'<time datetime="{row.updated.isoformat()}">{visit.when(row.updated, "%Y-%m-%d")}</time>',
        )
        for row in rows
    ]
    return table(visit.t("documents"), head, cells, "list docs")
