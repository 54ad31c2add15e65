"""What the log says when the appliance starts and stops: the settings in force, who was added or changed, the end."""

from __future__ import annotations

import json
from contextlib import suppress

from sqlalchemy import Engine

from appliance import __version__
from appliance.acts import act
from appliance.auth.people import People
from appliance.errors import AuditUnavailable
from appliance.models import Actor, Json, new_id
from appliance.protocols import AuditSink
from appliance.recording import asker
from appliance.settings import Settings
from appliance.store import meta

_START = Actor("service", "start-up")
_KEY = "people"
_Known = dict[str, dict[str, Json]]


def record_start(settings: Settings, people: People, engine: Engine, audit: AuditSink) -> None:
    """What is in force from now on. Values of settings are words and numbers; secrets are file names."""
    details: dict[str, Json] = {
        "release": __version__,
        "people_sha256": people.sha256,
        "settings": {key: str(value)[:200] for key, value in settings.model_dump(mode="json").items()},
    }
    audit.commit(act("settings.loaded", "success", _START, new_id(), details))
    record_people(people, engine, audit)


def record_stop(audit: AuditSink) -> None:
    """The orderly end; a process that was killed leaves none."""
    with suppress(AuditUnavailable):  # it has been said to whoever asked
        audit.commit(act("service.stopped", "success", Actor("service", "stop"), new_id()))


def record_people(people: People, engine: Engine, audit: AuditSink) -> None:
    """Who is new, gone or changed since the directory was last recorded; the event comes before it is remembered."""
    now = _known(people)
    kept = meta.remembered(engine, _KEY)
    last = json.loads(kept) if kept is not None else {"sha256": None, "people": {}}
    before: _Known = last["people"]
    changed = {name: {"before": before.get(name), "now": now.get(name)} for name in sorted(before.keys() | now.keys())}
    changed = {name: pair for name, pair in changed.items() if pair["before"] != pair["now"]}
    if not changed:
        return
    details: dict[str, Json] = {
        "people_sha256": people.sha256,
        "before": last["sha256"],
        "added": len(now.keys() - before.keys()),
        "removed": len(before.keys() - now.keys()),
        "changed": len(changed.keys() & now.keys() & before.keys()),
    }
    texts = {"people": json.dumps(changed, ensure_ascii=False)}
    audit.commit(act("people.changed", "success", _START, new_id(), details, texts))
    meta.remember(engine, _KEY, json.dumps({"sha256": people.sha256, "people": now}, ensure_ascii=False))


def _known(people: People) -> _Known:
    return {
        person.principal.id: {
            **asker(person.principal),
            "roles": sorted(role.value for role in person.principal.roles),
        }
        for person in people.all()
    }
