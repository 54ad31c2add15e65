"""A person's past questions. What its reader may no longer see is withheld."""

from __future__ import annotations

import re

from fastapi import APIRouter

from appliance.acts import act
from appliance.api import views
from appliance.api.caller import Caller, Guarded, Held, Reader
from appliance.api.schemas.conversations import Conversation, ConversationList
from appliance.errors import ConversationNotFound
from appliance.models import Json, new_id
from appliance.visible import one_line

router = APIRouter(route_class=Guarded, tags=["conversations"])
_ID = re.compile(r"[0-9a-f]{32}")


@router.get("/conversations")
def conversations(services: Held, who: Reader) -> ConversationList:
    """The caller's conversations, newest first."""
    found = services.conversations.of(who.principal.id)
    details = {"conversations": len(found)}
    services.audit.commit(act("history.listed", "success", who.actor, new_id(), details))
    return ConversationList(conversations=[views.conversation_row(past) for past in found])


@router.get("/conversations/{conversation}")
def conversation(conversation: str, services: Held, who: Reader) -> Conversation:
    """One of the caller's conversations, whole; that it was opened is in the audit log first."""
    past = services.conversations.one(conversation, person=who.principal.id)
    if past is None:
        raise denied_conversation(conversation, who)
    turns = [views.turn(turn, who.principal, services.opening) for turn in services.conversations.turns(conversation)]
    details: dict[str, Json] = {
        "conversation": conversation,
        "turns": len(turns),
        "withheld": sum(turn.withheld for turn in turns),
    }
    services.audit.commit(act("history.opened", "success", who.actor, new_id(), details))
    return Conversation(id=past.id, title=one_line(past.title), turns=turns)


@router.delete("/conversations/{conversation}", status_code=204)
def delete(conversation: str, services: Held, who: Reader) -> None:
    """Delete one of the caller's conversations. The audit log keeps what it recorded."""
    if services.conversations.one(conversation, person=who.principal.id) is None:
        raise denied_conversation(conversation, who)
    details = {"conversation": conversation}
    services.audit.commit(act("history.deleted", "success", who.actor, new_id(), details))
    services.conversations.delete(conversation, person=who.principal.id)


def denied_conversation(conversation: str, who: Caller) -> ConversationNotFound:
    """The error to raise where a conversation is absent or another person's: a denial in the log."""
    who.asked.deny(conversation=conversation if _ID.fullmatch(conversation) else "unknown")
    return ConversationNotFound(conversation=conversation[:64])
