"""What a soak tells of memory: a cache that fills is not a leak, a leak is."""

from __future__ import annotations

import pytest

from benchmarks.soak_services import memory_of


def test_a_cache_that_filled_in_the_first_half_is_no_growth_of_the_later_half():
    told = memory_of([100.0, 110.0, 120.0, 120.0, 120.0, 120.0, 120.0, 120.0])
    # Quarters of two sizes each: (100, 110), then 120 throughout.
    assert told["quarters_mb"] == [105.0, 120.0, 120.0, 120.0]
    assert told["later_mb_per_100_cycles"] == pytest.approx(0.0)
    assert (told["first_mb"], told["last_mb"], told["peak_mb"]) == (100.0, 120.0, 120.0)


def test_a_leak_shows_its_size_in_the_later_half():
    # Half a megabyte a cycle is 50 MB per 100 cycles.
    assert memory_of([100.0 + one / 2 for one in range(40)])["later_mb_per_100_cycles"] == 50.0


@pytest.mark.parametrize("sizes_mb", [[], [1.0], [1.0, 2.0, 3.0]])
def test_too_few_sizes_tell_no_growth(sizes_mb):
    told = memory_of(sizes_mb)
    assert told["later_mb_per_100_cycles"] is None
    assert told["quarters_mb"] is None
