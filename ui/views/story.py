"""Audit events as HTML: the state of the log, rows of the list, and one case told from beginning to end."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from appliance.api.schemas.audit import AuditCase, AuditDocument, AuditList, AuditPassage, AuditProof, AuditRow
from appliance.places import place
from ui.markup import escaped, fold, line, state, table
from ui.visit import Visit

_KINDS = {"success": "ready", "denied": "failed", "failed": "failed", "aborted": "check"}
_WORDS = {"success": "success", "denied": "denied", "failed": "outcome_failed", "aborted": "aborted"}
_SHORT = 12  # hex digits of a hash that tell it apart in a line


def actor(visit: Visit, row: AuditRow) -> str:
    """Who acted, in words."""
    return row.actor_name or row.actor if row.actor_kind == "person" else visit.t(row.actor_kind)


def outcome(visit: Visit, row: AuditRow) -> str:
    """How it ended."""
    return state(_KINDS[row.outcome], visit.t(_WORDS[row.outcome]))


def title(visit: Visit) -> str:
    """The heading of the view."""
    return f'<h1 class="page">{line(visit.t("audit"))}</h1>'


def log_state(visit: Visit, found: AuditList) -> str:
    """How long the log is, and the root of its tree."""
    size, root = visit.t("log_size", n=f"{found.size:,}"), visit.t("log_root", root=f"{found.root[:_SHORT]}…")
    return f'<p class="counts"><span>{line(size)}</span><span><code>{line(root)}</code></span></p>'


def checkpoint(visit: Visit, found: AuditList) -> str:
    """The signed note that stands for the whole log, to be copied."""
    return fold(visit.t("checkpoint"), "", f'<pre class="note" tabindex="0">{escaped(found.checkpoint)}</pre>')


def event_rows(visit: Visit, rows: Sequence[AuditRow], chosen: str | None, link: str) -> str:
    """The list of events; each leads to its case."""
    head = [(visit.t(key), "") for key in ("time", "actor", "action", "outcome")] + [(visit.t("record"), "num")]
    cells = [
        (
            f'<a href="/audit?case={line(row.case)}" target="_self" data-open="{link}{line(row.case)}" '
            f'aria-current="{"true" if row.case == chosen else "false"}">{visit.when(row.time, "%m-%d %H:%M:%S")}</a>',
            line(actor(visit, row)),
            line(row.label),
            outcome(visit, row),
            f"{row.index:,}",
        )
        for row in rows
    ]
    return table(visit.t("audit_log"), head, cells, "list events")


def story(visit: Visit, case: AuditCase) -> str:
    """One case: what happened when, what was asked and answered, and that it stands in the log."""
    if not case.events:
        return f'<p class="story quiet">{line(visit.t("no_events"))}</p>'
    first = case.events[0]
    steps = "".join(_step(visit, row) for row in case.events)
    texts = {name: words for row in case.events for name, words in row.texts.items() if words != ""}
    return (
        f'<section class="story" aria-label="{line(visit.t("story"))}"><h2 class="small">{line(visit.t("story"))}</h2>'
        f'<p class="head"><b>{line(first.label)}</b>{outcome(visit, case.events[-1])}</p>'
        f"<p>{line(actor(visit, first))} ・ {visit.when(first.time, '%Y-%m-%d %H:%M')}<br>"
        f'<span class="quiet">{line(visit.t("case", case=case.case))}</span></p>'
        f'{_texts(visit, texts)}<ol class="path-of">{steps}</ol>{_proof(visit, case.proof)}</section>'
    )


def _step(visit: Visit, row: AuditRow) -> str:
    # What the ids of passages stand for is told below; the rest of the record stands as it is.
    facts = {name: value for name, value in row.details.items() if name != "passages" or not row.passages}
    details = ""
    if facts:
        details = f'<details class="details"><summary>{line(visit.t("details"))}</summary>{_facts(facts)}</details>'
    return (
        f'<li><time datetime="{row.time.isoformat()}">{visit.when(row.time, "%H:%M:%S")}</time>'
        f"<span>{line(row.label)}</span> {outcome(visit, row) if row.outcome != 'success' else ''}"
        f"{_about(visit, row)}{details}</li>"
    )


def _about(visit: Visit, row: AuditRow) -> str:
    """The document that an event is about, and the passages that its search found."""
    about = ""
    if row.document is not None:
        about = f'<p class="about">{_named(visit, row.document, row.document.key)}</p>'
    for shown, words in ((True, "shown_places"), (False, "found_places")):
        items = "".join(_place(visit, passage) for passage in row.passages if passage.shown is shown)
        if items:
            about += f'<p class="name">{line(visit.t(words))}</p><ul class="about">{items}</ul>'
    return about


def _place(visit: Visit, passage: AuditPassage) -> str:
    kind, label = passage.part_kind, passage.part_label
    where = [place(kind, label, visit.language)] if kind and label else []
    more = " ・ ".join([*where, visit.t("version_is", v=f"{passage.version[:_SHORT]}…")])
    return (
        f'<li>[{passage.number}] {_named(visit, passage, passage.document)}<span class="path">{line(more)}</span></li>'
    )


def _named(visit: Visit, of: AuditDocument | AuditPassage, key: str) -> str:
    """Title and path; the key alone where the document is gone."""
    path = f"{of.collection}/{of.path}" if of.collection else visit.t("gone")
    return f'<b>{line(of.title or key)}</b><span class="path">{line(path)}</span>'


def _facts(details: Mapping[str, object]) -> str:
    rows = "".join(f"<div><dt>{line(name)}</dt><dd>{line(_shown(value))}</dd></div>" for name, value in details.items())
    return f'<dl class="record">{rows}</dl>'


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _texts(visit: Visit, texts: Mapping[str, str | None]) -> str:
    named = {"question": visit.t("text_question"), "answer": visit.t("text_answer")}
    return "".join(
        f'<div class="said"><p class="name">{line(named.get(name, name))}</p><p>{_said(visit, words)}</p></div>'
        for name, words in texts.items()
    )


def _said(visit: Visit, words: str | None) -> str:
    return f"<b>{line(visit.t('text_missing'))}</b>" if words is None else escaped(words)


def _proof(visit: Visit, proof: AuditProof) -> str:
    kind, words = ("ok", "proof") if proof.verified else ("none", "proof_bad")
    at = visit.t("proof_at", n=f"{proof.index:,}", all=f"{proof.size:,}")
    path = "".join(f"<li><code>{line(digest)}</code></li>" for digest in proof.path)
    return (
        f'<p class="proof proof-{kind}"><i class="mark mark-{kind}" aria-hidden="true"></i>'
        f"<span><b>{line(visit.t(words))}</b>"
        f'<br><span class="quiet">{line(at)} <code>{line(proof.root[:_SHORT])}…</code></span></span></p>'
        + fold(visit.t("proof_path"), str(len(proof.path)), f"<ol>{path}</ol>")
    )
