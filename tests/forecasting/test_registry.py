"""Kept models: the same forecasts, the same bytes, and no damaged or strange model is used."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from forecasting import registry
from forecasting.model_card import CardFacts
from forecasting.models import MODELS
from forecasting.packing import canonical_json
from forecasting.registry import MANIFEST, SAVING, UnusableModelError, faults, load, save
from forecasting.types import GOOD, Gauge, Observations, aware, check_observations

HOUR = np.timedelta64(1, "h")
START = np.datetime64("2030-01-01T00:00", "ns")
LOWER = Gauge("下流/1", "下流", "川", 141.0, 37.0, upstream=("upper",), rain_gauges=("rain",))
UPPER = Gauge("upper", "上流", "川", 141.0, 37.1, rain_gauges=("rain",))
FACTS = CardFacts(
    title="試験の川",
    data_digest="abc",
    train=(("2030-01-01T00:00Z", "2030-03-01T00:00Z"),),
    figures=({"lead_h": 1.0, "skill": 0.7, "note": "a|b\nc"}, {"lead_h": 3.0, "skill": None}),
    figures_from="invented for a test",
    limits=("模擬 / simulated",),
    credits=("nobody",),
)


def river(hours: int = 1200) -> Observations:
    """Give an invented river: 6 h of rain every 200 h, a level that rises and falls after it."""
    rng = np.random.default_rng(1)
    rain = np.where(np.arange(hours) % 200 < 6, rng.uniform(2, 9, hours), 0.0)
    level = np.zeros((hours, 2))
    for hour in range(1, hours):
        level[hour] = level[hour - 1] * [0.95, 0.9] + rain[hour] * np.array([0.02, 0.03])
    data = {
        "level_m": (("time", "gauge"), level + rng.normal(0, 0.002, level.shape)),
        "level_flag": (("time", "gauge"), np.full(level.shape, GOOD, "int8")),
        "rain_mm": (("time", "rain_gauge"), rain[:, None]),
        "rain_flag": (("time", "rain_gauge"), np.full((hours, 1), GOOD, "int8")),
    }
    coords = {"time": START + np.arange(hours) * HOUR, "gauge": ["下流/1", "upper"]}
    return check_observations(xr.Dataset(data, coords={**coords, "rain_gauge": ["rain"]}))


OBSERVED = river()


def fitted(name: str):
    return MODELS[name](
        gauges=(LOWER, UPPER),
        targets=("下流/1",),
        leads=(timedelta(hours=1), timedelta(hours=3)),
        seed=7,
    ).fit(OBSERVED)


@pytest.fixture(scope="module")
def linear():
    return fitted("linear")


@pytest.fixture
def kept(linear, tmp_path):
    return save(linear, tmp_path, facts=FACTS)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_kept_model_forecasts_the_same_bits_and_is_kept_again_as_the_same_bytes(name, tmp_path):
    model = fitted(name)
    folder = save(model, tmp_path / "a", facts=FACTS)
    again = load(folder)
    times = OBSERVED["time"].values[[0, 30, 205, 600, 1199]]
    before, after = (one.predict_many(OBSERVED, times) for one in (model, again))
    assert before["level_m"].values.tobytes() == after["level_m"].values.tobytes()
    xr.testing.assert_identical(before, after)
    assert save(again, tmp_path / "b", facts=FACTS).name == folder.name


def test_a_gauge_whose_place_is_not_known_is_kept_with_its_model(tmp_path):
    nowhere = Gauge("upper", "上流", "川", float("nan"), float("nan"), rain_gauges=("rain",))
    model = MODELS["linear"](gauges=(nowhere,), targets=("upper",), leads=(timedelta(hours=1),))
    again = load(save(model.fit(OBSERVED), tmp_path, facts=FACTS))
    assert np.isnan(again.config()["gauges"][0]["lon"])


@pytest.mark.parametrize("name", sorted(MODELS))
def test_training_twice_gives_the_same_folder_byte_for_byte(name, tmp_path):
    first, second = (save(fitted(name), tmp_path / part, facts=FACTS) for part in "ab")
    assert first.name == second.name
    names = sorted(one.relative_to(first) for one in first.rglob("*") if one.is_file())
    assert names == sorted(one.relative_to(second) for one in second.rglob("*") if one.is_file())
    assert all((first / one).read_bytes() == (second / one).read_bytes() for one in names)


def test_the_folder_is_named_by_the_digest_of_its_manifest(kept):
    assert kept.name == sha256((kept / MANIFEST).read_bytes()).hexdigest()
    assert os.listdir(kept.parent) == [kept.name]


def test_no_file_of_a_kept_model_is_a_pickle(tmp_path):
    folder = save(fitted("gbm"), tmp_path, facts=FACTS)
    endings = {one.suffix for one in folder.rglob("*") if one.is_file()}
    assert endings == {".json", ".npz", ".txt", ".md"}


def test_saving_again_changes_nothing(kept, linear):
    before = (kept / MANIFEST).stat().st_mtime_ns
    assert save(linear, kept.parent, facts=FACTS) == kept
    assert (kept / MANIFEST).stat().st_mtime_ns == before


def test_other_facts_are_another_folder(kept, linear):
    other = CardFacts(title="別の川", data_digest="abc", train=FACTS.train)
    assert save(linear, kept.parent, facts=other) != kept


def test_one_changed_byte_is_told_and_never_used(kept):
    content = bytearray((kept / "arrays.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (kept / "arrays.npz").write_bytes(content)
    with pytest.raises(UnusableModelError, match=r"arrays\.npz must have sha256 .*Train it again"):
        load(kept)


def test_a_missing_and_a_strange_file_are_both_named(kept):
    (kept / "state.json").unlink()
    (kept / "evil.pkl").write_bytes(b"")
    with pytest.raises(UnusableModelError, match=r"evil\.pkl is not in .*state\.json is missing"):
        load(kept)


def test_a_changed_manifest_does_not_fit_the_name(kept):
    (kept / MANIFEST).write_bytes((kept / MANIFEST).read_bytes().replace(b"linear", b"lineal"))
    with pytest.raises(UnusableModelError, match=r"sha256 that names the folder"):
        load(kept)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(UnusableModelError, match="names the folder"):
        load(tmp_path)
    with pytest.raises(FileNotFoundError, match="no kept model"):
        load(tmp_path / "absent")


def test_a_damaged_folder_is_replaced_by_saving_again(kept, linear):
    (kept / "state.json").write_text("{}")
    assert save(linear, kept.parent, facts=FACTS) == kept
    assert faults(kept) == []
    assert os.listdir(kept.parent) == [kept.name]


def altered(folder: Path, **changes: object) -> Path:
    """Give the folder with another manifest that fits its new name."""
    manifest = {**json.loads((folder / MANIFEST).read_bytes()), **changes}
    (folder / MANIFEST).write_bytes(canonical_json(manifest))
    return folder.rename(folder.with_name(sha256(canonical_json(manifest)).hexdigest()))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 99}, r"format must be 1, got 99"),
        ({"features": "0" * 64}, r"its feature layout is 000000000000, this version's is"),
        ({"model_id": "oracle"}, r"model must be one of .*'linear'.*, got 'oracle'"),
    ],
)
def test_a_model_of_another_kind_is_refused_by_name(kept, changes, message):
    with pytest.raises(UnusableModelError, match=message):
        load(altered(kept, **changes))


def test_a_model_of_another_version_is_refused_by_number(kept):
    there = {**registry.versions(), "kawamori": "0.0.9", "lightgbm": "3.3.5"}
    with pytest.raises(UnusableModelError, match=r"by kawamori 0\.0\.9, .*by LightGBM 3\.3\.5"):
        load(altered(kept, versions=there))


def test_a_file_name_that_leaves_the_folder_is_refused(kept):
    (kept.parent / "outside.json").write_text("{}")
    listed = json.loads((kept / MANIFEST).read_bytes())["files"]
    files = {**listed, "../outside.json": listed["state.json"]}
    with pytest.raises(UnusableModelError, match=r"'\.\./outside\.json' is no file name"):
        load(altered(kept, files=files))


def test_a_model_that_learned_nothing_is_not_kept(tmp_path):
    model = MODELS["linear"](gauges=(LOWER, UPPER), targets=("upper",), leads=(timedelta(hours=1),))
    with pytest.raises(ValueError, match="must be fitted"):
        save(model, tmp_path / "models", facts=FACTS)
    assert not (tmp_path / "models").exists()


def test_the_card_says_what_it_is_for_and_what_not(kept):
    card = (kept / "card.md").read_text()
    assert card.startswith("# 試験の川: river levels by `linear`\n")
    assert "下流 (川, `下流/1`)" in card
    assert "2030-01-01T00:00Z – 2030-03-01T00:00Z" in card
    assert "気象業務法17条" in card
    assert "模擬 / simulated" in card
    assert "| 1 | 0.7 | a\\|b c |" in card
    assert "| 3 | – | – |" in card


def test_other_features_than_the_learned_ones_are_named(linear):
    dams = xr.Dataset(
        {"dam_release_m3s": (("time", "dam"), np.ones((1200, 1)))}, coords={"dam": ["ダム"]}
    )
    more = Observations(OBSERVED.merge(dams))
    with pytest.raises(ValueError, match=r"0 fewer \[\] and 7 more \['ダム_dam_release_m3s'"):
        linear.predict(more, issued_at=aware(START + 300 * HOUR))


def _save_slowly(model, folder: Path, started) -> None:
    write = Path.write_bytes

    def slowly(path: Path, content: bytes) -> int:
        written = write(path, content)
        if path.name == "arrays.npz":
            started.set()
            signal.pause()
        return written

    Path.write_bytes = slowly
    save(model, folder, facts=FACTS)


def test_a_process_killed_while_saving_leaves_no_half_model(linear, tmp_path):
    context = multiprocessing.get_context("fork")
    started = context.Event()
    process = context.Process(target=_save_slowly, args=(linear, tmp_path, started))
    process.start()
    assert started.wait(30)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert process.exitcode == -signal.SIGKILL
    left = os.listdir(tmp_path)
    assert len(left) == 1
    assert left[0].startswith(SAVING)
    folder = save(linear, tmp_path, facts=FACTS)
    assert faults(folder) == []
