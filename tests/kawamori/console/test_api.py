"""API v1: what each list says, how it is paged and cached, and how it refuses."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings

from alerts.schema import approval
from kawamori.console.api.tokens import issue_token, revoke_token
from kawamori.ground import record_shelter
from kawamori.report import write_report

LISTS = ("forecasts", "exceedance", "advice", "shelters", "allocations", "messages", "layers")


@pytest.fixture
def client(console) -> TestClient:
    """Give the browser of a viewer who asks for JSON."""
    browser = console.browser("viewer")
    browser.headers["accept"] = "application/json"
    return browser


def test_unknown_level_is_null_and_its_name_says_so(client: TestClient) -> None:
    advice = client.get("/api/v1/runs/latest/advice").json()["advice"]
    assert {(one["district_id"], one["level"], one["level_name"]) for one in advice} == {
        ("d1", 4, "EVACUATE"),
        ("d2", None, "UNKNOWN"),
    }


def test_silent_gauge_has_null_levels_never_zero(client: TestClient) -> None:
    gauges = client.get("/api/v1/runs/latest/forecasts").json()["gauges"]
    silent = next(gauge for gauge in gauges if gauge["gauge_id"] == "down")
    assert silent["observed_level_m"] is None
    assert all(lead["q50_m"] is None for lead in silent["leads"])
    up = next(gauge for gauge in gauges if gauge["gauge_id"] == "up")
    assert up["observed_level_m"] == 3.6  # as the fixture has it


@pytest.mark.parametrize("name", LISTS)
def test_every_list_answers_304_to_its_own_etag(client: TestClient, name: str) -> None:
    first = client.get(f"/api/v1/runs/latest/{name}")
    assert first.status_code == 200
    again = client.get(
        f"/api/v1/runs/latest/{name}", headers={"If-None-Match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


def test_etag_changes_when_the_run_is_replaced(console, client: TestClient) -> None:
    before = client.get("/api/v1/runs/latest/advice").headers["etag"]
    changed = dataclasses.replace(console.run, input_digest="1" * 64)
    write_report(changed, console.settings.out / "town", assets=console.settings.assets)
    answer = client.get("/api/v1/runs/latest/advice", headers={"If-None-Match": before})
    assert answer.status_code == 200


def test_pages_hold_every_item_once(client: TestClient) -> None:
    whole = client.get("/api/v1/runs/latest/exceedance").json()["thresholds"]
    seen: list[Any] = []
    cursor = None
    for _ in range(len(whole) + 1):
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        part = client.get("/api/v1/runs/latest/exceedance", params=query).json()
        seen += part["thresholds"]
        cursor = part["next_cursor"]
        if cursor is None:
            break
    assert len(whole) == 7  # five levels of up, two of down
    assert seen == whole


@pytest.mark.parametrize("cursor", ["nonsense", "W10=", "WyJ4IiwgMV0="])
def test_cursor_of_another_list_is_refused_with_what_to_do(client: TestClient, cursor: str) -> None:
    answer = client.get("/api/v1/runs/latest/advice", params={"cursor": cursor})
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["code"] == "refused"
    assert "without a cursor" in error["message"]
    assert error["what_to_do"]


def test_refusals_have_one_form(console, client: TestClient) -> None:
    nobody = console.browser()
    nobody.headers["accept"] = "application/json"
    for answer, status, code in [
        (client.get("/api/v1/runs/nowhere/advice"), 404, "not_found"),
        (client.get("/api/v1/runs/latest/layers/nothing.geojson"), 404, "not_found"),
        (client.get("/api/v1/runs/latest/advice?limit=0"), 422, "refused"),
        (client.post("/api/v1/runs"), 405, "not_allowed"),
        (nobody.get("/api/v1/runs"), 401, "not_signed_in"),
    ]:
        assert answer.status_code == status
        assert set(answer.json()["error"]) == {"code", "message", "what_to_do"}
        assert answer.json()["error"]["code"] == code


def test_layers_follow_the_time_and_keep_their_ids(client: TestClient) -> None:
    told = client.get("/api/v1/runs/latest/layers").json()
    last = told["times"][-1]
    whole = client.get("/api/v1/runs/latest/layers/gauges.geojson").json()
    later = client.get(
        "/api/v1/runs/latest/layers/gauges.geojson", params={"at": last, "geometry": False}
    ).json()
    assert [f["id"] for f in later["features"]] == [f["id"] for f in whole["features"]]
    assert all(feature["geometry"] is None for feature in later["features"])
    now, then = (one["features"][0]["properties"] for one in (whole, later))
    assert now["level_m"] == 3.6
    assert then["level_m"] != now["level_m"]
    silent = next(f for f in later["features"] if f["properties"]["gauge_id"] == "down")
    assert (silent["properties"]["level_m"], silent["properties"]["state"]) == (None, "unknown")


@pytest.mark.parametrize("at", ["2020-01-01T00:00:00Z", "2026-06-30T15:00:00", "soon"])
def test_time_beyond_the_forecast_is_refused(client: TestClient, at: str) -> None:
    answer = client.get("/api/v1/runs/latest/layers/flood.geojson", params={"at": at})
    assert answer.status_code == 422


def test_water_whose_chance_is_unknown_is_null(client: TestClient) -> None:
    features = client.get("/api/v1/runs/latest/layers/flood.geojson").json()["features"]
    # The small run has areas but no outlook.
    assert [one["properties"]["probability"] for one in features] == [None]
    assert "不明" in features[0]["properties"]["lines"][-1]


def test_bearer_token_reads_until_it_is_revoked(console) -> None:
    program = console.browser()
    at = console.clock()
    with console.engine.begin() as connection:
        secret = issue_token(
            connection, "dashboard", expires=at + timedelta(days=1), by="admin", at=at
        )
    program.headers["authorization"] = f"Bearer {secret}"
    assert program.get("/api/v1/runs").status_code == 200
    assert program.get("/runs", headers={"accept": "text/html"}).status_code != 200  # no page
    with console.engine.begin() as connection:
        revoke_token(connection, "dashboard", by="admin", at=at)
    assert program.get("/api/v1/runs").status_code == 401


@pytest.mark.parametrize("sent", ["Bearer wrong", "Bearer ", "bearer x y"])
def test_unknown_token_opens_nothing(console, sent: str) -> None:
    answer = console.browser().get("/api/v1/runs", headers={"authorization": sent})
    assert answer.status_code == 401


def test_expired_token_opens_nothing(console) -> None:
    at = console.clock()
    with console.engine.begin() as connection:
        secret = issue_token(connection, "old", expires=at + timedelta(hours=1), by="a", at=at)
        with pytest.raises(ValueError, match="name of its own"):
            issue_token(connection, "old", expires=at + timedelta(hours=1), by="a", at=at)
        with pytest.raises(ValueError, match="after now"):
            issue_token(connection, "past", expires=at, by="a", at=at)
    console.clock.move(hours=2)
    answer = console.browser().get("/api/v1/runs", headers={"authorization": f"Bearer {secret}"})
    assert answer.status_code == 401


def approve_d1(console, **changed: Any) -> None:
    """Store an approval of the small run's level 4 for d1."""
    at = console.clock()
    row = {
        "approval_id": f"a-{len(changed)}", "run_id": console.run.run_id, "district_id": "d1",
        "level": 4, "advice_digest": "0", "first_officer": "one", "second_officer": "two",
        "at": at, "expires": at + timedelta(hours=1), "drill": False,
    }  # fmt: skip
    with console.engine.begin() as connection:
        connection.execute(approval.insert().values(**{**row, **changed}))


