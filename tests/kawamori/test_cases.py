from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kawamori.cases import issue_times, read_case
from kawamori.settings import Settings

BUNDLES = Settings().bundles


def test_issue_times_hold_both_ends_over_the_year() -> None:
    start = datetime(2026, 12, 31, 23, tzinfo=UTC)
    times = issue_times(start, start + timedelta(hours=2), timedelta(minutes=60))
    assert [time.hour for time in times] == [23, 0, 1]


def test_every_committed_case_reads_and_lies_in_its_datasets_test() -> None:
    from kawamori.city import read_toml

    names = sorted(path.stem for path in (BUNDLES / "cases").glob("*.toml"))
    assert {"jingwan-2020-08", "kotogawa-2023-07"} <= set(names)
    for name in names:
        case = read_case(name, BUNDLES)
        table = read_toml(BUNDLES / "datasets" / f"{case.dataset}.toml")
        first, last = table["fold"][case.fold]["test"]
        assert first <= case.start < case.end <= last  # nothing replayed was trained on


def test_unknown_key_of_a_case_is_refused(tmp_path) -> None:
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "x.toml").write_text('titel = "typo"\n')
    with pytest.raises(ValueError, match=r"cases/x.toml.*titel.*Correct the file"):
        read_case("x", tmp_path)
