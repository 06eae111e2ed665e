"""A stored run reads as the run that was stored."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from advisory.types import Level
from kawamori.charts import chart_data, hydrographs
from kawamori.record import run_json
from kawamori.run import Run
from kawamori.situation import ages, alarms, gauge_rows
from kawamori.stored_run import run_of


def read_again(run: Run) -> Run:
    """Give the run after a way through its record."""
    return run_of(json.loads(run_json(run)))


def test_advice_states_and_texts_come_back_equal(made_run: Run) -> None:
    again = read_again(made_run)
    assert again.advice == made_run.advice
    assert again.states == made_run.states
    assert again.messages == made_run.messages
    assert again.advice[0].level is Level.UNKNOWN


def test_rows_and_charts_are_those_of_the_run_itself(made_run: Run) -> None:
    again = read_again(made_run)
    assert gauge_rows(again) == gauge_rows(made_run)
    assert [chart_data(chart) for chart in hydrographs(again)] == [
        chart_data(chart) for chart in hydrographs(made_run)
    ]
    assert ages(again) == ages(made_run)
    assert alarms(again) == alarms(made_run)


def test_gauges_named_by_digits_stay_names(made_run: Run) -> None:
    record = json.loads(run_json(made_run).replace('"up"', '"0179300400084"'))
    gauge = run_of(record).forecast["gauge"]
    assert "0179300400084" in gauge.values


def test_beyond_the_horizon_is_infinite_and_missing_is_nan(made_run: Run) -> None:
    again = read_again(made_run)
    passage = again.exceedance["first_passage_h"].values
    assert np.array_equal(passage, made_run.exceedance["first_passage_h"].values, equal_nan=True)
    assert np.isinf(passage).any()


def test_run_without_shelters_or_areas_comes_back_without(bare_run: Run) -> None:
    again = read_again(bare_run)
    assert (again.layer, again.allocation, again.city.shelters) == (None, None, None)


def test_unknown_position_of_a_gauge_stays_unknown(made_run: Run) -> None:
    gauges = tuple(dataclasses.replace(g, lon=np.nan, lat=np.nan) for g in made_run.city.gauges)
    lost = dataclasses.replace(made_run, city=dataclasses.replace(made_run.city, gauges=gauges))
    assert np.isnan(read_again(lost).city.gauges[0].lon)


@pytest.mark.parametrize("left_out", ["states", "forecast", "city"])
def test_record_that_is_no_run_is_refused_by_name(made_run: Run, left_out: str) -> None:
    record = json.loads(run_json(made_run))
    del record[left_out]
    with pytest.raises(ValueError, match=left_out):
        run_of(record)
