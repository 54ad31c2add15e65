"""The one place where events of the audit log are made: each is held against what the catalogue says of its action."""

from __future__ import annotations

from collections.abc import Mapping

from appliance.actions import RECORDS, Record
from appliance.errors import AuditEventInvalid
from appliance.fields import COMMON, fault
from appliance.models import Actor, AuditEvent, Json, Outcome

_EMPTY: dict[str, str] = {}


def act(
    action: str,
    outcome: Outcome,
    actor: Actor,
    case: str,
    details: Mapping[str, Json] = _EMPTY,
    texts: Mapping[str, str] = _EMPTY,
) -> AuditEvent:
    """An event; the actor's session, and who acted in a person's name, become fields of it.

    Raises AuditEventInvalid, which is a defect of the code that records.
    """
    of_actor = {"session": actor.session, "by": actor.by}
    details = {**details, **{name: value for name, value in of_actor.items() if value}}
    record = RECORDS.get(action)
    wrong = "it is not in appliance.actions" if record is None else _fault(record, outcome, actor, details, texts)
    if wrong:
        raise AuditEventInvalid(action=action, field="the event", why=wrong)
    return AuditEvent(action, outcome, actor, case, details, texts)


def _fault(
    record: Record, outcome: Outcome, actor: Actor, details: Mapping[str, Json], texts: Mapping[str, str]
) -> str:
    if outcome not in record.outcomes:
        return f"{outcome} is no outcome of it"
    if actor.kind not in record.actors:
        return f"{actor.kind} does not do this"
    if odd := sorted(texts.keys() - record.texts.keys()):
        return f"the text {odd[0]} is not declared"
    own = {field.name for field in record.fields}
    return fault((*record.fields, *(field for field in COMMON if field.name not in own)), details)
