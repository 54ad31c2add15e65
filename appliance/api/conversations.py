"""A person's past questions. What its reader may no longer see is withheld."""

from __future__ import annotations

import re

from fastapi import APIRouter

from appliance.api import views
from appliance.api.caller import Caller, Held, Reader
from appliance.api.schemas.conversations import Conversation, ConversationList
from appliance.errors import ConversationNotFound
from appliance.models import AuditEvent, Json, new_id
from appliance.visible import one_line
from appliance.wiring import Services

router = APIRouter(tags=["conversations"])
_ID = re.compile(r"[0-9a-f]{32}")


@router.get("/conversations")
def conversations(services: Held, who: Reader) -> ConversationList:
    """The caller's conversations, newest first."""
    found = services.conversations.of(who.principal.id)
    details = {"conversations": len(found)}
    services.audit.commit(AuditEvent("history.listed", "success", who.actor, new_id(), details))
    return ConversationList(conversations=[views.conversation_row(past) for past in found])


@router.get("/conversations/{conversation}")
def conversation(conversation: str, services: Held, who: Reader) -> Conversation:
    """One of the caller's conversations, whole; that it was opened is in the audit log first."""
    past = services.conversations.one(conversation, person=who.principal.id)
    if past is None:
        raise denied_conversation(conversation, services, who)
    turns = [views.turn(turn, who.principal, services.opening) for turn in services.conversations.turns(conversation)]
    details: dict[str, Json] = {
        "conversation": conversation,
        "turns": len(turns),
        "withheld": sum(turn.withheld for turn in turns),
    }
    services.audit.commit(AuditEvent("history.opened", "success", who.actor, new_id(), details))
    return Conversation(id=past.id, title=one_line(past.title), turns=turns)


@router.delete("/conversations/{conversation}", status_code=204)
def delete(conversation: str, services: Held, who: Reader) -> None:
    """Delete one of the caller's conversations. The audit log keeps what it recorded."""
    if services.conversations.one(conversation, person=who.principal.id) is None:
        raise denied_conversation(conversation, services, who)
    details = {"conversation": conversation}
    services.audit.commit(AuditEvent("history.deleted", "success", who.actor, new_id(), details))
    services.conversations.delete(conversation, person=who.principal.id)


def denied_conversation(conversation: str, services: Services, who: Caller) -> ConversationNotFound:
    """Record that a conversation was asked for which is absent or another person's; the error to raise."""
    details = {"conversation": conversation if _ID.fullmatch(conversation) else "unknown"}
    services.audit.commit(AuditEvent("access.denied", "denied", who.actor, new_id(), details))
    return ConversationNotFound(conversation=conversation[:64])
