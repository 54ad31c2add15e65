"""The portal's own addresses beside Streamlit's: index pages, sign-in and sign-out, language, files, the export."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import date, datetime, time, timedelta
from http import HTTPStatus
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import httpx
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from appliance.api.schemas import Problem
from appliance.models import Language
from ui.client import Endpoint, NoCookies, caller_headers
from ui.gate import PAGES, SESSION_COOKIE, session_cookie
from ui.index import ASSETS, index_page
from ui.options import PortalOptions
from ui.signin import Flag, notice_page, signin_page
from ui.texts import language_of, text

LANGUAGE_COOKIE = "lang"
FORM_LIMIT = 4096  # bytes; our forms have a few short fields
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_YEAR = 365 * 24 * 3600


def request_language(request: Request) -> Language:
    """The language of whoever asks."""
    return language_of(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language"))


async def form_fields(request: Request) -> dict[str, str]:
    """The fields of a small urlencoded form; a larger body is cut off, and so fails its checks."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > FORM_LIMIT:
            break
    return {name: values[-1] for name, values in parse_qs(body[:FORM_LIMIT].decode("utf-8", "replace")).items()}


def own_routes(options: PortalOptions) -> list[Route]:
    """All routes of the portal itself."""
    pages = Pages(options)
    return [
        *(Route(path, pages.index) for path in sorted(PAGES)),
        Route("/signin", pages.show_sign_in, methods=["GET"]),
        Route("/signin", pages.sign_in, methods=["POST"]),
        Route("/signout", pages.sign_out, methods=["POST"]),
        Route("/lang/{code}", pages.choose_language),
        Route("/audit/export", pages.export, methods=["POST"]),
        Route("/assets/{name}", own_file),
        Route("/favicon.ico", icon),
        Route("/favicon.png", icon),
    ]


async def own_file(request: Request) -> Response:
    """A style sheet, script or picture of ours."""
    names = {path.name: path for path in ASSETS.iterdir() if path.is_file()}
    found = names.get(request.path_params["name"])
    if found is None:
        return Response(None, 404)
    return FileResponse(found, headers={"cache-control": "no-cache"})


async def icon(_: Request) -> Response:
    """The icon, under the names that browsers ask for by themselves."""
    return FileResponse(ASSETS / "icon.svg", media_type="image/svg+xml")


class Pages:
    """The handlers that need the API."""

    def __init__(self, options: PortalOptions) -> None:
        self._options = options

    def _api(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self._options.api, trust_env=False, cookies=NoCookies(), timeout=httpx.Timeout(10, read=60)
        )

    async def index(self, request: Request) -> Response:
        """Any page of the portal: Streamlit's index, in the language of whoever asks."""
        return HTMLResponse(index_page(request_language(request)))

    async def show_sign_in(self, request: Request) -> Response:
        """The sign-in page, with the reason for which it is shown."""
        flags: tuple[Flag, ...] = ("expired", "out")
        flag = next((flag for flag in flags if flag in request.query_params), None)
        language = request_language(request)
        return HTMLResponse(signin_page(language, self._options.people(language), flag))

    async def sign_in(self, request: Request) -> Response:
        """Open a session at the API and hand its cookie to the browser."""
        language = request_language(request)
        person = (await form_fields(request)).get("person", "")
        said = ""
        before = session_cookie(request)
        try:
            async with self._api() as api:
                if before:  # pages of whoever was signed in here close, instead of going on beside the new person's
                    await api.delete(Endpoint.SIGN_OUT, headers=caller_headers(self._options, before, language))
                answer = await api.post(
                    Endpoint.SIGN_IN, json={"person": person}, headers=caller_headers(self._options, "", language)
                )
            if answer.is_success:
                return _with_cookies(RedirectResponse("/", 303), answer)
            said = _problem_words(answer)
        except httpx.TransportError:
            pass  # the page says that signing in failed
        return HTMLResponse(signin_page(language, self._options.people(language), "failed", said), HTTPStatus.FORBIDDEN)

    async def sign_out(self, request: Request) -> Response:
        """End the session at the API; the cookie goes in any case."""
        language = request_language(request)
        response: Response = RedirectResponse("/signin?out", 303)
        try:
            async with self._api() as api:
                headers = caller_headers(self._options, session_cookie(request), language)
                response = _with_cookies(response, await api.delete(Endpoint.SIGN_OUT, headers=headers))
        except httpx.TransportError:
            pass  # the API is part of this process: it is going down, and its sessions end with it
        response.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="lax")
        return response

    async def choose_language(self, request: Request) -> Response:
        """Remember the language, and go back to the page that was open."""
        response = RedirectResponse(way_back(request.headers.get("referer", ""), self._options.origin), 303)
        code = "en" if request.path_params["code"] == "en" else "ja"
        response.set_cookie(LANGUAGE_COOKIE, code, max_age=_YEAR, path="/", httponly=True, samesite="lax")
        return response

    async def export(self, request: Request) -> Response:
        """Hand the audit export from the API to the browser, piece by piece."""
        language = request_language(request)
        fields = await form_fields(request)
        api = self._api()
        try:
            asked = api.build_request(
                "POST",
                Endpoint.AUDIT_EXPORT,
                json=export_span(fields),
                headers=caller_headers(self._options, session_cookie(request), language),
            )
            answer = await api.send(asked, stream=True)
        except httpx.TransportError:
            await api.aclose()
            return self._export_failed(language, text("unreachable", language), HTTPStatus.BAD_GATEWAY)
        if not answer.is_success:
            await answer.aread()
            await api.aclose()
            return self._export_failed(language, _problem_words(answer), HTTPStatus(answer.status_code))

        async def pieces() -> AsyncIterator[bytes]:
            try:
                async for piece in answer.aiter_bytes():
                    yield piece
            finally:
                await answer.aclose()
                await api.aclose()

        name = f"audit-{datetime.now().astimezone():%Y%m%d-%H%M}.zip"
        disposition = {"content-disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(pieces(), media_type="application/zip", headers=disposition)

    @staticmethod
    def _export_failed(language: Language, words: str, status: HTTPStatus) -> Response:
        way_back = ("/audit", text("back", language))
        return HTMLResponse(notice_page(language, text("export_failed", language), words, way_back), status)


def way_back(referer: str, origin: str) -> str:
    """The page of ours that a request came from, with what tells its content; else the first page."""
    came = urlsplit(referer)
    if f"{came.scheme}://{came.netloc}" != origin or came.path not in PAGES | {"/signin"}:
        return "/"
    kept = {key: value for key, value in parse_qsl(came.query) if key in ("c", "case") and _ID.fullmatch(value)}
    return f"{came.path}?{urlencode(kept)}" if kept else came.path


def export_span(fields: dict[str, str]) -> dict[str, str]:
    """The body of an export: whole days in the person's time zone, the last day included; empty fields are left out."""
    try:
        zone = ZoneInfo(fields.get("zone", "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    span: dict[str, str] = {}
    for field, extra in (("from", 0), ("to", 1)):
        try:
            day = date.fromisoformat(fields.get(field, "")) + timedelta(days=extra)
        except ValueError:
            continue
        span[field] = datetime.combine(day, time.min, zone).isoformat()
    if fields.get("person", "").strip():
        span["person"] = fields["person"].strip()
    return span


def _with_cookies(response: Response, answer: httpx.Response) -> Response:
    for value in answer.headers.get_list("set-cookie"):
        response.headers.append("set-cookie", value)
    return response


def _problem_words(answer: httpx.Response) -> str:
    try:
        return Problem.model_validate_json(answer.content).message
    except ValueError:
        return ""
