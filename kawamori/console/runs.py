"""The stored runs as files: each report as it was written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import FileResponse, RedirectResponse

from kawamori.console.access import needs, public
from kawamori.console.desk import desk_of
from kawamori.console.errors import NotStoredError
from kawamori.run_line import RECORD, Listed, line_of

SERVED = {".html", ".js", ".css", ".json", ".nc"}  # what a report is made of; no store, no receipts
# The map page carries its own, stricter policy with a nonce; this adds what a page cannot say.
MAP_PAGE, MAP_POLICY = "map.html", "frame-ancestors 'self'"


class Shelf:
    """The folder of stored runs, one sub-folder each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, name: str, inside: str) -> Path:
        """Give a file of a run's report, or raise NotStoredError; nothing else is reachable."""
        missing = NotStoredError(f"no file {inside!r} in a stored run {name!r}")
        try:
            root = (self.folder / name).resolve()
            path = (root / inside).resolve()
            stored = root.parent == self.folder.resolve() and not name.startswith(".")
            inner = path.is_relative_to(root) and path.suffix in SERVED
            if stored and inner and path.is_file():
                return path
        except (OSError, ValueError) as error:  # no such name is possible: NUL, too long
            raise missing from error
        raise missing


def shelf_of(request: Request) -> Shelf:
    """Give the shelf of this desk."""
    return Shelf(desk_of(request).settings.out)


Runs = Annotated[Shelf, Depends(shelf_of)]
Reader = Depends(needs("viewer"))
router = APIRouter()


@router.get("/runs/{name}", dependencies=[Reader])
def run_home(name: str, shelf: Runs) -> RedirectResponse:
    """Send the reader to the report, whose links are relative to its folder."""
    path = shelf.file(name, "index.html")
    return RedirectResponse(f"./{path.parent.name}/index.html")


@router.get("/runs/{name}/{inside:path}", dependencies=[Reader])
def run_file(name: str, inside: str, shelf: Runs) -> FileResponse:
    """Give one file of a report."""
    headers = {"Content-Security-Policy": MAP_POLICY} if inside == MAP_PAGE else None
    return FileResponse(shelf.file(name, inside or "index.html"), headers=headers)


@router.get("/healthz", dependencies=[Depends(public)])
def health(shelf: Runs) -> dict[str, Any]:
    """Tell whether the folder of runs can be read."""
    if not shelf.folder.is_dir():
        raise HTTPException(503, f"the folder of runs is missing: {shelf.folder.name}")
    return {"status": "ok"}


def listed(shelf: Shelf, name: str) -> Listed:
    """Give one line of the list from the record itself; one that cannot be read says why."""
    try:
        return line_of(name, json.loads(shelf.file(name, RECORD).read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError, NotStoredError) as error:
        return Listed(name=name, fault=f"{RECORD}: {type(error).__name__}: {error}")
