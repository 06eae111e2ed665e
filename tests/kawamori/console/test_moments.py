"""A time that is typed into a form is of Japan."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kawamori.console.errors import RefusedError
from kawamori.console.moments import read_moment, typed_moment

TWO = "2026-07-01T02:00"
AT_TWO = datetime(2026, 6, 30, 17, 0, tzinfo=UTC)  # nine hours behind


def test_typed_time_is_of_japan() -> None:
    assert read_moment(TWO, "at") == AT_TWO
    assert read_moment("２０２６-07-01T02:00", "at") == AT_TWO
    assert typed_moment(AT_TWO) == TWO
    assert (read_moment("  ", "at"), typed_moment(None)) == (None, "")


@pytest.mark.parametrize(
    "wrong", ["soon", "26:00", "2026-13-01T00:00", "0001-01-01T00:00", "x" * 5000]
)
def test_what_is_no_time_is_refused_by_the_name_of_its_field(wrong: str) -> None:
    with pytest.raises(RefusedError, match="at must be a time in Japan"):
        read_moment(wrong, "at")
