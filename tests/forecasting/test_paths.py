"""Paths keep what the forecast says of each lead, and their passages are those of the paths."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.stats import norm

from forecasting.exceedance import exceedance, probability_below
from forecasting.intervals import QUANTILES
from forecasting.paths import copula_ranks, passage_h, sample_paths, share_reached
from forecasting.types import Gauge, LevelForecast, Thresholds

Q = np.array(QUANTILES)


def forecast(
    centre: list[float], *, spread_m: float = 0.5, correlation: float | None = 0.8, **more: object
) -> LevelForecast:
    """One gauge, normal levels at leads 1, 2, ... h."""
    levels = np.array(centre)[:, None] + spread_m * norm.ppf(Q)
    leads = [np.timedelta64(hour + 1, "h").astype("m8[ns]") for hour in range(len(centre))]
    data = {
        "level_m": (("gauge", "lead", "quantile"), levels[None]),
        "last_level_m": (("gauge",), np.array([more.get("last", np.nan)], dtype=float)),
        "tail_shape": (("lead", "side"), np.full((len(centre), 2), more.get("shape", 0.0))),
    }
    if correlation is not None:
        apart = np.abs(np.subtract.outer(np.arange(len(centre)), np.arange(len(centre))))
        data["lead_correlation"] = (("lead", "lead_to"), correlation**apart)
    coords = {"gauge": ["g"], "lead": leads, "quantile": Q}
    coords["issued_at"] = np.datetime64("2030-01-01T00:00", "ns")
    return LevelForecast(xr.Dataset(data, coords=coords, attrs={"model_id": "test"}))


def gauge(level_m: float) -> Gauge:
    return Gauge("g", "堤", "川", 141.0, 37.0, Thresholds(caution=level_m))


@pytest.mark.parametrize("shape", [-0.2, 0.0, 0.3])
def test_the_share_of_paths_above_a_level_is_its_probability(shape):
    given = forecast([1.0, 2.0, 1.5], shape=shape)
    paths = sample_paths(given)[0]
    for lead in range(3):
        for level_m in (0.2, 1.0, 1.7, 2.6, 3.4):  # 3.4 lies in the tail of each lead
            share = np.mean(paths[:, lead] < level_m)
            levels = given["level_m"].values[0, lead]
            expected = probability_below(levels, Q, np.array(level_m), np.full(2, shape))
            assert share == pytest.approx(float(expected), abs=1.5 / 512)


def test_paths_go_together_as_the_forecast_says():
    paths = norm.ppf(copula_ranks(np.array([[1.0, 0.7], [0.7, 1.0]]), 4096))
    assert np.corrcoef(paths.T)[0, 1] == pytest.approx(0.7, abs=0.01)


def test_pairs_that_do_not_fit_together_still_give_paths():
    odd = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])  # no such three exist
    ranks = copula_ranks(odd)
    assert ((ranks > 0) & (ranks < 1)).all()


def test_without_a_correlation_a_path_keeps_its_rank():
    paths = sample_paths(forecast([1.0, 2.0], correlation=None))[0]
    assert (np.argsort(paths[:, 0]) == np.argsort(paths[:, 1])).all()


def test_every_call_gives_the_same_paths():
    given = forecast([1.0, 2.0])
    np.testing.assert_array_equal(sample_paths(given), sample_paths(given))


def test_a_missing_lead_is_missing_in_every_path():
    given = forecast([1.0, np.nan])
    paths = sample_paths(given)[0]
    assert np.isfinite(paths[:, 0]).all()
    assert np.isnan(paths[:, 1]).all()


def test_cycles_of_two_models_keep_their_own_correlation():
    one, two = forecast([1.0, 2.0], correlation=0.0), forecast([1.0, 2.0], correlation=1.0)
    both = xr.concat([one, two], dim="issued_at", data_vars="all")
    paths = sample_paths(LevelForecast(both))
    np.testing.assert_allclose(paths[0], sample_paths(one))
    np.testing.assert_allclose(paths[1], sample_paths(two))


def test_passages_by_hand():
    paths = np.array([[1.0, 3.0], [4.0, 0.0], [1.0, 1.5], [2.0, 2.0]])
    hours = passage_h(paths, np.array(0.0), np.array(2.0), np.array([1.0, 2.0]))
    # From 1 to 3 m the 2 m come halfway in the second hour; from 0 to 4 m halfway in the first;
    # 1.5 m is never enough; exactly 2 m counts.
    assert hours.tolist() == [1.5, 0.5, np.inf, 1.0]
    assert share_reached(hours, (0.25, 0.5, 0.75, 0.9)).tolist() == [0.5, 1.0, 1.5, np.inf]


def test_a_river_already_there_passes_at_once_and_an_unknown_start_tells_nothing_before_a_lead():
    paths = np.array([[4.0, 0.0]])
    assert passage_h(paths, np.array(2.5), np.array(2.0), np.array([1.0, 2.0]))[0] == 0.0
    assert passage_h(paths, np.array(np.nan), np.array(2.0), np.array([1.0, 2.0]))[0] == 1.0


def test_unknown_levels_and_thresholds_give_unknown_passages():
    known, lead_h = np.array([[4.0, 5.0]]), np.array([1.0, 2.0])
    assert np.isnan(passage_h(known, np.array(0.0), np.array(np.nan), lead_h)).all()
    missing = np.array([[4.0, np.nan]])
    assert np.isnan(passage_h(missing, np.array(0.0), np.array(2.0), lead_h)).all()


def test_first_passage_agrees_with_paths_drawn_by_brute_force():
    centre = [0.6, 1.0, 1.3, 1.4, 1.3, 1.1]
    given = exceedance(forecast(centre, last=0.2, correlation=0.6), [gauge(1.5)])
    told = given["first_passage_h"].sel(threshold="caution", gauge="g").values
    apart = np.abs(np.subtract.outer(np.arange(6), np.arange(6)))
    noise = np.random.default_rng(3).multivariate_normal(np.zeros(6), 0.6**apart, 100_000)
    paths = np.concatenate([np.full((100_000, 1), 0.2), np.array(centre) + 0.5 * noise], axis=1)
    hours = np.full(100_000, np.inf)
    for lead in range(6, 0, -1):  # the earliest crossing is written last
        up = (paths[:, lead] >= 1.5) & (paths[:, lead - 1] < 1.5)
        part = (1.5 - paths[up, lead - 1]) / (paths[up, lead] - paths[up, lead - 1])
        hours[up] = lead - 1 + part
    expected = np.quantile(hours, [0.1, 0.5, 0.9], method="inverted_cdf")
    assert told[:2] == pytest.approx(expected[:2], abs=0.1)
    assert told[2] == expected[2] == np.inf


def test_a_passage_is_no_later_than_any_single_lead_promises():
    given = exceedance(forecast([1.0, 1.3, 1.2], last=0.5, correlation=0.3), [gauge(1.6)])
    reached = given["probability"].sel(threshold="caution", gauge="g").values
    early = given["first_passage_h"].sel(threshold="caution", gauge="g", quantile=0.1).item()
    assert reached.max() > 0.1
    assert early <= 1 + int(np.argmax(reached >= 0.1 + 1 / 512))
