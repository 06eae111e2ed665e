"""All cases on the same rows, persistence among them, outages beside the same hours without."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.verification.hindcasts import Hindcast
from forecasting.verification.judge import OLD_MAXIMUM, Docket, judge, tidy

SERIES = [0.0, 1.0, 3.0, 5.0, 2.0]  # caution 2 m, danger 4 m


def docket(tiny, **changes):
    options = {"suite": "s", "observations": tiny.observed(SERIES), "gauges": (tiny.gauge,),
               "floods": (), "warn_at": 0.5, "old_maximum_m": {}}  # fmt: skip
    return Docket(**{**options, **changes})


def said(tiny, medians, **options):
    levels = np.array(medians, dtype=float)[:, None] + np.array([-0.5, 0.0, 0.5])
    return tiny.forecast(levels[:, None], SERIES[: len(medians)], **options)


def hindcasts(tiny, medians=(1.0, 3.0, 4.5, 2.0), outages=()):
    mine = {"none": said(tiny, medians), **dict(outages)}
    return [
        Hindcast("persistence", "none", {"none": said(tiny, SERIES[:4])}),
        Hindcast("m", "noisy", mine),
    ]


def value(table, **wanted):
    rows = table
    for name, one in wanted.items():
        rows = rows[rows[name] == one]
    assert len(rows) == 1
    return rows["value"].item()


def test_a_case_is_named_by_suite_rain_outage_and_model(tiny):
    scores = judge(hindcasts(tiny), docket(tiny))
    names = {name: scores[name].values.tolist() for name in ("suite", "rain", "outage", "model")}
    assert names == {"suite": ["s", "s"], "rain": ["none", "noisy"], "outage": ["none", "none"],
                     "model": ["persistence", "m"]}  # fmt: skip


def test_the_scores_come_out_one_per_row(tiny):
    # Errors of m: 1-1, 3-3, 4.5-5, 2-2: RMSE sqrt(0.25 / 4) = 0.25. Persistence: 1, 2, 2, -3.
    table = tidy(judge(hindcasts(tiny), docket(tiny)))
    assert value(table, score="rmse_m", model="m") == pytest.approx(0.25)
    assert value(table, score="skill", model="m") == pytest.approx(1 - 0.25 / 18)
    assert value(table, score="csi", model="m", threshold="caution") == 1.0
    assert set(table["lead_h"].dropna()) == {1.0}


def test_rows_that_one_model_does_not_know_are_left_out_for_all(tiny):
    table = tidy(judge(hindcasts(tiny, (1.0, np.nan, 4.5, 2.0)), docket(tiny)))
    assert value(table, score="n", model="persistence") == 3


def test_an_outage_is_held_against_the_same_hours_without_it(tiny):
    # At hours 0 and 2 the errors are 0 and -0.5; without the level 1 and -1.5, RMSE ratio
    # sqrt(3.25 / 2) / sqrt(0.25 / 2). At hour 2 the whole model has a forecast, so has this one.
    out = said(tiny, [2.0, 9.0, 3.5]).isel(issued_at=[0, 2])
    table = tidy(judge(hindcasts(tiny, outages=[("stage_3h", out)]), docket(tiny)))
    assert value(table, score="available", outage="stage_3h") == 1.0
    assert value(table, score="rmse_ratio", outage="stage_3h") == pytest.approx(np.sqrt(13))
    holed = said(tiny, [2.0, 9.0, np.nan]).isel(issued_at=[0, 2])
    table = tidy(judge(hindcasts(tiny, outages=[("stage_3h", holed)]), docket(tiny)))
    assert value(table, score="available", outage="stage_3h") == 0.5


def test_the_old_maximum_is_one_more_threshold(tiny):
    # Above 3.5 m: observed at hour 3 only. Said 4.5 for it: a hit; RMSE above it 0.5.
    table = tidy(judge(hindcasts(tiny), docket(tiny, old_maximum_m={"g": 3.5})))
    assert value(table, score="csi", threshold=OLD_MAXIMUM, model="m") == 1.0
    assert value(table, score="csi", threshold=OLD_MAXIMUM, model="persistence") == 0.0
    assert value(table, score="rmse_above_old_m", model="m") == pytest.approx(0.5)


def test_without_persistence_there_is_no_verdict(tiny):
    with pytest.raises(ValueError, match=r"persistence must be among the models, got \['m'\]"):
        judge(hindcasts(tiny)[1:], docket(tiny))


def test_models_asked_at_other_hours_are_refused(tiny):
    late = Hindcast("m", "none", {"none": said(tiny, [1.0, 3.0, 4.5, 2.0], first=1)})
    with pytest.raises(ValueError, match="issued_at"):
        judge([hindcasts(tiny)[0], late], docket(tiny))
