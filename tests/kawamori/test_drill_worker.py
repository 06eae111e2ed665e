"""A drill that was asked for: run on the tiny city with faults, and nothing outside its folder."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from forecasting.models import MODELS
from kawamori import drill_book
from kawamori.cities import open_city
from kawamori.drill import MODEL, train_desk
from kawamori.drill_worker import work
from kawamori.progress import silent
from kawamori.settings import Settings

AT = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def settings(tiny, taught_home, tmp_path):
    tiny.write_storm(taught_home / "cities" / "tiny")
    return Settings(home=taught_home, out=tmp_path / "out", _env_file=None)


def ask(settings, **changed):
    given = {"city": "tiny", "storm": "cloudburst", "speed": 60.0, "faults": {}, "by": "ito"}
    return drill_book.ask(settings.drills, settings.cities, at=AT, **(given | changed))


def test_silent_gauge_is_told_and_line_that_is_down_gets_nothing(settings, tiny) -> None:
    gauge = str(tiny.tiny_series(48)["gauge"].values[0])
    asked = ask(settings, faults={"gauge": gauge, "line": ""})
    waited: list[float] = []
    assert work(settings, wait=waited.append)
    told = drill_book.progress(settings.drills, asked.drill_id)
    assert told.get("error") is None
    assert (told["state"], told["share"], len(told["cycles"])) == ("done", 1.0, 2)
    assert all(gauge in row["silent_gauges"] for row in told["cycles"])
    assert sum(waited) == 60.0  # one pause of an hour at sixty times
    folder = settings.drills / asked.drill_id
    assert (folder / "out" / "report" / "index.html").is_file()
    assert "【訓練】" in (folder / "out" / "report" / "index.html").read_text(encoding="utf-8")
    sent = [
        json.loads(line)
        for path in folder.glob("cycle-*/sent.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    assert all(each["channel"] != "recording-line" for each in sent)
    assert all(each["subject"].startswith("【訓練】") for each in sent)
    assert not (settings.home / "kawamori.sqlite").exists()  # the real store is not touched
    assert not settings.out.exists()


def test_a_drill_reads_the_models_of_the_desk_and_writes_beside_the_drills(settings, monkeypatch):
    city = open_city("tiny", settings, silent)
    train_desk(city, settings, drill=False)  # as a live cycle does
    kept = settings.models.resolve()
    before = written(kept)
    with monkeypatch.context() as patch:
        patch.setattr(MODELS[MODEL], "fit", lambda *_args: pytest.fail("trained anew"))
        ask(settings)
        assert work(settings, wait=lambda _s: None)
    assert written(kept) == before
    assert not (settings.drills / "models").exists()


def written(folder):
    """Give what stands in a folder and when it was written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_drill_that_is_stopped_while_it_waits_never_runs(settings) -> None:
    asked = ask(settings)
    with pytest.raises(ValueError, match="one drill at a time"):
        ask(settings)
    drill_book.stop(settings.drills, asked.drill_id)
    assert work(settings) is False
    assert drill_book.progress(settings.drills, asked.drill_id)["state"] == "stopped"


def test_fault_that_cannot_be_is_told_and_the_worker_goes_on(settings) -> None:
    asked = ask(settings, faults={"gauge": "no-such"})
    assert work(settings, wait=lambda _s: None)
    told = drill_book.progress(settings.drills, asked.drill_id)
    assert told["state"] == "failed"
    assert "no-such" in told["error"]


@pytest.mark.parametrize(
    "changed",
    [{"storm": "no"}, {"city": "../tiny"}, {"speed": 0.5}, {"speed": 61.0}, {"speed": float("nan")},
     {"faults": {"sun": ""}}],
)  # fmt: skip
def test_what_cannot_be_drilled_is_refused(settings, changed) -> None:
    with pytest.raises(ValueError, match="must be"):
        ask(settings, **changed)
    assert drill_book.asked(settings.drills) == []
