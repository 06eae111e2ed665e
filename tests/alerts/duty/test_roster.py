from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from alerts.duty.roster import on_watch, quiet_until, read_roster, whom, within

# 2026-09-08 is a Tuesday; 12:00 UTC is 21:00 in Japan.
EVENING = datetime(2026, 9, 8, 12, 0, tzinfo=UTC)
NOON = datetime(2026, 9, 8, 3, 0, tzinfo=UTC)


def ids(people):
    return [person.person_id for person in people]


def test_by_day_the_day_shift_is_on_watch(roster):
    watch = on_watch(roster, NOON)
    assert ids(watch.people) == ["hayashi", "mori"]
    assert not watch.off_shift


def test_at_night_the_night_shift_is_on_watch(roster):
    assert ids(on_watch(roster, EVENING).people) == ["hara"]


def test_a_night_shift_belongs_to_the_day_it_began():
    """A shift of Friday 17:15 to 08:30 covers Saturday 03:00, not Friday 03:00."""
    (friday,) = read_roster(
        {"person": [{"id": "a", "name": "甲", "order": 1, "mail": "a@city.example",
                     "shifts": [{"days": "金", "start": "17:15", "end": "08:30"}]}]}
    )  # fmt: skip
    saturday_3 = datetime(2026, 9, 11, 18, 0, tzinfo=UTC)  # 12 September 03:00 JST, Saturday
    assert not on_watch((friday,), saturday_3).off_shift
    assert on_watch((friday,), saturday_3 - timedelta(days=1)).off_shift


def test_with_nobody_on_shift_everybody_may_be_told(roster):
    saturday_noon = datetime(2026, 9, 12, 3, 0, tzinfo=UTC)
    watch = on_watch(roster, saturday_noon)
    assert watch.off_shift
    assert sorted(ids(watch.people)) == ["hara", "hayashi", "mori"]


def test_the_first_in_order_is_told_first_then_the_next_then_the_first_again(roster):
    watch = on_watch(roster, NOON)
    assert ids(whom(watch, {})) == ["hayashi"]
    assert ids(whom(watch, {"hayashi": 1})) == ["mori"]
    assert ids(whom(watch, {"hayashi": 1, "mori": 1})) == ["hayashi"]


def test_a_new_shift_is_told_before_anybody_is_told_twice(roster):
    assert ids(whom(on_watch(roster, EVENING), {"hayashi": 3, "mori": 3})) == ["hara"]


def test_equal_orders_are_told_together(roster):
    """With nobody on shift hayashi and hara both have order 1."""
    watch = on_watch(roster, datetime(2026, 9, 12, 3, 0, tzinfo=UTC))
    assert sorted(ids(whom(watch, {}))) == ["hara", "hayashi"]


def test_quiet_hours_pass_midnight():
    assert within(time(23, 0), time(22, 0), time(6, 0))
    assert within(time(5, 59), time(22, 0), time(6, 0))
    assert not within(time(6, 0), time(22, 0), time(6, 0))


def test_quiet_hours_end_on_the_right_day():
    start, end = time(22, 0), time(6, 0)
    at_23 = datetime(2026, 9, 8, 14, 0, tzinfo=UTC)
    assert quiet_until(at_23, start, end) == datetime(2026, 9, 8, 21, 0, tzinfo=UTC)
    at_3 = datetime(2026, 9, 8, 18, 0, tzinfo=UTC)
    assert quiet_until(at_3, start, end) == datetime(2026, 9, 8, 21, 0, tzinfo=UTC)
    assert quiet_until(NOON, start, end) == NOON
    assert quiet_until(at_23, start, start) == at_23  # start = end: no quiet hours


def test_every_fault_of_a_roster_is_named_at_once_without_names_or_addresses():
    raw = {
        "person": [
            {"id": "a", "name": "秘密の名", "order": 0, "line": "秘密の番号", "shifts": []},
            {"id": "b", "name": "乙", "order": 1, "shifts": [{"days": "月"}], "phone": "1"},
            "c",
        ],
        "team": {},
    }
    with pytest.raises(ValueError, match="not usable") as caught:
        read_roster(raw)
    said = str(caught.value)
    for part in ("order of person a", "line of person a", "shifts of person a", "person b must",
                 "'phone'", "a shift of person b", "person 3", "'team'"):  # fmt: skip
        assert part in said
    assert "秘密" not in said


@pytest.mark.parametrize("raw", [{}, {"person": []}, {"person": "x"}])
def test_an_empty_roster_is_refused(raw):
    with pytest.raises(ValueError, match="at least one"):
        read_roster(raw)


def test_the_same_id_twice_is_refused(roster):
    row = {"id": "a", "name": "甲", "order": 1, "mail": "a@city.example",
           "shifts": [{"days": "月", "start": "00:00", "end": "00:00"}]}  # fmt: skip
    with pytest.raises(ValueError, match="'a' twice"):
        read_roster({"person": [row, row]})


def test_no_repr_shows_a_name_or_an_address(roster):
    said = repr(roster)
    assert "city.example" not in said
    assert "U0000" not in said
    assert "林" not in said
