"""Ponds hold the water that fits below their surface."""

from __future__ import annotations

import numpy as np
import pytest

from hazard.storage import STAGE_M, make_storage
from hazard.stream import make_floodplain, make_stream
from tests.valleys import floodplain, valley


def test_volume_of_a_v_valley_is_the_sum_of_its_cells():
    # 2 ponds a bank, 15 columns each. Left bank at stage 3 m: cells 1 and 2 m over the land hold
    # 2 and 1 m, 100 m2 each: 15 x 300 = 4,500 m3. The right bank has the river's cells too: + 3 m.
    storage = make_storage(floodplain(valley()), pond_m=150)
    at = int(np.abs(STAGE_M - 3.0).argmin())
    assert storage.volume_m3[:, at] == pytest.approx([4500, 4500, 9000, 9000], abs=10)


def test_state_gives_back_the_stage_of_a_volume():
    storage = make_storage(floodplain(valley()), pond_m=150)
    stage, area = storage.state(np.array([4500.0, 0.0, 9000.0, 9000.0]))
    assert stage == pytest.approx([3.0, 1.0, 3.0, 3.0], abs=0.06)  # lowest land of the left: 1 m
    # Cells at 1 and 2 m, 15 columns (those at 3 m hold nothing yet).
    assert area[0] == pytest.approx(15 * 200, rel=0.51)
    assert area[1] == 0.0


def test_stage_is_even_between_the_middles_of_ponds():
    # Chainage 0 to 290 m in 2 ponds, middles at 72.5 and 217.5 m; station 14 lies at 140 m.
    storage = make_storage(floodplain(valley()), pond_m=150)
    stage = storage.at_stations(np.array([1.0, 2.0, 5.0, 5.0]))
    assert stage[0].tolist() == [1.0, 5.0]
    assert stage[14, 0] == pytest.approx(1 + (140 - 72.5) / 145)
    assert stage[29, 0] == 2.0


def test_water_goes_downstream_and_from_a_tributary_into_its_side():
    main = floodplain(valley())
    branch = make_stream(main.terrain, "支川", [(155.0, -90.0), (155.0, 0.0)], joins="試験川")
    storage = make_storage(make_floodplain(main.terrain, [*main.streams, branch]), pond_m=150)
    # Main: left 0, 1; right 2, 3. Tributary from the south (right): 4, 5 and 6, 7. Its mouth
    # at chainage 150 m is in the second half: pond 3.
    assert storage.next_pond.tolist() == [1, -1, 3, -1, 5, 3, 7, 3]
