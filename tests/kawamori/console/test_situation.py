"""The situation page: what it must say, what it must not hide, and which parts change."""

from __future__ import annotations

import dataclasses
import json
import shutil

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import insert

from advisory.types import People
from alerts.duty.book import acknowledge, admit
from alerts.duty.types import Trigger
from alerts.preflight import channel_check
from kawamori.console.events import warm
from kawamori.console.runs import Shelf
from kawamori.console.situation import PARTS
from kawamori.console.situation_records import Records
from kawamori.map_layers import LAYERS
from kawamori.policies import read_policy
from kawamori.report import write_report


@pytest.fixture
def client(console) -> TestClient:
    """Give the browser of a viewer."""
    return console.browser("viewer")


def test_page_begins_with_what_is_due_and_what_is_unknown(client: TestClient) -> None:
    text = client.get("/").text
    advice = text[text.index('class="advice"') :]
    assert advice.index("上町") < advice.index("下町")  # level 4 before UNKNOWN
    assert "判断できない地区: 下町" in text
    assert "水位の状態が不明な観測所: 下橋" in text
    assert 'class="card lx' in text  # UNKNOWN has the hatched style
    assert "2026年7月1日(水) 00:00 JST" in text


def test_unknown_is_hatched_and_never_a_number(client: TestClient) -> None:
    part = client.get("/situation/gauges").text
    row = part[part.index("下橋") - 500 : part.index("下橋") + 900]
    assert 'class="hatched"' in row
    assert "データなし" in row
    assert "不明" in row


def test_live_run_that_is_overdue_says_so_above_all(console, client: TestClient) -> None:
    assert "予測が古い" not in client.get("/").text
    console.clock.move(hours=3)
    # Issued at 00:00, now 03:05: three hours and five minutes. The first session has idled.
    head = console.browser("viewer", name="next").get("/situation/head").text
    assert "予測が古い: 基準時刻から3時間5分たっています" in head


def test_drill_is_never_overdue_but_says_that_it_is_one(build_console, live_run) -> None:
    console = build_console(dataclasses.replace(live_run, run_id="drill-town-drill", drill=True))
    console.clock.move(hours=30)
    text = console.browser("viewer").get("/").text
    assert "予測が古い" not in text
    assert "【訓練】" in text


def test_empty_desk_says_that_nothing_is_known(console, client: TestClient) -> None:
    shutil.rmtree(console.settings.out / "town")
    text = client.get("/").text
    assert "状況は不明です" in text
    assert client.get("/?run=town").status_code == 404


def test_unreadable_run_is_named_on_the_page(console, client: TestClient) -> None:
    folder = console.settings.out / "broken"
    folder.mkdir()
    (folder / "run.json").write_text("{")
    assert "broken: run.json" in client.get("/").text


def test_older_run_says_that_it_is_not_the_newest(console, client: TestClient) -> None:
    newer = console.run.issued_at.replace(hour=16)
    run = dataclasses.replace(console.run, run_id="newer", issued_at=newer)
    write_report(run, console.settings.out / "newer", assets=console.settings.assets)
    assert "最新の実行結果ではありません" in client.get("/?run=town").text
    assert "最新の実行結果ではありません" not in client.get("/").text


def test_previous_forecast_stands_beside_the_new_one(console, client: TestClient) -> None:
    newer = console.run.issued_at.replace(hour=16)
    run = dataclasses.replace(console.run, run_id="newer", issued_at=newer)
    write_report(run, console.settings.out / "newer", assets=console.settings.assets)
    charts = client.get("/situation-charts.json").json()
    assert any(level is not None for chart in charts for level in chart.get("before", []))
    first = client.get("/situation-charts.json?run=town").json()
    assert all("before" not in chart for chart in first)


@pytest.mark.parametrize("part", PARTS)
def test_each_part_comes_alone(client: TestClient, part: str) -> None:
    answer = client.get(f"/situation/{part}")
    assert answer.status_code == 200
    assert "<html" not in answer.text


def test_unknown_part_is_not_found(client: TestClient) -> None:
    assert client.get("/situation/everything").status_code == 404


def test_page_is_in_english_when_the_browser_prefers_it(client: TestClient) -> None:
    text = client.get("/", headers={"accept-language": "en"}).text
    assert "Gauges, most dangerous first" in text


def test_map_page_holds_no_layer_and_is_small(client: TestClient) -> None:
    answer = client.get("/map")
    assert len(answer.content) < 50_000
    assert '"coordinates":' not in answer.text
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    nonce = policy.split("'nonce-")[1].split("'")[0]
    assert answer.text.count(f'nonce="{nonce}"') == 2  # one style, one script
    assert client.get("/map").headers["content-security-policy"] != policy


def test_facts_of_the_map_cannot_end_their_script(build_console, hostile_run) -> None:
    console = build_console(hostile_run)
    text = console.browser("viewer").get("/map").text
    facts = text.split('id="facts">')[1].split("</script>")[0]
    assert "</script>" in json.loads(facts)["title"]
    assert "<img" not in text


