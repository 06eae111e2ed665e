"""Tables as prefectures write them: marks, units, words, and rows nobody corrects."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from forecasting.sources.table_readings import table_readings

NAN = float("nan")
AT = datetime(2026, 6, 1, 3, tzinfo=UTC)
KINDS = {"g1": "level_m", "r1": "rain_mm"}


def read(tmp_path: Path, text: str, encoding: str = "utf-8-sig", **told):
    path = tmp_path / "in.csv"
    path.write_bytes(text.encode(encoding))
    told = {"time_column": "日時", "columns": {"g1": "水位"}, "encoding": encoding} | told
    return table_readings(path, told.pop("columns"), KINDS, **told)


def cell(tmp_path, text):
    found, odd = read(tmp_path, f"日時,水位\n2026/6/1 12:00,{text}\n2026/6/1 12:10,1.0\n")
    return found["value"].tolist()[0], odd


@pytest.mark.parametrize(
    "mark", ["", "　", "欠測", "閉局", "-", "---", "***", "－", "調整中", "#", "$", "未収集", "…"]
)
def test_a_mark_that_stands_for_none_is_missing(tmp_path, mark):
    value, odd = cell(tmp_path, mark)
    assert np.isnan(value)
    assert odd == ()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("１．５", 1.5),
        ("－0.12", -0.12),
        ("\N{MINUS SIGN}0.12", -0.12),
        (" +.5 ", 0.5),
        ("1.", 1.0),
    ],
)
def test_a_number_in_any_width_is_that_number(tmp_path, text, value):
    assert cell(tmp_path, text) == (value, ())


@pytest.mark.parametrize(
    "text", ['"1,234"', '"1,5"', "1.23#", "▲0.5", "1_5", "0x10", "True", "inf", "1e999", "1:20"]
)
def test_what_may_be_another_number_is_missing_and_told_by_its_row(tmp_path, text):
    value, odd = cell(tmp_path, text)
    assert np.isnan(value)
    assert odd[0].startswith("not read, so missing: row 2: 水位 ")


def test_a_bad_time_loses_its_row_alone(tmp_path):
    text = "日時,水位\n06/01 11:50,1.5\n2026/6/1 12:00,1.6\n2026/2/30 1:00,9\n"
    found, odd = read(tmp_path, text)
    assert found["value"].tolist() == [1.6]
    assert odd == ("not read, so missing: row 2: time '06/01 11:50', row 4: time '2026/2/30 1:00'",)


def test_rows_of_units_and_notes_tell_nothing(tmp_path):
    text = "日時,水位,雨量\n,m,mm\n2026/6/1 12:00,1.5,0\n※速報値です\n"
    found, odd = read(tmp_path, text, columns={"g1": "水位", "r1": "雨量"})
    assert (found["value"].tolist(), odd) == ([1.5, 0.0], ())


@pytest.mark.parametrize(
    "text",
    [
        "日時,水位\n,cm\n2026/6/1 12:00,150\n",
        "日時,水位\n単位,(ｃｍ)\n2026/6/1 12:00,150\n",
        "日時,水位,水位\n2026/6/1 12:00,1.5,2.5\n",  # whose?
        "日時,水位\n2026/6/1 12:00,high\n",
        "日時,水位\n12:00,1.5\n12:10,1.6\n",
        "日時;水位\n2026/6/1 12:00;1,5\n",
        "日時\t水位\n2026/6/1 12:00\t1.5\n",
        "日時,水位\n2026/6/1 12:00,1.5,2.5\n",
        "<html><body>日時,水位</body></html>",
        "\n\n",
        '日時,水位\n2026/6/1 12:00,"1.5\n',
    ],
)
def test_a_table_whose_meaning_cannot_be_known_is_refused_whole(tmp_path, text):
    with pytest.raises(ValueError, match=r"in\.csv"):
        read(tmp_path, text)


def test_a_name_with_another_unit_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"must be in m and mm, got 水位\(cm\) in cm, not m"):
        read(tmp_path, "日時,水位(cm)\n2026/6/1 12:00,150\n", columns={"g1": "水位(cm)"})
    found, _ = read(tmp_path, "日時,水位(m)\n2026/6/1 12:00,1.5\n", columns={"g1": "水位(m)"})
    assert found["value"].tolist() == [1.5]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "euc_jp", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_encoding_and_line_end_gives_the_same(tmp_path, encoding, end):
    text = "日時,①鎌田,水位\n2026/6/1 12:00,9,1.5\n2026/6/1 12:10,9,1.6\n"
    if encoding == "euc_jp":
        text = text.replace("①", "")
    found, odd = read(tmp_path, text.replace("\n", end), encoding)
    assert (found["value"].tolist(), odd) == ([1.5, 1.6], ())
    assert found["at"][0] == AT


def test_columns_may_move_and_names_may_have_lines(tmp_path):
    text = '"日時","鎌田\n水位(m)",x\n2026/6/1 12:00,1.5,9,\n2026/6/1 12:10,1.6,9,\n'
    found, _ = read(tmp_path, text, columns={"g1": "鎌田\n水位(m)"})
    assert found["value"].tolist() == [1.5, 1.6]
    text = "x,水位,日時\n9,1.5,2026/6/1 12:00\n"
    assert read(tmp_path, text)[0]["value"].tolist() == [1.5]


@pytest.mark.parametrize(
    "time",
    ["202606011200", "20260601 1200", "2026年6月1日12時", "令和8年6月1日　12時00分", "R8.6.1 12:00",
     "２０２６／６／１　１２：００", "2026-06-01T12:00:00.000", "2026-06-01T03:00:00Z",
     "2026/05/31 36:00"],
)  # fmt: skip
def test_a_time_in_other_words_is_that_time_or_none(tmp_path, time):
    text = f"日時,水位\n{time},1.5\n2026/6/1 12:10,1.6\n"
    found, odd = read(tmp_path, text)
    assert [at == AT for at in found["at"]] == [False] if odd else [True, False]


def test_new_year_at_24_00_is_the_first_of_january(tmp_path):
    found, _ = read(tmp_path, "日時,水位\n2026/12/31 24:00,1.5\n2027/01/01 00:10,1.6\n")
    assert found["at"].diff()[1].total_seconds() == 600