def test_public_sees_orders_that_officers_approved_and_nothing_else(console) -> None:
    visitor = console.browser()
    assert visitor.get("/public/api/v1/advice").json()["orders"] == []  # advised is not ordered
    approve_d1(console)
    (order,) = visitor.get("/public/api/v1/advice").json()["orders"]
    assert (order["district_name"], order["level"], order["order_name"]) == ("上町", 4, "避難指示")
    text = visitor.get("/public/api/v1/advice").text + visitor.get("/public/api/v1/shelters").text
    for figure in ("_m", "probability", "q50", "run_id", "reason"):
        assert figure not in text


@pytest.mark.parametrize("changed", ["drill", "voided", "expired"])
def test_public_sees_no_drill_no_withdrawn_and_no_expired_order(console, changed: str) -> None:
    at = console.clock()
    values = {
        "drill": {"drill": True},
        "voided": {"voided_at": at, "voided_by": "one"},
        "expired": {"expires": at},
    }
    approve_d1(console, **values[changed])
    assert console.browser().get("/public/api/v1/advice").json()["orders"] == []


def test_shelter_is_public_once_the_ground_says_it_is_open(console) -> None:
    visitor = console.browser()
    path = "/public/api/v1/shelters"
    before = [one["shelter_id"] for one in visitor.get(path).json()["shelters"]]
    known = set(map(str, console.run.city.shelters.index))
    closed = sorted(known - set(before))[0]
    record_shelter(console.engine, "drill-town", closed, known=known, status="open", occupied=31,
                   upstairs=None, stock={}, note="", by="職員", at=console.clock())  # fmt: skip
    after = visitor.get(path).json()["shelters"]
    opened = next(one for one in after if one["shelter_id"] == closed)
    assert opened["occupied_people"] == 30  # in tens: published counts tell of nobody


def test_events_tell_every_kind_once_and_end(client: TestClient) -> None:
    text = client.get("/api/v1/events").text
    kinds = [line.split(": ")[1] for line in text.splitlines() if line.startswith("event")]
    assert sorted(kinds) == ["approval", "delivery", "log", "run"]


def test_document_names_every_path_with_its_faults(client: TestClient) -> None:
    made = client.get("/api/v1/openapi.json").json()
    assert {"/api/v1/runs", "/api/v1/events", "/public/api/v1/advice"} <= set(made["paths"])
    assert all(path.startswith(("/api/", "/public/api/")) for path in made["paths"])
    faults = made["paths"]["/api/v1/runs/{run}/advice"]["get"]["responses"]
    assert {"200", "304", "401", "404", "422"} <= set(faults)


def test_nothing_sent_to_the_api_breaks_the_server(client: TestClient) -> None:
    schema = schemathesis.openapi.from_dict(client.get("/api/v1/openapi.json").json())
    asked = []

    def ask(case: Any) -> None:
        path = case.formatted_path
        if len(asked) % 2 and "run" in (case.path_parameters or {}):
            path = case.path.format(**{**case.path_parameters, "run": "latest", "name": "gauges"})
        answer = client.request(case.method, path, params=dict(case.query or {}))
        asked.append((case.method, path, case.query, answer.status_code))
        assert answer.status_code < 500, asked[-1]
        if answer.status_code >= 400:
            assert set(answer.json()["error"]) == {"code", "message", "what_to_do"}

    for operation in schema.get_all_operations():
        bounded = settings(max_examples=8, deadline=None, database=None, derandomize=True,
                           suppress_health_check=list(HealthCheck))  # fmt: skip
        bounded(given(case=operation.ok().as_strategy())(ask))()
    assert {200, 404, 422} <= {status for *_, status in asked}
