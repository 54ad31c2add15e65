"""Every refusal as HTTP: one table from error families to statuses, one JSON shape, the caller's language."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from appliance.api.asked import record
from appliance.api.limits import BodyTooLarge
from appliance.api.schemas import Problem
from appliance.defects import unexpected
from appliance.errors import (
    ApplianceError,
    AuditUnavailable,
    BadInput,
    Conflict,
    Denied,
    InternalError,
    MethodRefused,
    NotThere,
    PersonUnknown,
    QuestionTooLong,
    RequestInvalid,
    RequestTooLarge,
    RouteUnknown,
    SignInNeeded,
    TooManyQuestions,
    Unavailable,
)
from appliance.models import Language

# The nearest class in the error's family tree decides.
STATUS: dict[type[ApplianceError], int] = {
    BadInput: 422,
    QuestionTooLong: 413,
    RequestTooLarge: 413,
    MethodRefused: 405,
    Denied: 403,
    SignInNeeded: 401,
    TooManyQuestions: 429,
    PersonUnknown: 401,
    NotThere: 404,
    Conflict: 409,
    Unavailable: 503,
    InternalError: 500,
}


def status_of(error: ApplianceError) -> int:
    """The HTTP status of an error."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def language_of_request(request: Request) -> Language:
    """What the caller asked for, else the installation's language."""
    wanted = request.headers.get("accept-language", "").lower()
    if wanted.startswith("ja"):
        return "ja"
    if wanted.startswith("en"):
        return "en"
    language: Language = request.app.state.services.settings.language
    return language


def problem(error: ApplianceError, language: Language) -> Problem:
    """The error as it goes over the wire."""
    return Problem(code=error.code, message=error.text(language), values=error.values)


def install(app: FastAPI) -> None:
    """Answer every error of `app` with a Problem, once it stands in the audit log."""

    async def answer(request: Request, error: ApplianceError) -> JSONResponse:
        services = request.app.state.services
        try:
            await record(request, error, status_of(error), services.audit, services.refusals)
        except AuditUnavailable as unavailable:
            # A failure of another part is told as it is: nothing was done, and nothing is shown.
            error = error if status_of(error) >= 500 else unavailable
        body = problem(error, language_of_request(request)).model_dump()
        headers = {"cache-control": "no-store"}
        if isinstance(error, TooManyQuestions):
            headers["retry-after"] = error.values["seconds"]
        return JSONResponse(body, status_of(error), headers=headers)

    async def ours(request: Request, error: Exception) -> JSONResponse:
        return await answer(request, error if isinstance(error, ApplianceError) else unexpected(error))

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        first = error.errors()[0] if isinstance(error, RequestValidationError) else {"loc": (), "msg": str(error)}
        field = ".".join(str(step) for step in first["loc"])
        return await answer(request, RequestInvalid(field=field, why=first["msg"]))

    async def http(request: Request, error: Exception) -> JSONResponse:
        # Raised by the framework: no such path or method, or a body that cannot be read.
        status, why = (error.status_code, error.detail) if isinstance(error, HTTPException) else (400, str(error))
        path = request.scope["path"]
        if isinstance(error, BodyTooLarge):
            return await answer(request, RequestTooLarge(limit=error.limit))
        if status == 404:
            return await answer(request, RouteUnknown(path=path[:200]))
        if status == 405:
            refused = await answer(request, MethodRefused(path=path[:200], method=request.method))
            refused.headers.update(getattr(error, "headers", None) or {})  # Allow
            return refused
        return await answer(request, RequestInvalid(field="body", why=why))

    app.add_exception_handler(ApplianceError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, ours)
