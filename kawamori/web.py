"""The stored runs in a browser and as JSON: read-only, no forecast is made and nothing is sent."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, PackageLoader, StrictUndefined

from kawamori import words

RECORD = "run.json"
SERVED = {".html", ".js", ".css", ".json", ".nc"}  # what a report is made of; no store, no receipts
STATIC = Path(__file__).parent / "static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; frame-src 'self'; frame-ancestors 'self'; "
    "base-uri 'none'; form-action 'none'"
)
# The map page carries its own, stricter policy with a nonce; this adds what a page cannot say.
MAP_PAGE, MAP_POLICY = "map.html", "frame-ancestors 'self'"
SECURITY = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
    "Cache-Control": "no-cache",
}


class NotStoredError(LookupError):
    """No such run, or no such file in it: answered with 404."""


@dataclass(frozen=True)
class Listed:
    """One stored run as the list shows it; `fault` says why its record cannot be read."""

    name: str
    run_id: str | None = None
    issued_at: datetime | None = None
    drill: bool | None = None
    city: str | None = None
    highest: int | None = None  # highest advised level; None = no level is known
    unknown: int | None = None  # districts whose level is UNKNOWN
    fault: str = ""


class Shelf:
    """The folder of stored runs, one sub-folder each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def runs(self) -> list[Listed]:
        """Give all stored runs, newest issue time first; unreadable ones stand on top."""
        names = [path.parent.name for path in self.folder.glob(f"*/{RECORD}")]
        found = [_listed(self, name) for name in sorted(names) if not name.startswith(".")]
        found.sort(key=lambda run: run.issued_at.timestamp() if run.issued_at else float("inf"))
        return found[::-1]

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


def create_app(folder: Path, assets: Path) -> FastAPI:
    """Build the read-only application.

    Parameters
    ----------
    folder
        Where the runs are stored, one sub-folder each with a run.json.
    assets
        Fetched chart and map scripts, served under /assets/.
    """
    app = FastAPI(title="Kawamori", version="1", docs_url=None, redoc_url=None)
    app.state.shelf = Shelf(folder)
    app.middleware("http")(_secure)
    app.mount("/static", StaticFiles(directory=STATIC))
    app.mount("/assets", StaticFiles(directory=assets, check_dir=False))
    app.get("/", response_class=HTMLResponse)(home)
    app.get("/runs/{name}")(run_home)
    app.get("/runs/{name}/{inside:path}")(run_file)
    app.get("/api/v1/runs")(list_runs)
    app.get("/api/v1/runs/{name}")(read_run)
    app.get("/healthz")(health)
    app.exception_handler(NotStoredError)(_not_found)
    return app


def shelf_of(request: Request) -> Shelf:
    """Give the shelf that the application was built with."""
    shelf: Shelf = request.app.state.shelf
    return shelf


Runs = Annotated[Shelf, Depends(shelf_of)]


def home(shelf: Runs) -> str:
    """Give the page that lists the stored runs."""
    environment = Environment(
        loader=PackageLoader("kawamori"), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("runs.html").render(runs=shelf.runs(), words=words)


def run_home(name: str, shelf: Runs) -> RedirectResponse:
    """Send the reader to the report, whose links are relative to its folder."""
    path = shelf.file(name, "index.html")
    return RedirectResponse(f"./{path.parent.name}/index.html")


def run_file(name: str, inside: str, shelf: Runs) -> FileResponse:
    """Give one file of a report."""
    headers = {"Content-Security-Policy": MAP_POLICY} if inside == MAP_PAGE else None
    return FileResponse(shelf.file(name, inside or "index.html"), headers=headers)


def list_runs(shelf: Runs) -> dict[str, list[dict[str, Any]]]:
    """List the stored runs, newest first."""
    return {"runs": [asdict(run) for run in shelf.runs()]}


def read_run(name: str, shelf: Runs) -> FileResponse:
    """Give the whole record of one run."""
    return FileResponse(shelf.file(name, RECORD), media_type="application/json")


def health(shelf: Runs) -> dict[str, Any]:
    """Tell whether the folder of runs can be read."""
    if not shelf.folder.is_dir():
        raise HTTPException(503, f"the folder of runs is missing: {shelf.folder.name}")
    return {"status": "ok"}


async def _secure(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call(request)
    for header, value in SECURITY.items():
        response.headers.setdefault(header, value)
    return response


def _not_found(_request: Request, error: Exception) -> Response:
    body = json.dumps({"detail": str(error)}, ensure_ascii=False)
    return Response(body, 404, media_type="application/json")


def _listed(shelf: Shelf, name: str) -> Listed:
    try:
        record = json.loads(shelf.file(name, RECORD).read_text(encoding="utf-8"))
        levels = [advice["level"] for advice in record["advice"]]
        return Listed(
            name=name,
            run_id=record["run_id"],
            issued_at=datetime.fromisoformat(record["issued_at"]),
            drill=record["drill"],
            city=record["city"]["name"],
            highest=max((level for level in levels if level is not None), default=None),
            unknown=levels.count(None),
        )
    except (ValueError, KeyError, TypeError, NotStoredError) as error:
        return Listed(name=name, fault=f"{RECORD}: {type(error).__name__}: {error}")
