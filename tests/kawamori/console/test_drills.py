"""The drill page: asked for, shown as a drill on every part, stopped; computed elsewhere."""

from __future__ import annotations

import shutil

import pytest

from kawamori import drill_book

ASKED = {"storm": "tiny/cloudburst", "speed": "60", "gauge": "g1", "line": "yes"}


@pytest.fixture
def trainer(console):
    """Give an officer at a desk with one stored storm; the page reads only its name."""
    storm = console.settings.cities / "tiny" / "storms" / "cloudburst.nc"
    storm.parent.mkdir(parents=True)
    storm.touch()
    return console.browser("officer")


def test_drill_is_asked_for_shown_and_stopped(console, trainer) -> None:
    assert trainer.post("/drill/start", data=ASKED).status_code == 303
    (one,) = drill_book.asked(console.settings.drills)
    assert (one.city, one.storm, one.speed, one.by) == ("tiny", "cloudburst", 60.0, "officer-one")
    assert one.faults == {"gauge": "g1", "line": ""}
    text = trainer.get("/drill").text
    assert "【訓練】tiny / cloudburst" in text
    assert 'class="drill"' in text  # the frame of a drill, though the stored run is real
    assert trainer.post("/drill/start", data=ASKED).status_code == 422  # one at a time
    assert trainer.post(f"/drill/{one.drill_id}/stop").status_code == 303
    assert "中止" in trainer.get("/drill/progress").text


@pytest.mark.parametrize(
    "changed", [{"storm": "tiny/no"}, {"storm": "../../x"}, {"speed": "61"}, {"speed": "fast"}]
)
def test_drill_that_cannot_be_is_refused(console, trainer, changed: dict[str, str]) -> None:
    assert trainer.post("/drill/start", data=ASKED | changed).status_code == 422
    assert drill_book.asked(console.settings.drills) == []


def test_unknown_drill_and_files_outside_its_report_are_not_found(console, trainer) -> None:
    trainer.post("/drill/start", data=ASKED)
    (one,) = drill_book.asked(console.settings.drills)
    for path in ("nothing/report/index.html", f"{one.drill_id}/report/..%2f..%2frequest.json"):
        assert trainer.get(f"/drill/{path}").status_code == 404
    assert trainer.post("/drill/nothing/stop").status_code == 404


def test_hostile_words_of_a_drill_are_text(console, trainer) -> None:
    trainer.post("/drill/start", data=ASKED | {"gauge": "<img src=x onerror=alert(1)>"})
    assert "<img src=x" not in trainer.get("/drill").text


def test_faults_are_changed_and_lifted_while_it_runs_and_not_after(console, trainer) -> None:
    trainer.post("/drill/start", data=ASKED)
    (one,) = drill_book.asked(console.settings.drills)
    path = f"/drill/{one.drill_id}/faults"
    book = console.settings.drills
    assert trainer.post(path, data={"shelter": "s1", "road": "140.01, 37.0"}).status_code == 303
    assert drill_book.faults_of(book, one) == {"shelter": "s1", "road": "140.01, 37.0"}
    assert 'value="s1"' in trainer.get("/drill").text
    assert trainer.post(path, data={"road": "the bridge"}).status_code == 422
    assert trainer.post(path, data={}).status_code == 303
    assert drill_book.faults_of(book, one) == {}
    trainer.post(f"/drill/{one.drill_id}/stop")
    assert trainer.post(path, data={"line": "yes"}).status_code == 422
    assert trainer.post("/drill/nothing/faults", data={}).status_code == 404


def test_what_may_fail_is_offered_by_name_and_other_names_are_refused(
    console, trainer, tiny
) -> None:
    shutil.rmtree(console.settings.cities / "tiny")
    tiny.write_tiny_city(console.settings.cities / "tiny")
    (console.settings.cities / "tiny" / "storms").mkdir()
    (console.settings.cities / "tiny" / "storms" / "cloudburst.nc").touch()
    text = trainer.get("/drill").text
    assert '<option value="g1">tiny: 試験橋 (試験川)</option>' in text
    assert '<option value="s1">tiny: 山上小学校</option>' in text
    trainer.post("/drill/start", data=ASKED)
    (one,) = drill_book.asked(console.settings.drills)
    refused = trainer.post(f"/drill/{one.drill_id}/faults", data={"shelter": "s9", "gauge": "g9"})
    assert refused.status_code == 422
    assert "s9" in refused.text
    assert drill_book.faults_of(console.settings.drills, one) == one.faults
