"""What the doctor finds of feeds: late, answering with nothing, refused files, stations without."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

from kawamori.doctor import feeds
from kawamori.doctor.finding import Patient
from kawamori.feeds.state import claim, record_fault, record_good
from tests.findings import NOW, names, only

FEEDS = """
[[feed]]
name = "ten"
kind = "table"
url = "https://pref.example/a.csv"
every_s = 600
[feed.columns]
g1 = "g1"
[[feed]]
name = "hour"
kind = "table"
url = "https://pref.example/b.csv"
every_s = 3600
[feed.columns]
g1 = "g1"
[[feed]]
name = "look"
kind = "kawabou"
url = "https://river.example/{station}"
on_demand = true
[feed.stations]
1 = "g1"
"""


def _write(patient: Patient, text: str) -> None:
    path = patient.settings.cities / "tiny" / "city.toml"
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_a_feed_is_late_by_its_own_interval_and_one_on_demand_never(patient: Patient) -> None:
    assert patient.engine is not None
    assert only(feeds.feeds(patient, "tiny")).state == "unknown"  # none is set up
    _write(patient, FEEDS)
    late = names(feeds.feeds(patient, "tiny"))  # never polled; and no feed brings rain
    assert late == {"tiny feed ten", "tiny feed hour", "tiny stations without feed"}
    good = NOW - timedelta(minutes=25)
    for name in ("ten", "hour"):
        claim(patient.engine, f"tiny/{name}", "table", every_s=600, now=good)
        record_good(patient.engine, f"tiny/{name}", now=good, newest=good, memory={}, faults=())
    found = {line.check: line for line in feeds.feeds(patient, "tiny")}
    # 25 min: more than two of ten minutes, less than one hour.
    assert found["tiny feed ten"].told == "last good 25 min ago, every 10 min"
    assert {check: line.state for check, line in found.items()} == {
        "tiny feed ten": "red", "tiny feed hour": "ok", "tiny feed look": "ok",
        "tiny stations without feed": "red",
    }  # fmt: skip
    record_fault(patient.engine, "tiny/hour", now=NOW, fault="refused: answered 403")
    (line,) = [one for one in feeds.feeds(patient, "tiny") if one.check == "tiny feed hour"]
    assert line.told.endswith("1 failed since: refused: answered 403")


def test_a_wrong_feed_is_named(patient: Patient) -> None:
    _write(patient, "[[feed]]\nkind = 'rss'\n")
    assert "kind must be one of" in only(feeds.feeds(patient, "tiny")).told


def test_a_feed_that_answers_with_nothing_of_the_city_is_named(patient: Patient) -> None:
    assert patient.engine is not None
    _write(patient, FEEDS)
    claim(patient.engine, "tiny/ten", "table", every_s=600, now=NOW)
    for newest, said in (
        (None, "has brought no reading"),
        (NOW - timedelta(hours=10), "its newest reading is 10 h 0 min old"),  # 9 h: a zone's error
        (NOW - timedelta(minutes=20), None),
    ):
        record_good(patient.engine, "tiny/ten", now=NOW, newest=newest, memory={}, faults=())
        told = [line.told for line in feeds.feeds(patient, "tiny")
                if line.check == "tiny feed ten readings"]  # fmt: skip
        assert [said in line for line in told] == ([True] if said else [])


def test_a_crisis_gauge_below_its_start_level_is_no_fault(patient: Patient) -> None:
    assert patient.engine is not None
    _write(patient, '[[feed]]\nname = "c"\nkind = "crisis"\nurl = "https://a.example/c.json"\n')
    claim(patient.engine, "tiny/c", "crisis", every_s=600, now=NOW)
    record_good(patient.engine, "tiny/c", now=NOW, newest=None, memory={}, faults=())
    states = {line.check: line.state for line in feeds.feeds(patient, "tiny")}
    assert states["tiny feed c readings"] == "unknown"


def test_refused_files_and_a_folder_that_is_gone_are_named(
    patient: Patient, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    _write(patient, f'[[feed]]\nname = "in"\nkind = "drop"\nfolder = "{folder}"\n'
           '[feed.columns]\ng1 = "x"\n')  # fmt: skip
    found = {line.check: line for line in feeds.feeds(patient, "tiny")}
    assert found["tiny feed in folder"].told.endswith("does not exist")
    (folder / "refused").mkdir(parents=True)
    assert "tiny feed in folder" not in names(feeds.feeds(patient, "tiny"))
    (folder / "refused" / "a.csv.txt").write_text("no column x")
    found = {line.check: line for line in feeds.feeds(patient, "tiny")}
    assert found["tiny feed in folder"].told == "1 files were refused, the last: no column x"


def test_a_second_poller_of_the_telegrams_is_named(patient: Patient) -> None:
    assert patient.engine is not None
    _write(patient, '[[feed]]\nname = "xml"\nkind = "jma-xml"\n')
    claim(patient.engine, "jma-xml", "jma-xml", every_s=60, now=NOW)
    record_good(patient.engine, "jma-xml", now=NOW, newest=None, memory={}, faults=())
    folder = patient.settings.home / "telegrams"
    folder.mkdir()
    for minutes, named in ((0, False), (5, True)):
        at = NOW + timedelta(minutes=minutes)
        (folder / "last_poll.txt").write_text(at.isoformat())
        assert ("tiny feed xml poller" in names(feeds.feeds(patient, "tiny"))) is named


def test_feeds_are_looked_at_without_a_store_too(patient: Patient) -> None:
    _write(patient, "[[feed]]\nkind = 'rss'\n")
    bare = Patient(patient.settings, ("tiny",), NOW)
    assert "kind must be one of" in only(feeds.feeds(bare, "tiny")).told


def test_cities_that_ask_for_other_telegrams_than_each_other_are_named(patient: Patient) -> None:
    cities = patient.settings.cities
    shutil.copytree(cities / "tiny", cities / "tiny2")
    both = Patient(patient.settings, ("tiny", "tiny2"), NOW)
    for city_id, types in (("tiny", '["VPWW"]'), ("tiny2", '["VPWW", "VXKO"]')):
        path = cities / city_id / "city.toml"
        feed = f'[[feed]]\nname = "xml"\nkind = "jma-xml"\ntypes = {types}\n'
        path.write_text(path.read_text(encoding="utf-8") + feed, encoding="utf-8")
    assert "tiny; tiny2" in only(feeds.telegram_feeds(both)).told
    path.write_text(path.read_text(encoding="utf-8").replace(', "VXKO"', ""), encoding="utf-8")
    assert list(feeds.telegram_feeds(both)) == []
