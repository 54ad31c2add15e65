"""A small API with the product's wire format and invented content, for journeys of the portal alone.

It keeps sessions and conversations as the real one does, writes slowly, and counts what a test wants to know: how many
answers are being written, and which calls came.
"""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from threading import Lock
from uuid import uuid4

from fastapi import Cookie, FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from PIL import Image, ImageDraw, ImageFont

from appliance.api.schemas import Problem, Schema
from appliance.api.schemas.answers import AskRequest, DoneEvent, Sentence, SourcesEvent, StatusEvent, TokenEvent
from appliance.api.schemas.audit import AuditCase, AuditList, AuditProof, AuditRow, AuditVerification
from appliance.api.schemas.conversations import Conversation, ConversationList, ConversationRow, Turn
from appliance.api.schemas.documents import DocumentList
from appliance.api.schemas.people import DemoSignIn, Me
from tests.journeys.fake_corpus import DOCUMENTS, PARTS, QUOTES, SOURCES, FakeDocument, language_of

PEOPLE = {
    "yamada": Me(
        id="yamada",
        name="山田 花子",
        groups=["営業推進部", "全社員"],
        clearance="internal",
        roles=["reader"],
        documents=5,
    ),
    "sato": Me(
        id="sato",
        name="佐藤 健一",
        groups=["内部監査室", "全社員"],
        clearance="confidential",
        roles=["reader", "auditor"],
        documents=6,
    ),
    "nobody": Me(id="nobody", name="新入 社員", groups=[], clearance="public", roles=["reader"], documents=0),
}
FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"


@dataclass
class State:
    """What the fake remembers; one per process."""

    sessions: dict[str, str] = field(default_factory=dict)
    listeners: list[Callable[[], None]] = field(default_factory=list)
    conversations: dict[str, Conversation] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    writing: int = 0
    ended_early: int = 0
    calls: list[str] = field(default_factory=list)
    pause: float = 0.03
    refuse: str = ""
    lock: Lock = field(default_factory=Lock)

    def alive(self, cookie: str) -> bool:
        return cookie in self.sessions

    def on_end(self, listener: Callable[[], None]) -> None:
        self.listeners.append(listener)

    def end(self, cookie: str) -> None:
        self.sessions.pop(cookie, None)
        for listener in self.listeners:
            listener()


