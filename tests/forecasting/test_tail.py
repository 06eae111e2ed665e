"""Tails against distributions whose tails are known."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.tail import SHAPES, beyond, excess_at, outer_scale, tail_shape


@pytest.mark.parametrize("shape", [-0.2, 0.0, 0.3])
def test_the_shape_of_a_known_tail_is_found_again(shape):
    shares = (np.arange(4000) + 0.5) / 4000  # evenly spread: no luck of the draw
    excess = excess_at(shares, 2.0, shape)
    assert tail_shape(excess) == pytest.approx(shape, abs=0.03)


def test_the_shape_does_not_depend_on_the_unit():
    excess = np.random.default_rng(1).pareto(4.0, 2000)
    assert tail_shape(excess) == pytest.approx(tail_shape(100 * excess))


def test_few_or_equal_or_no_excesses_fall_exponentially_or_as_bounded():
    assert tail_shape(np.array([])) == 0.0
    assert tail_shape(np.full(10, 3.0)) == 0.0
    assert tail_shape(np.zeros(1000)) == 0.0
    assert tail_shape(np.full(1000, 3.0)) == SHAPES[0]  # all the same: it ends there


def test_a_wild_sample_gives_no_wilder_shape_than_is_believed():
    assert tail_shape(np.random.default_rng(2).pareto(0.5, 3000)) == SHAPES[1]


def test_beyond_by_hand():
    # Exponential: exp(-2). Shape 0.5: (1 + 0.5 * 2) ** -2 = 1/4. Shape -0.25: 0.5 ** 4 = 1/16.
    assert beyond(2.0, 1.0, [0.0, 0.5, -0.25]) == pytest.approx([np.exp(-2), 1 / 4, 1 / 16])
    assert beyond(5.0, 1.0, -0.25) == 0.0  # the tail ends at 1 / 0.25 = 4
    assert beyond([0.0, 0.1], 0.0, 0.0).tolist() == [1.0, 0.0]  # no width: a step


def test_the_excess_at_a_share_is_passed_by_that_share():
    shares = np.array([1.0, 0.5, 0.1, 0.001])
    for shape in (-0.25, -1e-9, 0.0, 0.2, 0.5):
        assert beyond(excess_at(shares, 3.0, shape), 3.0, shape) == pytest.approx(shares)


@pytest.mark.parametrize("shape", [-0.2, 0.0, 0.4])
def test_a_tail_through_two_levels_has_the_scale_of_the_outer(shape):
    # Scale 2 beyond the inner level; half of it passes the outer one, 2 levels `width` apart.
    width = excess_at(0.5, 2.0, shape)
    scale = outer_scale(width, 2.0, shape)
    further = 1.3
    whole = beyond(width + further, 2.0, shape)
    assert beyond(further, scale, shape) * 0.5 == pytest.approx(whole)
