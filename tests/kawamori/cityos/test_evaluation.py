"""The evaluation counts what is stored, and no cell of fewer than ten people."""

from __future__ import annotations

import csv
import dataclasses
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, update

from advisory.types import GaugeState
from alerts.schema import approval, message, outbox
from kawamori.cityos.evaluation import COLUMNS, LEAD, evaluate, write_evaluation
from kawamori.record import plain, run_json
from kawamori.run import Run
from kawamori.settings import Settings
from kawamori.store import complete, open_store, runs, start


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, out=tmp_path / "out", _env_file=None)


def keep(engine: Engine, run: Run, folder: Path) -> None:
    folder.mkdir()
    (folder / "run.json").write_text(run_json(run), encoding="utf-8")
    named: dict[str, Any] = {"name": folder.name, "city_id": run.city.city_id, "drill": run.drill}
    start(engine, run_id=run.run_id, issued_at=run.issued_at, **named)
    complete(engine, run.run_id, input_digest="0", folder=folder, advice=[])


def order(engine: Engine, run: Run, people: int) -> None:
    """Approve d1's advice ten minutes after the run, and let all but two of `people` be taken."""
    at = run.issued_at + timedelta(minutes=10)
    until = at + timedelta(hours=1)
    facts: dict[str, Any] = {"approval_id": "a", "district_id": "d1"}
    told = {"message_id": "m", "language": "ja", "form": "email", "subject": "", "body": b""}
    sent = {"key": "k", "channel": "email", "batch_number": 0, "state": "accepted", "attempts": 1}
    with engine.begin() as connection:
        connection.execute(insert(approval).values(
            **facts, run_id=run.run_id, level=4, advice_digest="d", first_officer="x",
            second_officer="y", at=at, expires=until, drill=False))  # fmt: skip
        connection.execute(insert(message).values(**facts, **told, sha256="0" * 64))
        connection.execute(insert(outbox).values(
            approval_id="a", message_id="m", **sent, next_try=at, expires=until, touched_at=at,
            accepted=people - 2, refused=[], recipients=list(range(people))))  # fmt: skip


@pytest.fixture
def live(made_run: Run) -> Run:
    return dataclasses.replace(made_run, drill=False)


def test_orders_lead_times_and_people_are_counted(
    settings: Settings, live: Run, tmp_path: Path
) -> None:
    engine = open_store(settings.store_url)
    keep(engine, live, tmp_path / "one")
    order(engine, live, 11)
    row = next(row for row in evaluate(engine, "drill-town").rows if row["発令数"])
    due = next(one.issue_by for one in live.advice if one.district_id == "d1")
    assert due is not None
    before = (due - live.issued_at) / timedelta(minutes=1) - 10
    assert row["期限までの分(中央値)"] == round(before)
    assert row["助言から発令までの分(中央値)"] == 10
    assert row["年"] == 2026
    assert row["宛先(延べ人)"] == 10  # 11, in tens: 11 beside 9 taken would tell of two people
    assert row["受付(延べ人)"] == ""  # 11 - 2 = 9 people are fewer than ten


def approved(engine: Engine, run: Run, key: str, minutes: int, **changes: Any) -> None:
    """Store an approval of d1 so many minutes after the run, as `alerts` leaves it."""
    at = run.issued_at + timedelta(minutes=minutes)
    plain = {"level": 3, "occasion": "new", "drill": False, "city_id": "drill-town",
             "run_id": run.run_id}  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(approval).values(
            approval_id=key, district_id="d1", advice_digest="d", first_officer="x",
            second_officer="y", at=at, expires=at + timedelta(hours=3), **plain | changes,
        ))  # fmt: skip


def events(engine: Engine, live: Run) -> None:
    """Store what a flood leaves: an order raised, renewed and lifted; one withdrawn; one void."""
    ends = {n: live.issued_at + timedelta(minutes=n) for n in (20, 40, 60, 65, 70, 90)}
    approved(engine, live, "a0", 5, voided_at=ends[20], superseded_by="b")
    approved(engine, live, "b", 20, level=4, occasion="raised", voided_at=ends[40],
             superseded_by="c")  # fmt: skip
    approved(engine, live, "c", 40, level=4, voided_at=ends[60])  # the same level once more
    approved(engine, live, "d", 60, level=4, occasion="lifted", voided_at=ends[65],
             superseded_by="e")  # fmt: skip
    approved(engine, live, "e", 65, voided_at=ends[70])  # void before anything stood
    approved(engine, live, "f", 80, voided_at=ends[90])
    approved(engine, live, "g", 90, occasion="withdrawn")  # f was a mistake
    approved(engine, live, "h", 95, drill=True)
    approved(engine, live, "i", 96, city_id="elsewhere", run_id="another")


def test_orders_that_were_raised_and_lifted_are_counted_and_renewals_are_not(
    settings: Settings, live: Run, tmp_path: Path
) -> None:
    engine = open_store(settings.store_url)
    keep(engine, live, tmp_path / "one")
    events(engine, live)
    (row,) = [row for row in evaluate(engine, "drill-town").rows if row["発令数"]]
    assert row["発令数"] == 2  # a0 and b
    assert row["助言から発令までの分(中央値)"] == 12  # of 5 and 20: 12.5, even