def problem(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse(Problem(code=code, message=message).model_dump(), status)


def sse(name: str, event: Schema) -> str:
    return f"event: {name}\ndata: {event.model_dump_json()}\n\n"


def pieces(text: str) -> list[str]:
    return [text[at : at + 3] for at in range(0, len(text), 3)]


def person(state: State, sid: str | None) -> Me | None:
    return PEOPLE.get(state.sessions.get(sid or "", ""))


def fake_api(state: State) -> FastAPI:
    """The application, to be mounted at /api."""
    api = FastAPI()

    @api.middleware("http")
    async def signed_in(request: Request, call_next):
        path = request.url.path.removeprefix("/api")
        if not path.startswith("/test"):
            state.calls.append(f"{request.method} {request.url.path}")
        if not path.startswith(("/session/demo", "/test")) and person(state, request.cookies.get("sid")) is None:
            return problem(401, "sign-in-needed", "サインインしていません。")
        return await call_next(request)

    for resource in (_sessions, _documents, _conversations, _ask, _audit, _test):
        resource(api, state)
    return api


def _sessions(api: FastAPI, state: State) -> None:
    @api.post("/session/demo")
    async def sign_in(body: DemoSignIn):
        if body.person not in PEOPLE:
            return problem(403, "person-unknown", f"{body.person} という利用者はいません。")
        sid = uuid4().hex
        state.sessions[sid] = body.person
        answer = JSONResponse(PEOPLE[body.person].model_dump())
        answer.set_cookie("sid", sid, httponly=True, samesite="strict", path="/")
        return answer

    @api.delete("/session")
    async def sign_out(sid: str | None = Cookie(None)):
        state.end(sid or "")
        answer = Response(status_code=204)
        answer.delete_cookie("sid", path="/")
        return answer

    @api.get("/me")
    async def me(sid: str | None = Cookie(None)):
        return person(state, sid)


def _documents(api: FastAPI, state: State) -> None:
    @api.get("/documents")
    async def documents(sid: str | None = Cookie(None)):
        return DocumentList(documents=[d.row() for d in DOCUMENTS[: person(state, sid).documents]])

    @api.get("/documents/{key}/versions/{version}/parts/{ordinal}")
    async def part(key: str, version: str, ordinal: int):
        document = next((d for d in DOCUMENTS if d.key == key and d.version == version), None)
        if document is None or (key, ordinal) not in PARTS:
            return problem(404, "document-not-found", f"閲覧できる文書の中に {key} はありません。")
        return document.part(ordinal)

    @api.get("/documents/{key}/versions/{version}/pages/{ordinal}")
    async def page(key: str, version: str, ordinal: int):
        if (key, ordinal) not in PARTS:
            return problem(404, "document-not-found", f"閲覧できる文書の中に {key} はありません。")
        return Response(picture(key, ordinal, 1240, 1754), media_type="image/webp")

    @api.get("/documents/{key}/versions/{version}/thumbnails/{ordinal}")
    async def thumbnail(key: str, version: str, ordinal: int):
        return Response(picture(key, ordinal, 248, 351), media_type="image/webp")


@cache
def picture(key: str, ordinal: int, width: int, height: int) -> bytes:
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    scale = width / 595
    font = ImageFont.truetype(FONT, int(15 * scale))
    for number, row in enumerate(PARTS[key, ordinal].split("\n")):
        draw.text((60 * scale, (80 + 30 * number) * scale), row, fill="#222", font=font)
    out = io.BytesIO()
    image.save(out, "WEBP", quality=80)
    return out.getvalue()


def _conversations(api: FastAPI, state: State) -> None:
    @api.get("/conversations")
    async def conversations(sid: str | None = Cookie(None)):
        mine = [c for c in state.conversations.values() if state.owners[c.id] == state.sessions[sid]]
        rows = [
            ConversationRow(id=c.id, title=c.title, updated=c.turns[-1].asked if c.turns else datetime.now(UTC))
            for c in mine
        ]
        return ConversationList(conversations=sorted(rows, key=lambda row: row.updated, reverse=True))

    @api.get("/conversations/{conversation}")
    async def conversation(conversation: str, sid: str | None = Cookie(None)):
        if state.owners.get(conversation) != state.sessions[sid]:
            return problem(404, "conversation-not-found", f"会話 {conversation} は見つかりません。")
        return state.conversations[conversation]

    @api.delete("/conversations/{conversation}")
    async def delete(conversation: str, sid: str | None = Cookie(None)):
        if state.owners.get(conversation) != state.sessions[sid]:
            return problem(404, "conversation-not-found", f"会話 {conversation} は見つかりません。")
        del state.conversations[conversation], state.owners[conversation]
        return Response(status_code=204)


def _ask(api: FastAPI, state: State) -> None:
    @api.post("/ask")
    async def ask(body: AskRequest, request: Request, sid: str | None = Cookie(None)):
        if state.refuse:
            state.refuse = ""
            return problem(422, "question-too-long", "質問が長すぎます。短くしてください。")
        conversation = body.conversation or uuid4().hex
        if conversation not in state.conversations:
            state.conversations[conversation] = Conversation(id=conversation, title=body.question[:40], turns=[])
            state.owners[conversation] = state.sessions[sid]
        return StreamingResponse(_answer(state, body.question, conversation), media_type="text/event-stream")


async def _answer(state: State, question: str, conversation: str) -> AsyncIterator[str]:
    case = uuid4().hex
    state.writing += 1
    finished = False
    try:
        async for event in _written(state, question, conversation, case):
            yield event
        finished = True
    finally:
        state.writing -= 1
        state.ended_early += not finished


async def _wait(seconds: float) -> AsyncIterator[str]:
    for _ in range(int(seconds / 0.5)):
        await asyncio.sleep(0.5)
        yield ": ping\n\n"


async def _written(state: State, question: str, conversation: str, case: str) -> AsyncIterator[str]:
    language = language_of(question)
    for stage in ("received", "searching"):
        yield sse("status", StatusEvent(stage=stage, conversation=conversation, case=case))
        await asyncio.sleep(state.pause * 5)
    async for ping in _wait(6 if "slow" in question else 0):
        yield ping
    if "broken" in question:
        yield sse(
            "error", Problem(code="index-unavailable", message="索引が使えません。運用担当者に連絡してください。")
        )
        return
    if "役員報酬" in question or "executive" in question:
        yield sse("sources", SourcesEvent(sources=[]))
        yield sse(
            "done",
            DoneEvent(
                outcome="no-evidence",
                language=language,
                sentences=[],
                unknown_markers=0,
                model="extractive",
                seconds=0.2,
            ),
        )
        _record(state, conversation, case, question, "no-evidence", [], [], [])
        return
    quotes = QUOTES["hostile" if "hostile" in question else language]
    numbers = {number for quote in quotes for number in quote.numbers}
    sources = [source for source in SOURCES if source.number in numbers or source.number == 5]
    yield sse("sources", SourcesEvent(sources=sources))
    yield sse("status", StatusEvent(stage="writing", conversation=conversation, case=case))
    citations, sentences = [], []
    for number, quote in enumerate(quotes):
        for piece in pieces(quote.text):
            yield sse("token", TokenEvent(sentence=number, text=piece))
            await asyncio.sleep(state.pause)
        for cited in quote.citations(number):
            citations.append(cited)
            yield sse("citation", cited)
        sentences.append(
            Sentence(text=quote.text, citations=list(quote.numbers), support="ok" if quote.numbers else "none")
        )
    done = DoneEvent(
        outcome="answered", language=language, sentences=sentences, unknown_markers=0, model="extractive", seconds=1.4
    )
    _record(state, conversation, case, question, "answered", sentences, sources, citations)
    yield sse("done", done)


def _record(state: State, conversation, case, question, outcome, sentences, sources, citations) -> None:
    turn = Turn(
        case=case, question=question, asked=datetime.now(UTC), outcome=outcome, withheld="withheld" in question,
        sentences=sentences, sources=sources, citations=citations, model="extractive", seconds=1.4,
    )  # fmt: skip
    held = state.conversations[conversation]
    state.conversations[conversation] = held.model_copy(update={"turns": [*held.turns, turn]})


KINDS = [
    ("session.opened", "サインイン", "success", {}),
    ("question.received", "質問の受付", "success", {"question_characters": 24}),
    (
        "question.retrieved",
        "質問への検索結果",
        "success",
        {"passages": 4, "chunks": ["c-01", "c-02"]},
    ),
    ("question.completed", "回答の完了", "success", {"sentences": 4}),
    ("access.denied", "アクセスの拒否", "denied", {"document": "k-99"}),
]


def _audit_row(n: int, start: datetime) -> AuditRow:
    action, label, outcome, details = KINDS[n % len(KINDS)]
    texts = {"question": "海外出張の日当はいくらですか"} if action == "question.received" else {}
    return AuditRow(
        index=n, id=uuid4().hex, time=start + timedelta(minutes=n), action=action, label=label, outcome=outcome,
        actor_kind="person", actor="yamada", actor_name="山田 花子", case=f"case{n // 5:028d}", details=details,
        texts=texts,
    )  # fmt: skip


def _audit(api: FastAPI, state: State) -> None:
    start = datetime.now(UTC) - timedelta(hours=3)
    rows = [_audit_row(n, start) for n in range(120)]
    root = "7f3ac19d" * 8

    def auditor(request: Request) -> bool:
        return "auditor" in PEOPLE[state.sessions[request.cookies["sid"]]].roles

    @api.get("/audit/events")
    async def audit(
        request: Request,
        limit: int = 50,
        before: int | None = None,
        action: str = "",
        outcome: str = "",
        person: str = "",
    ):
        if not auditor(request):
            return problem(403, "role-needed", "この操作には役割 auditor が必要です。")
        found = [
            r
            for r in reversed(rows)
            if (before is None or r.index < before)
            and action in ("", r.action)
            and outcome in ("", r.outcome)
            and person in ("", r.actor)
        ]
        note = f"appliance.example/log\n{len(rows)}\nfzrBnQ==\n\n— appliance.example/log AbCdEf==\n"
        return AuditList(events=found[:limit], size=len(rows), root=root, checkpoint=note, more=len(found) > limit)

    @api.get("/audit/cases/{case}")
    async def one_case(case: str):
        events = [row for row in rows if row.case == case]
        if not events:
            return problem(404, "audit-event-not-found", f"監査ログに記録 {case} はありません。")
        proof = AuditProof(
            index=events[-1].index, size=len(rows), root=root, path=[f"{n:02x}" * 32 for n in range(7)], verified=True
        )
        return AuditCase(case=case, events=events, proof=proof)

    @api.post("/audit/verify")
    async def verify():
        return AuditVerification(verified=True, size=len(rows), root=root, since=None, only_missing=False, problems=[])

    @api.post("/audit/export")
    async def export(request: Request):
        state.calls.append(f"export {json.dumps(await request.json())}")
        if not auditor(request):
            return problem(403, "role-needed", "この操作には役割 auditor が必要です。")
        return Response(b"PK\x05\x06" + bytes(18), media_type="application/zip")


def _test(api: FastAPI, state: State) -> None:
    @api.get("/test/state")
    async def look():
        return {"writing": state.writing, "ended_early": state.ended_early, "calls": state.calls}

    @api.post("/test/pause/{seconds}")
    async def pause(seconds: float):
        state.pause = seconds

    @api.post("/test/refuse/{code}")
    async def refuse(code: str):
        state.refuse = code

    @api.post("/test/reset")
    async def reset():
        state.pause, state.ended_early = 0.03, 0
        for held in (state.calls, state.conversations, state.owners):
            held.clear()

    @api.post("/test/end-sessions")
    async def end_sessions():
        for cookie in list(state.sessions):
            state.end(cookie)


__all__ = ["PEOPLE", "FakeDocument", "State", "fake_api"]
