"""Who is inside is not taken off those who must leave; both ends of the truth are told."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from shelters.inside import Moving, counts_of, moving
from shelters.records import shelter_frame

heads = st.integers(min_value=0, max_value=10_000)


@given(heads, st.lists(heads, max_size=5))
def test_who_still_moves_and_who_of_them_is_inside_are_all_who_must_leave(must_leave, inside):
    found = moving(must_leave, inside)
    assert found.fewest + min(found.counted, must_leave) == must_leave
    assert 0 <= found.fewest <= must_leave


def test_an_open_shelter_without_a_count_leaves_the_fewest_unknown():
    # 100 must leave, 60 + 0 are counted: at most 100 still move, at least nobody knows
    assert moving(100, [60, None, 0]) == Moving(100, 60, 1)
    assert moving(100, [60, None, 0]).fewest is None
    assert moving(0, []) == Moving(0, 0, 0)


def test_shelters_that_are_not_open_count_only_where_somebody_counted():
    table = shelter_frame([])
    columns = {"status": ["open", "open", "unknown", "unknown"], "occupied": [7, None, 3, None]}
    frame = (
        pd.DataFrame(columns)
        .astype({"occupied": "Int64"})
        .reindex(columns=[*table.columns.drop(list(columns)), *columns])
    )
    assert counts_of(frame) == [7, None, 3]
    zero = frame.assign(occupied=pd.array([0, 0, 3, None], dtype="Int64"))
    assert counts_of(zero, uncounted=[0]) == [None, 0, 3]  # the first 0 was assumed
