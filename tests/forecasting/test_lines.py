"""One line per lead: it goes on beyond training, bends where floods bend, and looks no further."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecasting.features import Design
from forecasting.inputs import Inputs
from forecasting.interactions import ahead_products, interactions, pairs
from forecasting.lines import ALPHAS, UNTRIED, Form, Lines, Scale, best_form, plain_form

NAMES = (
    "age_h", "above_base_m", "rise_1_m", "rise_3_m",
    "rain_1_mm", "rain_3_mm", "rain_6_mm", "wetness_24h_mm",
)  # fmt: skip
ROWS = 600
RNG = np.random.default_rng(4)


def inputs(ahead_mm: np.ndarray | None = None, rows: int = ROWS) -> Inputs:
    """Give rows of invented features; nothing in the storages."""
    values = np.abs(RNG.normal(size=(rows, len(NAMES)))).astype(np.float32)
    times = np.datetime64("2030-01-01", "ns") + np.arange(rows) * np.timedelta64(1, "h")
    level = np.ones(rows)
    none = np.zeros((rows, 0))
    ahead = none if ahead_mm is None else ahead_mm
    known = Design(times, NAMES, values, level, np.zeros(rows))
    return Inputs(known, none, none, np.zeros(rows), level, ahead, 0 * ahead)


def form(*, bent: bool = False, leads: int = 1) -> Form:
    return Form(False, bent, np.full(leads, 1e-6))


def folds() -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Give three folds of 200 rows, each held out once."""
    every = np.arange(ROWS)
    parts = [every[every % 3 == number] for number in range(3)]
    return [(np.setdiff1d(every, out), out, np.ones(400)) for out in parts]


def test_a_line_goes_on_to_half_again_the_largest_deviation():
    known = inputs()
    rain = known.known.column("rain_3_mm")
    line = Lines.fit(form(), (1,), known, 0.1 * rain[:, None], np.ones(ROWS))
    column = NAMES.index("rain_3_mm")
    values = known.known.values[:2].copy()
    values[:, column] = [1.2 * rain.max(), 100 * rain.max()]
    row = known.take(np.arange(2))
    told = line.rises_m(replace(row, known=replace(row.known, values=values)))[:, 0]
    # 0.1 m per mm: 1.2 times the highest rain is 1.2 times its rise; without end it does not go.
    highest = rain.mean() + 1.5 * (rain.max() - rain.mean())
    assert told == pytest.approx([0.12 * rain.max(), 0.1 * highest], rel=1e-3)


def test_a_missing_feature_counts_as_its_mean_and_a_missing_rise_not_at_all():
    known = inputs()
    rain = known.known.column("rain_3_mm")
    rises = 0.1 * rain[:, None]
    rises[::2] = np.nan
    line = Lines.fit(form(), (1,), known, rises, np.ones(ROWS))
    row = known.take(np.arange(1)).without(["rain_3_mm"], np.array([True]))
    assert line.rises_m(row)[0, 0] == pytest.approx(0.1 * rain.mean(), rel=1e-3)


def test_a_line_looks_at_no_rain_beyond_its_lead():
    known = inputs(np.abs(RNG.normal(size=(ROWS, 2))))
    second = known.ahead_mm[:, [1]]
    told = (known, np.hstack([second, second]), np.ones(ROWS))
    line = Lines.fit(form(bent=True, leads=2), (1, 2), *told)
    cut = known.with_rain(np.array([[1.0, np.nan], [1.0, 9.0]]), np.zeros((2, 2)))
    cut = replace(cut, known=replace(known.known, values=known.known.values[[0, 0]]))
    one, other = line.rises_m(cut)
    assert one[0] == other[0]
    assert one[1] != other[1]


def test_products_are_read_where_floods_bend_and_not_where_they_are_straight():
    known = inputs()
    rain, wet = known.known.column("rain_1_mm"), known.known.column("wetness_24h_mm")
    noise = 0.01 * RNG.normal(size=(ROWS, 1))
    assert best_form(known, (rain * wet)[:, None] + noise, folds(), (1,)).bent
    assert not best_form(known, rain[:, None] + 30 * noise, folds(), (1,)).bent


def test_noise_asks_for_the_hardest_penalty_and_a_clear_river_for_the_least():
    known = inputs()
    rain = known.known.column("rain_1_mm")[:, None]
    assert best_form(known, rain, folds(), (1,)).alphas.tolist() == pytest.approx([ALPHAS[0]])
    noise = RNG.normal(size=(ROWS, 1))
    assert best_form(known, noise, folds(), (1,)).alphas.tolist() == pytest.approx([ALPHAS[-1]])


def test_without_floods_to_hold_out_the_form_is_plain():
    known = inputs()
    one = best_form(known, np.ones((ROWS, 2)), folds()[:1], (1, 2))
    assert (one.tidal, one.bent, one.alphas.tolist()) == (False, False, [UNTRIED] * 2)
    assert plain_form(3).alphas.tolist() == [UNTRIED] * 3


def test_a_feature_that_never_changes_or_never_comes_does_no_harm():
    values = np.column_stack([np.full(5, 3.0), np.full(5, np.nan), np.arange(5.0)])
    standard = Scale.fit(values, np.ones(5)).standard(values)
    assert np.isfinite(standard).all()
    assert standard[:, :2] == pytest.approx(np.zeros((5, 2)), abs=1e-6)
    assert standard[:, 3].tolist() == [1.0] * 5


def test_the_same_line_comes_back_from_its_state():
    known = inputs(np.ones((ROWS, 2)))
    line = Lines.fit(form(bent=True), (2,), known, np.ones((ROWS, 1)), np.ones(ROWS))
    again = Lines.from_state(line.state())
    assert np.array_equal(again.rises_m(known), line.rises_m(known))


def test_products_are_told_by_hand():
    values = np.array([[0.0, 2.0, 0.5, 1.0, 3.0, 4.0, 5.0, 10.0]], dtype=np.float32)
    known = inputs(rows=1).known
    told = dict(zip(pairs(NAMES), interactions(replace(known, values=values))[0], strict=True))
    assert told["above_base_m", "above_base_m"] == 4.0
    assert told["rise_1_m", "above_base_m"] == 1.0  # 0.5 x 2
    assert told["rain_1_mm", "wetness_24h_mm"] == 30.0
    low = values.copy()
    low[0, 1] = -2.0  # below its base a river counts as at it
    told = dict(zip(pairs(NAMES), interactions(replace(known, values=low))[0], strict=True))
    assert told["above_base_m", "above_base_m"] == 0.0


def test_rain_ahead_is_summed_before_it_is_multiplied():
    values = np.array([[0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 10.0]], dtype=np.float32)
    one = inputs(np.array([[1.0, 2.0]]), rows=1)
    one = replace(one, known=replace(one.known, values=values))
    # Sums 1 and 3 mm: squares, times 2 m, times 10 mm.
    assert ahead_products(one)[0].tolist() == [1.0, 9.0, 2.0, 6.0, 10.0, 30.0]


def test_a_gauge_without_rain_multiplies_its_rises_alone():
    assert pairs(("age_h", "above_base_m", "rise_1_m", "rise_3_m")) == [
        ("above_base_m", "above_base_m"),
        ("rise_1_m", "above_base_m"),
        ("rise_3_m", "above_base_m"),
    ]
