"""The portal's way to the API: typed calls over HTTP on loopback, in the name of the person whose cookie it carries.

One connection pool serves everybody, so nothing of a person may stay in it: its cookie jar stores nothing, and the
session cookie travels as a header of each call.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from appliance.api.schemas import Problem
from appliance.api.schemas.answers import AskRequest, DoneEvent
from appliance.api.schemas.audit import AuditCase, AuditList, AuditVerification
from appliance.api.schemas.conversations import Conversation, ConversationList
from appliance.api.schemas.documents import DocumentList
from appliance.api.schemas.people import Me
from appliance.errors import ApiProblem, ApiUnreachable
from appliance.models import Language
from ui.gate import SESSION_COOKIE
from ui.options import PortalOptions
from ui.sse import Event, events

_S = TypeVar("_S", bound=BaseModel)
_TIMEOUT = httpx.Timeout(10, read=60)
# The API pings twice a second while it works: silence longer than this means that it is gone.
_STREAM_TIMEOUT = httpx.Timeout(10, read=15)


class Endpoint:
    """The API's addresses that the portal calls."""

    SIGN_IN = "/api/session/demo"
    SIGN_OUT = "/api/session"
    ME = "/api/me"
    ASK = "/api/ask"
    DOCUMENTS = "/api/documents"
    CONVERSATIONS = "/api/conversations"
    AUDIT = "/api/audit/events"
    AUDIT_CASES = "/api/audit/cases"
    AUDIT_VERIFY = "/api/audit/verify"
    AUDIT_EXPORT = "/api/audit/export"


class NoCookies(CookieJar):
    """A jar that accepts no cookie: with a storing one the next caller was answered as somebody else."""

    def __init__(self) -> None:
        super().__init__(DefaultCookiePolicy(allowed_domains=()))


def caller_headers(options: PortalOptions, cookie: str, language: Language) -> dict[str, str]:
    """The headers that make a call one of this person's: exact address, session, language."""
    headers = {"host": options.host, "origin": options.origin, "accept-language": language}
    if cookie:
        headers["cookie"] = f"{SESSION_COOKIE}={cookie}"
    return headers


@cache
def _pool() -> httpx.Client:
    limits = httpx.Limits(max_connections=500, max_keepalive_connections=20)
    return httpx.Client(trust_env=False, cookies=NoCookies(), limits=limits, timeout=_TIMEOUT)


@dataclass(frozen=True, slots=True)
class Api:
    """The API as one person sees it. Every call raises ApiProblem (a refusal) or ApiUnreachable."""

    options: PortalOptions
    cookie: str
    language: Language

    def me(self) -> Me:
        """Who is signed in."""
        return self._call("GET", Endpoint.ME, Me)

    def documents(self) -> DocumentList:
        """What this person may see."""
        return self._call("GET", Endpoint.DOCUMENTS, DocumentList)

    def conversations(self) -> ConversationList:
        """Past conversations, newest first."""
        return self._call("GET", Endpoint.CONVERSATIONS, ConversationList)

    def conversation(self, conversation: str) -> Conversation:
        """One past conversation, whole."""
        return self._call("GET", f"{Endpoint.CONVERSATIONS}/{quote(conversation, safe='')}", Conversation)

    def delete_conversation(self, conversation: str) -> None:
        """Remove a conversation from this person's history."""
        with self._sent("DELETE", f"{Endpoint.CONVERSATIONS}/{quote(conversation, safe='')}"):
            pass

    def audit(self, query: Mapping[str, str]) -> AuditList:
        """Events of the audit log, newest first, selected by `query`."""
        return self._call("GET", Endpoint.AUDIT, AuditList, query=query)

    def audit_case(self, case: str) -> AuditCase:
        """All events of one case, with the proof of the last."""
        return self._call("GET", f"{Endpoint.AUDIT_CASES}/{quote(case, safe='')}", AuditCase)

    def verify_audit(self) -> AuditVerification:
        """Let the API check its whole log; this may take some seconds."""
        return self._call("POST", Endpoint.AUDIT_VERIFY, AuditVerification)

    def ask(self, request: AskRequest) -> Generator[Event, None, None]:
        """Put a question; its events as they come. Closing the generator ends the answer at the API, too."""
        with self._sent("POST", Endpoint.ASK, body=request, timeout=_STREAM_TIMEOUT) as response:
            ended = False
            for event in self._events(response):
                ended = isinstance(event, DoneEvent | Problem)
                yield event
            if not ended:
                raise ApiUnreachable(where=self.options.api, why="the answer broke off")

    def _events(self, response: httpx.Response) -> Iterator[Event]:
        try:
            yield from events(response.iter_lines())
        except httpx.TransportError as error:
            raise ApiUnreachable(where=self.options.api, why=type(error).__name__) from error
        except ValidationError as error:
            raise ApiUnreachable(where=self.options.api, why=f"unexpected event, {error.title}") from error

    def _call(self, method: str, path: str, schema: type[_S], *, query: Mapping[str, str] | None = None) -> _S:
        with self._sent(method, path, query=query) as response:
            try:
                return schema.model_validate_json(response.read())
            except ValidationError as error:
                raise ApiUnreachable(where=self.options.api, why=f"unexpected answer, {error.title}") from error

    @contextmanager
    def _sent(
        self,
        method: str,
        path: str,
        *,
        body: BaseModel | None = None,
        query: Mapping[str, str] | None = None,
        timeout: httpx.Timeout = _TIMEOUT,
    ) -> Iterator[httpx.Response]:
        headers = caller_headers(self.options, self.cookie, self.language)
        content = None
        if body is not None:
            headers["content-type"] = "application/json"
            content = body.model_dump_json()
        request = _pool().build_request(
            method, self.options.api + path, params=query, content=content, headers=headers, timeout=timeout
        )
        try:
            response = _pool().send(request, stream=True)
        except httpx.TransportError as error:
            raise ApiUnreachable(where=self.options.api, why=type(error).__name__) from error
        try:
            if not response.is_success:
                raise _refusal(response)
            yield response
        finally:
            response.close()


def _refusal(response: httpx.Response) -> ApiProblem:
    try:
        problem = Problem.model_validate_json(response.read())
        return ApiProblem(code=problem.code, message=problem.message)
    except (ValidationError, httpx.TransportError):
        return ApiProblem(code=f"http-{response.status_code}", message=f"HTTP {response.status_code}")
