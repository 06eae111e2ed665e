"""Answers of the API: an ETag on each, 304 where nothing changed, pages by cursor, gzip."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from kawamori.console.errors import RefusedError

PRIVATE = "private, no-cache"  # kept by the browser, asked for again each time
SMALL = 1000  # bytes; not worth packing
MOST = 500


class Fault(BaseModel):
    """What went wrong and what to do."""

    code: str = Field(description="stable name of the fault", examples=["not_found"])
    message: str = Field(examples=["no stored run 'x'"])
    what_to_do: str = Field(examples=["GET /api/v1/runs lists the stored runs."])


class FaultAnswer(BaseModel):
    """The body of every answer that is not a success."""

    error: Fault


FAULTS: dict[int | str, dict[str, Any]] = {
    401: {"model": FaultAnswer, "description": "nobody is signed in and no token was sent"},
    403: {"model": FaultAnswer, "description": "not allowed"},
    404: {"model": FaultAnswer, "description": "no such run or layer"},
    422: {"model": FaultAnswer, "description": "a parameter is wrong"},
}
UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "as If-None-Match names it"}}

Limit = Annotated[int, Query(ge=1, le=MOST, description="most items of one page")]
Cursor = Annotated[str | None, Query(max_length=500, description="next_cursor of the page before")]


@dataclass(frozen=True)
class Slice:
    """One page of a list and where the next one begins."""

    items: list[Any]
    next_cursor: str | None


def slice_of(items: Sequence[Any], etag: str, limit: int, cursor: str | None) -> Slice:
    """Give one page of a list that is fixed by its etag.

    Raises
    ------
    RefusedError
        If the cursor is not ours, or of a list that has changed since.
    """
    start = 0 if cursor is None else _start(cursor, etag, len(items))
    end = start + limit
    following = _cursor(etag, end) if end < len(items) else None
    return Slice(list(items[start:end]), following)


def _cursor(etag: str, start: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([etag, start]).encode()).decode()


def _start(cursor: str, etag: str, size: int) -> int:
    again = "Begin again without a cursor."
    try:
        known, start = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
    except (ValueError, TypeError, binascii.Error) as error:
        raise RefusedError(f"cursor must be a next_cursor of this list. {again}") from error
    if known != etag or not isinstance(start, int) or not 0 <= start <= size:
        raise RefusedError(f"the list has changed since the page before. {again}")
    return start


def etag_of(*facts: Any) -> str:
    """Give a tag that differs whenever the facts do."""
    return sha256(json.dumps(facts, default=str).encode()).hexdigest()[:32]


def answer(
    request: Request,
    etag: str,
    make: Callable[[], BaseModel | bytes],
    *,
    kind: str = "application/json",
    cache: str = PRIVATE,
    packed: Callable[[], bytes] | None = None,
) -> Response:
    """Give 304 if the client has this very answer, else what `make` gives, packed if it may be.

    Parameters
    ----------
    packed
        Gives the body as gzip where that is kept; None = it is packed each time.
    """
    headers = {"ETag": f'"{etag}"', "Cache-Control": cache, "Vary": "Accept-Encoding"}
    if _has(request, etag):
        return Response(status_code=304, headers=headers)
    may_pack = "gzip" in request.headers.get("accept-encoding", "")
    if packed is not None and may_pack:
        body = packed()
    else:
        made = make()
        body = made if isinstance(made, bytes) else made.model_dump_json().encode()
        may_pack = may_pack and len(body) > SMALL
        body = gzip.compress(body, 5, mtime=0) if may_pack else body
    if may_pack:
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type=kind, headers=headers)


def _has(request: Request, etag: str) -> bool:
    known = request.headers.get("if-none-match", "")
    tags = {tag.strip().removeprefix("W/").strip('"') for tag in known.split(",")}
    return etag in tags or known.strip() == "*"
