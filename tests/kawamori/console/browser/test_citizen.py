"""The citizens' page and map in Chromium: whole, silent, open to all, also without JavaScript."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from alerts.recipients import recipient, recipient_address

pytestmark = pytest.mark.browser
DESK, PHONE = {"width": 1400, "height": 900}, {"width": 390, "height": 844}
SHOTS = os.environ.get("KAWAMORI_SHOTS", "")  # folder to keep pictures in; empty = none


def shot(visitor: Any, name: str) -> None:
    if SHOTS:
        visitor.page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def test_page_is_whole_without_javascript_and_map_with(served, visit, live_run) -> None:
    _console, address = served(live_run)
    for size, name in ((DESK, "desk"), (PHONE, "phone")):
        plain = visit(address, size, java_script_enabled=False)
        plain.go("/public?lang=vi")
        assert plain.page.locator("h1").inner_text().startswith("Thông tin sơ tán")
        seen = visit(address, size)
        seen.go("/public?lang=ja")
        assert seen.axe() == []
        shot(seen, f"citizen-{name}")
        seen.go("/public/map?lang=en")
        seen.page.wait_for_selector("html[data-drawn]", state="attached", timeout=60_000)
        assert seen.axe() == []
        shot(seen, f"citizen-map-{name}")
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert (seen.foreign, seen.faults) == ([], [])


def test_hostile_names_never_run_on_the_map(served, visit, hostile_run) -> None:
    run = dataclasses.replace(hostile_run, run_id="drill-town-hostile-live", drill=False)
    _console, address = served(run)
    seen = visit(address, DESK)
    seen.go("/public/map")
    seen.page.wait_for_selector("html[data-drawn]", state="attached", timeout=60_000)
    assert seen.page.evaluate("window.ran") is None
    assert seen.page.locator(".mark").count() == 1  # one open shelter, its name as text
    assert (seen.foreign, seen.faults) == ([], [])


# Stands in for the browser's push service, which lies outside this machine.
SERVICE = """
const told = SUBSCRIPTION;
let now = null;
PushManager.prototype.getSubscription = async () => now;
PushManager.prototype.subscribe = async (options) => {
  const unsubscribe = async () => { now = null; return true; };
  window.askedKey = options.applicationServerKey.length;
  now = { toJSON: () => told, options, unsubscribe };
  return now;
};
Notification.requestPermission = async () => "granted";
"""


def test_browser_subscribes_for_a_district_and_stops(
    served, visit, live_run, settings, doubles, vapid_key
) -> None:
    settings.vapid_key = SecretStr(vapid_key)
    (settings.cities / "drill-town").mkdir(parents=True)
    live_run.city.districts[["name"]].to_parquet(settings.cities / "drill-town/districts.parquet")
    console, address = served(live_run)
    seen = visit(address, PHONE)
    subscription = doubles.Browser().subscription("https://push.example/send/1")
    seen.context.add_init_script(SERVICE.replace("SUBSCRIPTION", subscription))
    seen.go("/public?lang=en")
    box = seen.page.locator("#push")
    box.wait_for(state="visible")
    assert seen.axe() == []
    seen.page.get_by_label("Choose the district").select_option("d1")
    seen.page.get_by_label("Choose your language").select_option("vi")
    seen.page.get_by_role("button", name="Agree and get notified").click()
    box.get_by_text("This device will be notified.").wait_for()
    assert seen.page.evaluate("window.askedKey") == 65  # bytes of a public key of P-256
    shot(seen, "citizen-push-phone")
    seen.page.set_viewport_size(DESK)
    shot(seen, "citizen-push-desk")
    with console.engine.connect() as connection:
        (person,) = connection.execute(select(recipient)).all()
        (kept,) = connection.execute(select(recipient_address)).all()
    assert (person.district_id, person.language, person.household) == ("d1", "vi", "general")
    assert json.loads(kept.address)["endpoint"] == json.loads(subscription)["endpoint"]
    seen.page.get_by_role("button", name="Stop messages").click()
    box.get_by_text("Messages are stopped.").wait_for()
    with console.engine.connect() as connection:
        (kept,) = connection.execute(select(recipient_address)).all()
    assert kept.opted_out_at == console.clock()
    plain = visit(address, PHONE, java_script_enabled=False)
    plain.go("/public?lang=en")
    assert not plain.page.locator("#push").is_visible()
    assert (seen.foreign, seen.faults) == ([], [])
