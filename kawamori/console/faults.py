"""Faults as answers: one table from error to status, as a page for people and JSON for programs."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException

from kawamori.console.access import PASSWORD_PAGE
from kawamori.console.errors import (
    BadQueryError,
    ConflictError,
    ForbiddenError,
    ForgedError,
    MustChangeError,
    NotSignedInError,
    NotStoredError,
    RefusedError,
    TooManyError,
)
from kawamori.console.pages import language_of, page
from kawamori.console.texts import teller

# error -> status, key of its text; the message is for the reader
ANSWERS: dict[type[Exception], tuple[int, str]] = {
    NotSignedInError: (401, "not_signed_in"),
    MustChangeError: (403, "must_change"),
    ForbiddenError: (403, "forbidden"),
    ForgedError: (403, "forged"),
    NotStoredError: (404, "not_found"),
    ConflictError: (409, "conflict"),
    RefusedError: (422, "refused"),
    BadQueryError: (400, "refused"),
    TooManyError: (429, "too_many"),
}
WAYS_ON = {NotSignedInError: "/sign-in", MustChangeError: PASSWORD_PAGE}


def answer_faults(app: FastAPI) -> None:
    """Let an application answer every error of the table, and no other."""
    for kind in ANSWERS:
        app.exception_handler(kind)(_answer)
    app.exception_handler(HTTPException)(_plain)
    app.exception_handler(RequestValidationError)(_invalid)


def _answer(request: Request, error: Exception) -> Response:
    status, code = ANSWERS[type(error)]
    way_on = WAYS_ON.get(type(error))
    if way_on is not None and not for_program(request):
        return _lead(request, way_on)
    return told(request, status, code, str(error))


def _plain(request: Request, error: Exception) -> Response:
    status, detail = getattr(error, "status_code", 500), str(getattr(error, "detail", error))
    code = {404: "not_found", 405: "not_allowed"}.get(status, "refused")
    answer = told(request, status, code, detail)
    answer.headers.update(getattr(error, "headers", None) or {})
    return answer


def _invalid(request: Request, error: Exception) -> Response:
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    detail = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in faults)
    return told(request, 422, "refused", detail)


def told(request: Request, status: int, code: str, detail: str) -> Response:
    """Give a fault as JSON to a program, as a page to a person."""
    if for_program(request):
        tell = teller(language_of(request))
        message = f"{tell(f'fault.{code}')}: {detail}" if detail else tell(f"fault.{code}")
        what_to_do = tell(f"fault.{code}_do")
        body = {"error": {"code": code, "message": message, "what_to_do": what_to_do}}
        return JSONResponse(body, status)
    return page(request, "fault.html", status=status, code=code, detail=detail)


def for_program(request: Request) -> bool:
    """Tell whether JSON is wanted: the API, or a client that does not read HTML."""
    wanted = request.headers.get("accept", "*/*")
    return request.url.path.startswith(("/api/", "/public/api/")) or not (
        "html" in wanted or "*/*" in wanted
    )


def _lead(request: Request, path: str) -> Response:
    if "hx-request" in request.headers:  # htmx follows this, not a redirect to a whole page
        return Response(status_code=401, headers={"HX-Redirect": path})
    came_from = request.url.path if request.method == "GET" else "/"
    return RedirectResponse(f"{path}?next={quote(came_from)}", 303)
