"""Lists of open shelters, one a time, become a history."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from shelters.occupancy import occupancy_totals, read_occupancy

HEADER = "ID,名称,人数,時点,緯度,経度,災害種別_洪水,想定収容人数"
NOON = datetime(2024, 1, 9, 3, tzinfo=UTC)  # 12:00 JST


def snapshot(folder: Path, name: str, *rows: str, header: str = HEADER) -> Path:
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def row(key: str, people: str, time: str, capacity: str = "100") -> str:
    return f'{key},施設{key},{people},{time},37.0,137.0,1.0,"{capacity}"'


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("令和6年1月9日午後0時", NOON),
        ("令和6年1月9日12時", NOON),
        ("2024年1月9日正午", None),
        ("令和6年1月9日午前0時半", datetime(2024, 1, 8, 15, 30, tzinfo=UTC)),
        ("平成31年4月30日午後11時59分", datetime(2019, 4, 30, 14, 59, tzinfo=UTC)),
        ("令和元年5月1日24時", datetime(2019, 5, 1, 15, 0, tzinfo=UTC)),
    ],
)
def test_times_of_the_list_are_japanese(tmp_path: Path, written: str, utc: datetime | None) -> None:
    path = snapshot(tmp_path, "open.csv", row("A", "5", written))
    if utc is None:
        with pytest.raises(ValueError, match=r"open\.csv must tell its time"):
            read_occupancy([path])
    else:
        assert read_occupancy([path])["time"].item() == pd.Timestamp(utc)


def test_the_header_or_the_file_name_may_tell_the_time(tmp_path: Path) -> None:
    header = HEADER.replace("人数,", "人数_令和6年1月9日午後0時時点,").replace(
        "時点,緯度", "備考,緯度"
    )
    told = snapshot(tmp_path, "a.csv", row("A", "5", ""), header=header)
    named = snapshot(tmp_path, "open-2024-01-09-1300.csv", row("A", "6", ""))
    table = read_occupancy([named, told])
    assert table["people"].tolist() == [5, 6]
    assert table["time"].iloc[1] - table["time"].iloc[0] == pd.Timedelta(hours=1)


def test_totals_count_open_full_and_unknown_shelters(tmp_path: Path) -> None:
    time = "令和6年1月9日12時"
    rows = [row("A", "120", time), row("B", "", time), row("C", "3", time, "屋内10人／屋外5人")]
    totals = occupancy_totals(read_occupancy([snapshot(tmp_path, "x.csv", *rows)]))
    # 120 + 3 people; A holds more than its 100, B is not counted as 0.
    assert totals.iloc[0].to_dict() == {"shelters": 3, "people": 123, "unknown": 1, "full": 1}


def test_a_list_of_two_times_or_without_counts_is_refused(tmp_path: Path) -> None:
    mixed = [row("A", "1", "令和6年1月9日12時"), row("B", "1", "令和6年1月9日13時")]
    with pytest.raises(ValueError, match=r"mixed\.csv must be of one time"):
        read_occupancy([snapshot(tmp_path, "mixed.csv", *mixed)])
    plain = snapshot(
        tmp_path, "list.csv", "A,施設,37,137,1", header="ID,名称,緯度,経度,災害種別_洪水"
    )
    with pytest.raises(ValueError, match=r"list\.csv must have a column 人数"):
        read_occupancy([plain])
    wrong = snapshot(tmp_path, "wrong.csv", row("A", "1", "令和6年13月9日12時"))
    with pytest.raises(ValueError, match=r"wrong\.csv: \[2024, 13, 9, 12, 0\] is no time"):
        read_occupancy([wrong])


def test_no_files_give_an_empty_history() -> None:
    assert read_occupancy([]).empty


@pytest.mark.real_data
def test_nanao_emptied_its_shelters_from_january_to_august(real_data: Path) -> None:
    folder = real_data / "formats" / "nanao_open_shelters" / "data" / "history"
    chosen = [sorted(folder.glob("*.csv"))[at] for at in (0, -1)]
    totals = occupancy_totals(read_occupancy(chosen))
    # The fourth column of the two files, summed without the reader.
    assert totals["people"].tolist() == [1886, 40]
    assert totals["shelters"].tolist() == [29, 1]
