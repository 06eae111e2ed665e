"""Reports of patrols, gates and dams: what was entered when, and what a cycle reads of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pandas as pd
import pytest

from advisory.types import Report
from kawamori import store
from kawamori.commands.ground import reports
from kawamori.field_log import end_report, enter_reports, read_field_log, reports_at
from kawamori.settings import Settings

NOON = datetime(2026, 9, 1, 3, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KINDS = {"abnormal_leak", "dam_release"}
CITY = SimpleNamespace(
    city_id="t",
    districts=pd.DataFrame({"name": ["上町"]}, index=["d1"]),
    gauges=[SimpleNamespace(gauge_id="g1")],
)


@pytest.fixture
def engine(store_url):
    made = store.open_store(store_url)
    yield made
    made.dispose()


def leak(**changes):
    told = {"kind": "abnormal_leak", "at": NOON, "by": "消防団", "text": "右岸に漏水"}
    return Report(**{**told, "district_ids": ("d1",), **changes})


def enter(engine, *reports, minute=0):
    enter_reports(
        engine, CITY, reports, kinds=KINDS, entered_by="officer-one",
        entered_at=NOON + minute * MINUTE,
    )  # fmt: skip


def test_a_report_is_read_from_when_it_was_entered_not_from_when_it_was_seen(engine):
    enter(engine, leak(at=NOON - 30 * MINUTE), minute=5)
    assert reports_at(engine, "t", at=NOON + 4 * MINUTE) == ()
    assert reports_at(engine, "t", at=NOON + 5 * MINUTE) == (leak(at=NOON - 30 * MINUTE),)
    assert reports_at(engine, "another", at=NOON + 5 * MINUTE) == ()


def test_an_end_is_known_from_its_time_on_and_the_report_stays(engine):
    enter(engine, leak())
    (entered,) = read_field_log(engine, "t", at=NOON)
    assert (entered.report.ended, entered.entered_by) == (None, "officer-one")
    end_report(engine, "t", entered.report_id, by="officer-two", at=NOON + 9 * MINUTE)
    assert reports_at(engine, "t", at=NOON + 8 * MINUTE) == (leak(),)
    assert reports_at(engine, "t", at=NOON + 9 * MINUTE) == (leak(ended=NOON + 9 * MINUTE),)


def test_a_report_ends_once(engine):
    enter(engine, leak())
    end_report(engine, "t", 1, by="o", at=NOON + MINUTE)
    with pytest.raises(ValueError, match="it ended at 2026-09-01 03:01 UTC"):
        end_report(engine, "t", 1, by="o", at=NOON + 2 * MINUTE)
    with pytest.raises(LookupError, match=r"one of \[1\], got 7"):
        end_report(engine, "t", 7, by="o", at=NOON + 2 * MINUTE)


def test_no_cycle_reads_what_is_older_than_any_rule_lets_count(engine):
    enter(engine, leak())
    hours = timedelta(hours=72)
    assert len(reports_at(engine, "t", at=NOON + hours)) == 1
    assert reports_at(engine, "t", at=NOON + hours + MINUTE) == ()
    assert len(read_field_log(engine, "t", at=NOON + hours + MINUTE)) == 1


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"kind": "rumour"}, "kind must be one of"),
        ({"by": " "}, "one is empty"),
        ({"at": NOON + 11 * MINUTE}, "must not lie ahead"),
        ({"ended": NOON - MINUTE}, "ended must not be before at"),
        ({"district_ids": ("d9",)}, r"the city's, got \['d9'\]"),
        ({"gauge_ids": ("g9",)}, r"the city's, got \['g9'\]"),
    ],
)
def test_a_report_that_cannot_be_is_named_and_none_is_kept(engine, changes, fault):
    with pytest.raises(ValueError, match=fault) as told:
        enter(engine, leak(), leak(**changes))
    assert "report 2" in str(told.value)
    assert reports_at(engine, "t", at=NOON + 60 * MINUTE) == ()


def test_a_file_of_reports_is_entered_from_the_shell(tiny_home, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("KAWAMORI_HOME", str(tiny_home))
    file = tmp_path / "patrol.csv"
    file.write_text(
        "kind,at,by,text,districts\nabnormal_leak,2026-09-01T12:00+09:00,消防団,漏水,low\n"
    )
    reports("tiny", file, by="officer-one")
    assert "1 reports entered for tiny" in capsys.readouterr().out
    with store.opened_store(Settings().store_url) as engine:
        (one,) = read_field_log(engine, "tiny", at=datetime.now(UTC))
    assert (one.report.at, one.report.district_ids, one.entered_by) == (
        NOON, ("low",), "officer-one",
    )  # fmt: skip
