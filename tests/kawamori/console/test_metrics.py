"""What Prometheus reads: figures of the desk, of nobody in particular."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from kawamori.console.api.tokens import issue_token
from kawamori.cycle_log import begin, end
from kawamori.feeds.state import claim, record_good


@pytest.fixture
def visit(console: Any) -> Any:
    console.settings.metrics_token = SecretStr("scrape")
    browser = console.browser()
    return lambda path, **headers: browser.get(path, headers={"accept": "text/plain", **headers})


def test_nobody_reads_the_figures_without_a_token(visit: Any) -> None:
    assert visit("/metrics").status_code == 401
    assert visit("/metrics", authorization="Bearer wrong").status_code == 401


def test_an_empty_token_opens_nothing(console: Any) -> None:
    headers = {"accept": "text/plain", "authorization": "Bearer "}
    assert console.browser().get("/metrics", headers=headers).status_code == 401


def test_the_age_of_the_cycle_and_the_answers_are_told(visit: Any) -> None:
    visit("/sign-in")
    told = visit("/metrics", authorization="Bearer scrape")
    assert told.status_code == 200
    # issued at midnight JST, the clock stands at five past: 300 s
    assert 'kawamori_cycle_age_seconds{city="drill-town"} 300.0' in told.text
    assert 'kawamori_http_seconds_count{method="GET",path="/sign-in",status="2xx"} 1.0' in told.text


def test_what_is_not_known_has_no_series(visit: Any) -> None:
    told = visit("/metrics", authorization="Bearer scrape").text
    assert "kawamori_feed_age_seconds{" not in told
    assert "kawamori_cycle_duration_seconds{" not in told


def test_feeds_and_cycles_are_told_where_the_store_knows_them(console: Any, visit: Any) -> None:
    now = console.clock()
    good, ended = now - timedelta(minutes=3), now + timedelta(seconds=42)
    claim(console.engine, "a", "table", every_s=60.0, now=good)
    record_good(console.engine, "a", now=good, newest=None, memory={}, faults=())
    due = begin(console.engine, "drill-town", now=now)
    end(console.engine, "drill-town", due, state="complete", now=ended, run_id="r")
    told = visit("/metrics", authorization="Bearer scrape").text
    assert 'kawamori_feed_age_seconds{feed="a"} 180.0' in told
    assert 'kawamori_cycle_duration_seconds{city="drill-town"} 42.0' in told


def test_staff_and_tokens_of_the_api_may_read_them(console: Any, visit: Any) -> None:
    assert console.browser("viewer").get("/metrics").status_code == 200
    until = console.clock() + timedelta(days=1)
    with console.engine.begin() as connection:
        secret = issue_token(connection, "grafana", expires=until, by="a", at=console.clock())
    assert visit("/metrics", authorization=f"Bearer {secret}").status_code == 200
