"""The stored runs: list, files, JSON; nothing outside a run, nothing from elsewhere."""

from __future__ import annotations

import dataclasses
import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from kawamori.report import write_report


@pytest.fixture
def out(console, kept_desks: Path, chart_assets: Path) -> Path:
    """Give a copy of an older and a newer run, written once, with a secret beside their folder."""
    folder = console.settings.out
    shutil.rmtree(folder / "town")
    kept = kept_desks / "two-runs"
    older = dataclasses.replace(console.run, issued_at=console.run.issued_at - timedelta(hours=1))
    for name, run in {"a-older": older, "b-newer": console.run}.items():
        if not (kept / name).exists():
            write_report(run, kept / name, assets=chart_assets)
    shutil.copytree(kept, folder, dirs_exist_ok=True)
    (folder.parent / "secret.txt").write_text("secret")
    return folder


@pytest.fixture
def client(console, out: Path) -> TestClient:
    """Give the browser of a viewer."""
    browser = console.browser("viewer")
    browser.follow_redirects = True
    return browser


def test_runs_are_listed_newest_first(client: TestClient) -> None:
    runs = client.get("/api/v1/runs").json()["runs"]
    assert [run["name"] for run in runs] == ["b-newer", "a-older"]
    # One district at level 4, one UNKNOWN.
    assert (runs[0]["highest"], runs[0]["unknown"], runs[0]["drill"]) == (4, 1, False)


def test_front_page_links_the_runs(client: TestClient) -> None:
    text = client.get("/runs").text
    assert text.index("/runs/b-newer/") < text.index("/runs/a-older/")


def test_record_is_run_json_as_stored(client: TestClient, out: Path) -> None:
    answer = client.get("/api/v1/runs/b-newer")
    assert answer.headers["content-type"] == "application/json"
    assert answer.content == (out / "b-newer" / "run.json").read_bytes()


def test_report_opens_with_its_own_files(client: TestClient) -> None:
    answer = client.get("/runs/b-newer")
    assert str(answer.url).endswith("/runs/b-newer/index.html")
    assert "川守町" in answer.text
    assert client.get("/runs/b-newer/").text == answer.text
    assert client.get("/runs/b-newer/assets/report.js").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/runs/b-newer/../../secret.txt",
        "/runs/b-newer/%2e%2e/%2e%2e/secret.txt",
        "/runs/b-newer/..%2f..%2fsecret.txt",
        "/runs/..%2fsecret.txt/",
        "/runs/%2e%2e/secret.txt",
        "/runs/%2e/b-newer/run.json",
        "/runs/b-newer//etc/passwd",
        "/runs/b-newer/%2fetc%2fpasswd",
        "/runs/b-newer/%00",
        f"/runs/b-newer/{'x' * 300}",
        "/runs/nowhere/index.html",
        "/runs/b-newer/assets",
        "/api/v1/runs/..",
        "/api/v1/runs/nowhere",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
    ],
)
def test_nothing_outside_a_run_is_reachable(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text.replace("secret.txt", "")


def test_link_that_leads_out_of_a_run_is_refused(client: TestClient, out: Path) -> None:
    (out.parent / "secret.json").write_text("{}")
    (out / "b-newer" / "leak.json").symlink_to(out.parent / "secret.json")
    assert client.get("/runs/b-newer/leak.json").status_code == 404


@pytest.mark.parametrize("name", ["drill.sqlite", "sent.jsonl", ".env"])
def test_file_that_is_no_part_of_a_report_stays_inside(
    client: TestClient, out: Path, name: str
) -> None:
    (out / "b-newer" / name).write_text("secret")
    assert client.get(f"/runs/b-newer/{name}").status_code == 404


def test_half_written_run_is_neither_listed_nor_served(client: TestClient, out: Path) -> None:
    (out / ".c.1.part").mkdir()
    (out / ".c.1.part" / "run.json").write_text("{}")
    assert len(client.get("/api/v1/runs").json()["runs"]) == 2
    assert client.get("/runs/.c.1.part/run.json").status_code == 404


@pytest.mark.parametrize("broken", ["", "{}", "[]", '{"advice": 1}'])
def test_unreadable_run_is_shown_with_its_fault(client: TestClient, out: Path, broken: str) -> None:
    (out / "broken").mkdir()
    (out / "broken" / "run.json").write_text(broken)
    runs = client.get("/api/v1/runs").json()["runs"]
    assert runs[0]["name"] == "broken"
    assert runs[0]["fault"].startswith("run.json: ")
    assert "読めません" in client.get("/runs").text


@pytest.mark.parametrize("path", ["/runs", "/runs/b-newer/index.html", "/api/v1/runs", "/nowhere"])
def test_every_answer_forbids_foreign_scripts(client: TestClient, path: str) -> None:
    policy = client.get(path).headers["Content-Security-Policy"]
    assert "script-src 'self' 'nonce-" in policy
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def test_map_keeps_its_own_policy_and_stays_in_our_frames(client: TestClient) -> None:
    answer = client.get("/runs/b-newer/map.html")
    assert answer.headers["Content-Security-Policy"] == "frame-ancestors 'self'"
    assert "default-src 'none'; script-src 'nonce-" in answer.text


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_pages_that_call_a_cdn_are_off(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_changed(client: TestClient, method: str) -> None:
    for path in ("/runs", "/api/v1/runs", "/api/v1/runs/b-newer", "/runs/b-newer/run.json"):
        assert client.request(method, path).status_code == 405


def test_health_tells_when_the_folder_is_gone(console, client: TestClient, out: Path) -> None:
    visitor = console.browser()
    assert visitor.get("/healthz").json() == {"status": "ok"}
    shutil.rmtree(out)
    assert visitor.get("/healthz").status_code == 503
    assert client.get("/runs").status_code == 200  # says that there is nothing yet


def test_hostile_run_name_is_text(client: TestClient, out: Path) -> None:
    folder = out / '"><img src=x onerror=alert(1)>'
    folder.mkdir()
    (folder / "run.json").write_text(json.dumps({}))
    assert "<img" not in client.get("/runs").text
