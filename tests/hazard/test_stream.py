"""Stations along a river, and the land that belongs to each."""

from __future__ import annotations

import numpy as np
import pytest

from hazard.stream import make_floodplain, make_stream
from tests.valleys import floodplain, valley


def test_height_is_over_the_land_beside_the_nearest_station():
    # 0.1 m/m: 1 m a cell; row 0 lies 10 cells to the south (right of a river running east).
    plain = floodplain(valley())
    assert plain.height_m[:, 12] == pytest.approx(np.abs(np.arange(21) - 10), abs=1e-4)
    assert plain.station[3, 12] == 12
    assert (plain.bank[11:] == 0).all()
    assert (plain.bank[:10] == 1).all()


def test_downhill_land_belongs_to_the_station_its_water_comes_to():
    terrain = valley(rows=9)
    stream = floodplain(terrain).streams[0]
    plain = make_floodplain(terrain, [stream], belonging="downhill")
    assert plain.height_m[2, 12] == pytest.approx(2.0, abs=1e-4)
    with pytest.raises(ValueError, match=r"\['downhill', 'nearest'\]"):
        make_floodplain(terrain, [stream], belonging="uphill")


def test_profile_without_survey_follows_the_land():
    # The valley falls 1 m/km from 50 m; stations one cell apart.
    stream = make_stream(valley(columns=200), "試験川", [(0.0, 0.0), (2000.0, 0.0)])
    assert stream.chainage_m[[0, -1]].tolist() == [0.0, 2000.0]
    assert stream.ground_m[100] == pytest.approx(50 - 0.001 * stream.chainage_m[100], abs=0.02)


def test_line_outside_the_terrain_is_refused_by_name():
    with pytest.raises(ValueError, match="試験川: its line must cross"):
        make_stream(valley(), "試験川", [(9000.0, 0.0), (9900.0, 0.0)])
    with pytest.raises(ValueError, match="試験川: a line must have points"):
        make_stream(valley(), "試験川", [(0.0, 0.0)])
    with pytest.raises(ValueError, match="survey's ground_m"):
        make_stream(valley(), "試験川", [(0.0, 0.0), (90.0, 0.0)], crest_m=[[1, 1], [1, 1]])


def test_unknown_river_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"試験川.*got '別の川'"):
        floodplain(valley()).rows("別の川")