def test_price_of_waiting_is_the_one_that_the_advice_tells(build_console, live_run) -> None:
    priced = "発令を遅らせると間に合わない人が増える見込み: 10分待つと+3%（期待値12人）"
    first, second = live_run.advice
    reason = dataclasses.replace(second.reasons[0], rule="waiting", text=priced, fired=False)
    advice = (first, dataclasses.replace(second, counter_evidence=(reason,)))
    run = dataclasses.replace(live_run, run_id="drill-town-live-priced", advice=advice)
    part = build_console(run).browser("viewer").get("/situation/advice").text
    assert priced in part


def test_new_run_is_made_ready_before_anybody_asks_for_it(console) -> None:
    records = Records(Shelf(console.settings.out))
    warm(records, console.clock())
    kept = {key[0] for key in records.read("latest").packed}
    assert kept == {"situation", *LAYERS}


def test_desk_without_runs_says_that_nothing_is_ready(console, caplog) -> None:
    shutil.rmtree(console.settings.out / "town")
    warm(Records(Shelf(console.settings.out)), console.clock())
    assert "the newest run is not ready for viewers" in caplog.text


def test_newest_run_is_ready_before_the_first_request(console) -> None:
    with TestClient(console.app):
        kept = {key[0] for key in console.app.state.records.read("latest").packed}
    assert kept == {"situation", *LAYERS}


def test_order_that_moves_nobody_says_so_and_stays(build_console, live_run) -> None:
    unknown, evacuate = live_run.advice
    empty = dataclasses.replace(evacuate, people=People(0, 0, 0, 0))
    run = dataclasses.replace(
        live_run, run_id="drill-town-live-nobody", advice=(unknown, empty), allocation=None
    )
    part = build_console(run).browser("viewer").get("/situation/advice").text
    assert "立退き0人(計算)。発令は公式の基準による" in part
    assert "避難指示" in part


def test_each_district_of_a_card_is_a_link_with_its_people(build_console, live_run) -> None:
    unknown, evacuate = live_run.advice
    other = dataclasses.replace(
        evacuate, district_id="d2", name="下町", people=People(50, 45, 5, 0)
    )
    run = dataclasses.replace(live_run, run_id="drill-town-live-two", advice=(evacuate, other))
    part = build_console(run).browser("viewer").get("/situation/advice").text
    assert part.count('<li class="card') == 1
    assert 'index.html#advice-1" ' in part
    assert 'index.html#advice-2" ' in part
    assert "200人" in part
    assert "45人" in part
    assert "245人" in part  # 200 and 45 together
    assert unknown.name == "下町"


def test_strip_tells_the_last_check_of_a_channel(console, client: TestClient) -> None:
    with console.engine.begin() as connection:
        connection.execute(insert(channel_check).values(
            channel="line", at=console.clock(), needed=300, left=200, refused=[], unanswered=""
        ))  # fmt: skip
    head = client.get("/situation/head").text
    assert "送信前の確認 7/1 00:05" in head
    assert "残り200通に対し300通が待機" in head


def test_strip_tells_what_goes_out_without_an_officer(console, client: TestClient) -> None:
    assert "なし(職員の承認が必要)" in client.get("/situation/head").text
    folder = console.settings.cities / console.run.city.city_id
    folder.mkdir(parents=True)
    policy = (console.settings.bundles / "policy.toml").read_text(encoding="utf-8")
    (folder / "policy.toml").write_text(
        policy.replace("level_3 = false", "level_3 = true"), encoding="utf-8"
    )
    assert "レベル3は承認なしで送信" in client.get("/situation/head").text
    (folder / "policy.toml").write_text("broken =", encoding="utf-8")
    assert "不明(判断基準を読めません)" in client.get("/situation/head").text


def test_strip_tells_open_alerts_and_who_knows(console, client: TestClient) -> None:
    assert "出ているものはありません" in client.get("/situation/head").text
    now = console.clock()
    trigger = Trigger("advice:d1", "advice", "4", 4, 4, "上町に避難指示の助言", ("水位",))
    told = {"city_id": console.run.city.city_id, "city_name": "川守町", "run_name": ""}
    with console.engine.begin() as connection:
        policy = read_policy(console.settings)
        (alert_id,) = admit(
            connection, [trigger], **told, notes=(), kinds={"advice"}, staff=policy.staff, now=now
        )
    head = client.get("/situation/head").text
    assert "1件、うち未確認 1件" in head
    assert "まだ誰も確認していません" in head
    with console.engine.begin() as connection:
        acknowledge(connection, alert_id, person_id="sato", how="link", at=now)
    head = client.get("/situation/head").text
    assert "1件、うち未確認 0件" in head
    assert "sato が確認 7/1 00:05" in head
