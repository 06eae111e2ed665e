"""The OpenAPI document of API v1, for programs and their makers."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.openapi.utils import get_openapi

from kawamori.console.access import public

PREFIXES = ("/api/", "/public/api/")
router = APIRouter(prefix="/api/v1", include_in_schema=False)
ABOUT = (
    "Stored runs, forecasts, advice, shelters, allocations, texts and map layers of a flood desk. "
    "Times are UTC, levels metres above gauge zero, null is unknown and never calm. "
    "Sign in at the console or send `Authorization: Bearer TOKEN`; /public/api needs neither."
)


@router.get("/openapi.json", dependencies=[Depends(public)])
def read_document(request: Request) -> dict[str, Any]:
    """Give the OpenAPI document of every path of the API."""
    state = request.app.state
    if not hasattr(state, "document"):
        state.document = document(request.app.routes)
    made: dict[str, Any] = state.document
    return made


def document(routes: Any) -> dict[str, Any]:
    """Give the document of the API's routes; the pages of the console are left out."""
    made = get_openapi(title="Kawamori API", version="1", description=ABOUT, routes=list(routes))
    made["paths"] = {
        path: facts for path, facts in made["paths"].items() if path.startswith(PREFIXES)
    }
    schemes = made.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes["token"] = {"type": "http", "scheme": "bearer"}
    for path, facts in made["paths"].items():
        for operation in facts.values():
            operation["security"] = [] if path.startswith("/public/") else [{"token": []}]
    return made