def test_the_figures_are_the_same_on_postgresql(
    settings: Settings, live: Run, tmp_path: Path, postgresql: Any
) -> None:
    found = []
    for number, url in enumerate((settings.store_url, postgresql.new_url())):
        engine = open_store(url)
        keep(engine, live, tmp_path / str(number))
        order(engine, live, 31)
        events(engine, live)
        found.append(evaluate(engine, "drill-town"))
        engine.dispose()
    assert found[0].rows == found[1].rows
    assert any(row["宛先(延べ人)"] == 30 for row in found[1].rows)


@pytest.mark.parametrize("text", ["[]", "{}", "{", '{"run_id": 1}', "null"])
def test_a_report_of_another_form_is_counted_as_unreadable(
    settings: Settings, live: Run, tmp_path: Path, text: str
) -> None:
    engine = open_store(settings.store_url)
    keep(engine, live, tmp_path / "one")
    (tmp_path / "one" / "run.json").write_text(text)
    found = evaluate(engine, "drill-town")
    assert (found.runs, found.unreadable, found.rows) == (1, 1, [])
    page, _ = write_evaluation(found, tmp_path / "evaluation")
    assert "数えられる記録がありません" in page.read_text(encoding="utf-8")


def test_a_forecast_is_held_against_what_was_read_later(
    settings: Settings, live: Run, tmp_path: Path
) -> None:
    engine = open_store(settings.store_url)
    keep(engine, live, tmp_path / "one")
    later = live.issued_at + LEAD
    states = (GaugeState("up", 3.9, later), *live.states[1:])
    second = dataclasses.replace(live, run_id="later", issued_at=later, states=states)
    keep(engine, second, tmp_path / "two")
    (row, *_) = [row for row in evaluate(engine, "drill-town").rows if row["3時間予測の数"]]
    assert row["3時間予測の数"] == 1
    assert row["持続予報の平均絶対誤差_m"] == pytest.approx(0.3)  # 3.6 held, 3.9 came
    middle = live.forecast["level_m"].sel(gauge="up", lead=LEAD, quantile=0.5).item()
    assert row["平均絶対誤差_m"] == pytest.approx(abs(middle - 3.9), abs=0.0006)


def test_unknown_cycles_are_counted_and_drills_are_not(
    settings: Settings, live: Run, tmp_path: Path
) -> None:
    engine = open_store(settings.store_url)
    with pytest.raises(ValueError, match="live run"):
        evaluate(engine, "drill-town")
    keep(engine, live, tmp_path / "one")
    keep(engine, dataclasses.replace(live, run_id="d", drill=True), tmp_path / "two")
    found = evaluate(engine, "drill-town")
    assert found.runs == 1
    assert sum(row["不明の回数"] for row in found.rows) == 1  # d2


def test_a_report_that_is_gone_is_told_and_the_page_is_written(
    settings: Settings, live: Run, tmp_path: Path
) -> None:
    engine = open_store(settings.store_url)
    keep(engine, live, tmp_path / "one")
    keep(engine, dataclasses.replace(live, run_id="gone"), tmp_path / "two")
    (tmp_path / "two" / "run.json").write_text(json.dumps({"run_id": "other"}))
    found = evaluate(engine, "drill-town")
    assert (found.runs, found.unreadable, found.ledger_holds) == (2, 1, True)
    page, table = write_evaluation(found, tmp_path / "evaluation")
    assert "うち報告が読めないもの 1 回" in page.read_text(encoding="utf-8")
    with table.open(encoding="utf-8-sig", newline="") as text:
        assert tuple(next(csv.reader(text))) == COLUMNS


def test_a_run_whose_report_was_thinned_out_counts_by_its_advice(
    settings: Settings, live: Run, tmp_path: Path
) -> None:
    engine = open_store(settings.store_url)
    keep(engine, live, tmp_path / "one")
    (whole,) = [
        row for row in evaluate(engine, "drill-town").rows if row["レベル3以上を助言した回数"]
    ]
    earlier = dataclasses.replace(
        live, run_id="earlier", issued_at=live.issued_at + timedelta(minutes=10)
    )
    named: dict[str, Any] = {"name": "e", "city_id": "drill-town", "drill": False}
    start(engine, run_id="earlier", issued_at=earlier.issued_at, **named)
    advice = [plain(one) for one in earlier.advice]
    complete(engine, "earlier", input_digest="0", folder=tmp_path / "e", advice=advice)
    with engine.begin() as connection:  # as `kawamori thin` leaves it
        connection.execute(update(runs).where(runs.c.run_id == "earlier").values(folder=None))
    found = evaluate(engine, "drill-town")
    (row,) = [row for row in found.rows if row["レベル3以上を助言した回数"]]
    assert (found.runs, found.unreadable) == (2, 0)
    assert row["計算回数"] == whole["計算回数"] + 1
    assert row["レベル3以上を助言した回数"] == whole["レベル3以上を助言した回数"] + 1
    with engine.begin() as connection:
        connection.execute(update(runs).where(runs.c.run_id == "earlier").values(advice=None))
    assert evaluate(engine, "drill-town").unreadable == 1
    engine.dispose()
