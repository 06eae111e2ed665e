"""Official lists of four forms become one frame; what is wrong in them is named row by row."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from shelters.read import read_list, read_shelters, summary

HAZARDS_JA = (
    "洪水", "崖崩れ、土石流及び地滑り", "高潮", "地震",
    "津波", "大規模な火事", "内水氾濫", "火山現象",
)  # fmt: skip
MUNICIPAL = ("ID", "名称", "緯度", "経度", "災害種別_洪水", "想定収容人数")
SCHOOL = {
    "NO": "1", "共通ID": "E1310400017201", "都道府県名及び市町村名": "東京都新宿区",
    "施設・場所名": "川辺小学校校庭", "住所": "東京都新宿区川辺1-1",
    **dict.fromkeys(HAZARDS_JA, ""), "洪水": "1", "緯度": "35.70", "経度": "139.70", "備考": "",
}  # fmt: skip
HALL = {
    "NO": "1", "共通ID": "E1310400017111", "都道府県名及び市町村名": "東京都新宿区",
    "施設・場所名": "川辺小学校", "住所": "東京都新宿区川辺1-1", "受入対象者": "", "備考": "",
    "緯度": "35.7004", "経度": "139.70",
}  # fmt: skip


def write_csv(
    path: Path, header: Sequence[str], rows: Sequence[Sequence[str]], encoding: str = "utf-8"
) -> Path:
    lines = [",".join(f'"{cell}"' for cell in cells) for cells in [header, *rows]]
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def write_table(path: Path, *rows: Mapping[str, str]) -> Path:
    return write_csv(path, list(rows[0]), [list(row.values()) for row in rows])


def write_geojson(path: Path, *rows: Mapping[str, str]) -> Path:
    features = [
        {
            "type": "Feature",
            "geometry": {
                "type": "Point",
                "coordinates": [float(row["経度"]), float(row["緯度"])],
            },
            "properties": {key: row[key] for key in row if key not in {"緯度", "経度"}},
        }
        for row in rows
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def municipal(path: Path, *cells: tuple[str, ...], encoding: str = "utf-8") -> Path:
    """A municipal list: id, lat, lon, flood flag, capacity."""
    rows = [(i, f"施設{i}", lat, lon, flag, people) for i, lat, lon, flag, people in cells]
    return write_csv(path, MUNICIPAL, rows, encoding)


def test_gsi_csv_gives_hazards_and_position(tmp_path: Path) -> None:
    frame = read_list(write_table(tmp_path / "list.csv", SCHOOL))
    row = frame.loc["E1310400017201"]
    assert row["hazard_ok"] == {"flood"}
    assert row["kinds"] == {"emergency"}
    assert (row.geometry.x, row.geometry.y) == (139.70, 35.70)


def test_gsi_geojson_and_csv_give_the_same_frame(tmp_path: Path) -> None:
    from_csv = read_list(write_table(tmp_path / "list.csv", SCHOOL))
    from_json = read_list(write_geojson(tmp_path / "list.json", SCHOOL))
    pd.testing.assert_frame_equal(pd.DataFrame(from_csv), pd.DataFrame(from_json))


def test_bit_mask_107_is_flood_landslide_earthquake_fire_and_inland_flood(tmp_path: Path) -> None:
    # 107 = 64 + 32 + 8 + 2 + 1: bits 0, 1, 3, 5, 6, lowest first.
    place = {"id": "E1", "n": "公園", "a": "1-1", "m": "甲市", "la": 37.0, "lo": 140.9, "h": 107}
    path = tmp_path / "short.json"
    path.write_text(json.dumps({"e": [place], "s": [dict(place, id="E2", r="要配慮者")]}))
    frame = read_list(path, city="甲市")
    assert frame.loc["E1", "hazard_ok"] == {
        "flood", "landslide", "earthquake", "large_fire", "inland_flood",
    }  # fmt: skip
    assert frame.loc["E2", "kinds"] == {"welfare"}


def test_unknown_city_lists_the_ones_there_are(tmp_path: Path) -> None:
    path = write_table(tmp_path / "list.csv", SCHOOL)
    with pytest.raises(ValueError, match=r"list\.csv must list places of 甲市.*東京都新宿区"):
        read_list(path, city="甲市")


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("三重県津市", "津市"),
        ("津市", "津市"),
        ("福島県双葉郡浪江町", "浪江町"),
        ("奈良県大和郡山市", "大和郡山市"),
        ("福島県いわき市", "福島県いわき市"),
    ],
)
def test_city_is_found_with_prefecture_and_county_and_never_by_its_ending(
    tmp_path: Path, written: str, asked: str
) -> None:
    here = dict(SCHOOL, 都道府県名及び市町村名=written)
    other = dict(SCHOOL, 共通ID="E1", 都道府県名及び市町村名=f"滋賀県大{asked}")
    path = write_table(tmp_path / "list.csv", here, other)
    assert list(read_list(path, city=asked).index) == ["E1310400017201"]


def test_no_files_give_no_shelters() -> None:
    assert len(read_shelters([])) == 0


def test_emergency_place_and_shelter_of_one_site_become_one_record(tmp_path: Path) -> None:
    both = [write_table(tmp_path / "e.csv", SCHOOL), write_table(tmp_path / "s.csv", HALL)]
    frame = read_shelters(both)
    assert list(frame.index) == ["E1310400017201"]
    assert frame.iloc[0]["kinds"] == {"emergency", "evacuation"}


def test_same_name_merges_under_another_site_id_only_when_near(tmp_path: Path) -> None:
    # 0.0004 degrees of latitude are 44 m, 0.004 are 445 m; names differ by 校庭 only.
    other = dict(HALL, 共通ID="E1310400099111", 住所="東京都新宿区別の町9")
    far = dict(other, 緯度="35.704")
    school = write_table(tmp_path / "e.csv", SCHOOL)
    assert len(read_shelters([school, write_table(tmp_path / "near.csv", other)])) == 1
    assert len(read_shelters([school, write_table(tmp_path / "far.csv", far)])) == 2


def test_one_emergency_place_takes_only_one_shelter_general_before_welfare(tmp_path: Path) -> None:
    # The welfare shelter is nearer (same point), the general one of the site is still preferred.
    care = dict(HALL, 共通ID="E1310400017121", 緯度="35.70", 受入対象者="要配慮者")
    path = write_table(tmp_path / "s.csv", HALL, care)
    frame = read_shelters([write_table(tmp_path / "e.csv", SCHOOL), path])
    assert frame.loc["E1310400017201", "kinds"] == {"emergency", "evacuation"}
    assert frame.loc["E1310400017121", "kinds"] == {"welfare"}


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("50,700 ", 50700),
        ("０", 0),
        ("300人", 300),
        ("900.0", 900),
        ("屋内1,371人／屋外5,470人（面積の1/2）", 1371),
        ("屋内2,736人屋外11,700人（面積の1/2）", 2736),
        ("屋内0人／屋外750人(面積の1/2)", 750),  # open ground only: that is its room
        ("屋内0人／屋外0人", 0),
        ("", None),
    ],
)
def test_capacity_text_is_read_as_people(tmp_path: Path, text: str, people: int | None) -> None:
    frame = read_list(municipal(tmp_path / "m.csv", ("A", "33.8", "132.7", "1.0", text)))
    got = frame.loc["A", "capacity"]
    assert (None if pd.isna(got) else got) == people
    assert frame.loc["A", "capacity_source"] == ("unknown" if people is None else "listed")
    assert frame.loc["A", "hazard_ok"] == {"flood"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_encodings_of_spreadsheets_are_read(tmp_path: Path, encoding: str) -> None:
    path = municipal(tmp_path / "m.csv", ("A", "33.8", "132.7", "", "5"), encoding=encoding)
    assert read_list(path).loc["A", "name"] == "施設A"


def test_columns_may_come_in_any_order_with_an_empty_one(tmp_path: Path) -> None:
    header = ["災害種別_崖崩れ、土石流及び地滑り", "", "経度", "名称", "緯度", "ID", "備考"]
    rows = [["1", "", "132.7", "公園", "33.8", "A", "a\nb"]]
    frame = read_list(write_csv(tmp_path / "m.csv", header, rows))
    assert frame.loc["A", "hazard_ok"] == {"landslide"}


def test_head_counts_make_a_list_of_open_shelters(tmp_path: Path) -> None:
    header = [*MUNICIPAL, "人数_令和6年1月9日午後6時時点"]
    rows = [
        ["A", "甲", "37.0", "136.9", "1.0", "10", "7"],
        ["NEW001", "乙", "37", "136.9", "", "", ""],
    ]
    frame = read_list(write_csv(tmp_path / "m.csv", header, rows))
    assert list(frame["status"]) == ["open", "open"]
    assert frame.loc["A", "occupied"] == 7
    assert pd.isna(frame.loc["NEW001", "occupied"])  # not reported is not nobody
    assert frame.loc["NEW001", "kinds"] == {"evacuation"}


def test_capacity_comes_from_area_then_from_the_assumed_value(tmp_path: Path) -> None:
    # 100 m2 / 3.5 m2 = 28.6: 28 people.
    header = [*MUNICIPAL, "面積"]
    cells = [("A", "5", "100"), ("B", "", "100"), ("C", "", "")]
    rows = [[i, i, "37", "136.9", "1", people, area] for i, people, area in cells]
    path = write_csv(tmp_path / "m.csv", header, rows)
    frame = read_shelters(path, assumed_capacity=200)
    assert list(frame["capacity"]) == [5, 28, 200]
    assert list(frame["capacity_source"]) == ["listed", "area", "assumed"]
    assert pd.isna(read_shelters(path).loc["C", "capacity"])


def test_negative_capacity_names_shelter_file_and_row(tmp_path: Path) -> None:
    good = [(f"13104-{i:03}", "35.7", "139.7", "1", "10") for i in range(50)]
    path = municipal(tmp_path / "shelters.csv", *good, ("13104-017x", "35.7", "139.7", "1", "-20"))
    # 50 good rows after the header: the bad one is row 52 of the sheet.
    with pytest.raises(ValueError, match=r"^capacity") as raised:
        read_list(path)
    assert str(raised.value) == (
        "capacity must be a whole number >= 0, got -20 (shelter_id 13104-017x, shelters.csv"
        " row 52). Correct the row or drop it."
    )


def test_all_bad_rows_are_in_one_error(tmp_path: Path) -> None:
    path = municipal(
        tmp_path / "m.csv",
        ("A", "33.8", "132.7", "2", "12.5"),
        ("B", "132.7", "33.8", "1", "満員"),
        ("B", "", "0", "1", "1"),
        ("", "33.8", "132.7", "1", "1"),
    )
    with pytest.raises(ValueError, match="the flood flag must be 1 or empty, got 2") as raised:
        read_list(path)
    text = str(raised.value)
    assert "capacity must be a whole number >= 0, got 12.5 (shelter_id A, m.csv row 2)" in text
    assert "got 満員 (shelter_id B, m.csv row 3)" in text
    assert "got 33.8, 132.7, which look swapped (shelter_id B, m.csv row 3)" in text
    assert "got 0, empty (shelter_id B, m.csv row 4)" in text
    assert "shelter_id must be unique, got B 2 times (m.csv row 4)" in text
    assert "shelter_id must be given, got an empty cell (shelter_id none, m.csv row 5)" in text


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("m.csv", "ID,名前\nA,甲\n", r"m\.csv must have columns .* missing \['名称', '経度'"),
        ("m.csv", "ID,名称,緯度,経度\nA,甲,33,132\n", r"missing \['災害種別_洪水'\]"),
        ("g.csv", "共通ID,住所\nA,甲\n", r"g\.csv must have columns .* missing \['受入対象者'"),
        ("m.csv", "ID,名称\n", "at least one row, got none"),
        ("m.csv", "", "at least one row, got none"),
        ("m.csv", "ID,名称\nA,甲,余分\n", r"more or fewer in row 2"),
        ("m.json", "{", r"m\.json must be JSON"),
        ("m.json", "[]", r"must be GeoJSON .* got list"),
        ("m.json", '{"features": []}', "at least one row, got none"),
        ("m.json", '{"features": [{"geometry": null}]}', "must be a Point, got None"),
        ("m.json", '{"e": [{"id": "A"}], "s": []}', r"missing \['a', 'h', 'la'"),
    ],
)
def test_wrong_files_are_named_with_what_was_expected(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read_list(path)


@pytest.mark.parametrize("mask", [256, -1, "107", None])
def test_a_mask_outside_eight_bits_is_refused(tmp_path: Path, mask: Any) -> None:
    place = {"id": "E1", "n": "公園", "a": "", "m": "甲市", "la": 37.0, "lo": 140.9, "h": mask}
    path = tmp_path / "short.json"
    path.write_text(json.dumps({"e": [place], "s": [dict(place, r="")]}))
    with pytest.raises(ValueError, match=r"bit mask from 0 to 255.*short\.json e\[0\]"):
        read_list(path)


def test_bytes_of_no_known_encoding_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_bytes(b"\x81\x20")
    with pytest.raises(ValueError, match=r"m\.csv must be UTF-8 or CP932"):
        read_list(path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"gone\.csv must be a shelter list"):
        read_list(tmp_path / "gone.csv")


def test_summary_never_counts_unknown_capacity_as_nobody(tmp_path: Path) -> None:
    path = municipal(
        tmp_path / "m.csv", ("A", "33.8", "132.7", "1", "30"), ("B", "33.8", "132.7", "", "")
    )
    assert summary(read_list(path)).splitlines() == [
        "2か所: 指定緊急避難場所 2、指定避難所 0、要配慮者だけの指定避難所 0",
        "洪水に対応: 1か所",
        "収容人数: 判明 1か所 計30人、不明 1か所 (0人とはみなさない)",
    ]


@pytest.mark.real_data
def test_iwaki_lists_hold_what_their_origin_says(real_data: Path) -> None:
    folder = real_data / "iwaki" / "shelters"
    emergency = read_list(folder / "jp-shelter-api_emergency_072044.json")
    evacuation = read_list(folder / "jp-shelter-api_evacuation_072044.json")
    assert len(emergency) == 295
    assert emergency["hazard_ok"].map(lambda held: "flood" in held).sum() == 146
    assert len(evacuation) == 280
    assert evacuation["kinds"].map(lambda held: "welfare" in held).sum() == 73
    merged = read_shelters(sorted(folder.glob("jp-shelter-api_*.json")))
    # 120 sites share an id, 2 more share name or address within 200 m: 295 + 280 - 122.
    assert len(merged) == 453
    assert merged["capacity"].isna().all()


@pytest.mark.real_data
def test_iwaki_in_the_prefecture_list(real_data: Path) -> None:
    path = real_data / "iwaki" / "shelters" / "hinan-saki_07_fukushima_2026-07.json"
    frame = read_list(path, city="いわき市")
    kinds = frame["kinds"].map(min).value_counts()
    assert kinds.to_dict() == {"emergency": 294, "evacuation": 203, "welfare": 72}
    assert frame["hazard_ok"].map(lambda held: "flood" in held).sum() == 143


@pytest.mark.real_data
def test_matsuyama_list_has_every_capacity(real_data: Path) -> None:
    frame = read_shelters(real_data / "formats" / "matsuyama_382019_evacuation_space.csv")
    assert len(frame) == 390
    assert set(frame["capacity_source"]) == {"listed"}
    assert frame.loc["E3820100602201", "capacity"] == 50700
    assert frame["kinds"].map(lambda held: "evacuation" in held).sum() == 151


@pytest.mark.real_data
def test_every_nanao_snapshot_is_read(real_data: Path) -> None:
    folder = real_data / "formats" / "nanao_open_shelters" / "data" / "history"
    paths = sorted(folder.glob("*.csv"))
    frames = [read_list(path) for path in paths]
    assert len(frames) == 117
    assert all((frame["status"] == "open").all() for frame in frames)
    # Sum of column 人数 in the snapshot of 2024-01-11 18:00.
    early = frames[[path.stem[-15:] for path in paths].index("2024-01-11-1800")]
    assert early["occupied"].sum() == 1888
