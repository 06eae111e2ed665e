"""No body whatever makes a reader raise anything but ValueError, or tell what is not in it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forecasting.sources.amedas_json import latest_time, map_readings, point_readings
from forecasting.sources.crisis import crisis_readings
from forecasting.sources.gpv import gpv_rain
from forecasting.sources.kawabou import station_readings
from forecasting.sources.nowcast import NOWCAST, Pixel, classes_at, frames_of
from forecasting.sources.readings import JST
from forecasting.sources.rows import HALF_WIDTH
from forecasting.sources.suimon import text_link, text_readings
from forecasting.sources.table_readings import table_readings
from forecasting.types import RainGauge
from tests.grib_files import grid, in_groups, message, product, run_length, simple
from tests.tile_files import tile

AT = datetime(2026, 6, 1, 3, tzinfo=UTC)
PIXELS = [Pixel(227, 99, 10, 20), Pixel(227, 99, 255, 255)]
GAUGES = [RainGauge("r1", "", 140.5, 36.8), RainGauge("r2", "", 0.0, 0.0)]
READERS: dict[str, Callable[[bytes], object]] = {
    "latest": latest_time,
    "map": lambda body: map_readings(body, AT, {"36": "r1"}),
    "point": partial(point_readings, rain_gauge_id="r1"),
    "crisis": crisis_readings,
    "kawabou": partial(station_readings, gauge_id="g1"),
    "link": text_link,
    "suimon": partial(text_readings, station="303", house_id="g1", kind="level_m"),
    "frames": partial(frames_of, product=NOWCAST),
    "tile": partial(classes_at, pixels=PIXELS),
    "gpv": partial(gpv_rain, rain_gauges=GAUGES, name="x_MSM_GPV_x.bin"),
}
SUM = product(AT, AT + timedelta(hours=3), 1)
PACKINGS = {
    "simple": simple((0.0, None, 2.5, 10.0, 0.5, 80.0)),
    "groups": in_groups([(0, 3, (0, 0, 4, 0, 4)), (13, 0, (0,))], heads=(3, 5, -3)),
    "runs": run_length((0, 1, 1, 2, 4, 4), (0, 4, 10, 20)),
}
keys = st.sampled_from(
    ["36", "precipitation10m", "items", "code", "obsTime", "level", "min10Values", "stg", "stgCcd",
     "20260601120000", "basetime", "validtime", "elements", "member", "x"]
)  # fmt: skip
leaves = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just(10**400),
    st.sampled_from(["2026-06-01T12:00:00+09:00", "9999-12-31T23:59:59-09:00", "hrpns", "1.5",
                     "2026/06/01 24:00", "20260601030000", "0001/01/01 00:00"]),
)  # fmt: skip
values = st.recursive(
    leaves, lambda one: st.lists(one, max_size=3) | st.dictionaries(keys, one, max_size=4)
)


def fault_of(read: Callable[[bytes], object], body: bytes) -> str | None:
    """Give what a reader has against a body, None = it reads it; any other error is raised."""
    try:
        read(body)
    except ValueError as error:
        return str(error)
    return None


@pytest.mark.parametrize("name", READERS)
@given(body=st.binary(max_size=60) | values.map(json.dumps).map(str.encode))
@settings(max_examples=30, deadline=None)
def test_any_body_is_read_or_refused_with_a_value_error(name, body):
    assert fault_of(READERS[name], body) != ""


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"36":' * 200_000, b"1" + b"0" * 5000])
@pytest.mark.parametrize("name", READERS)
def test_a_body_that_nests_or_counts_without_end_is_refused(name, body):
    with pytest.raises(ValueError, match=r".+"):
        READERS[name](body)


def damaged(body: bytes, place: int, content: bytes, lost: int) -> bytes:
    place %= len(body)
    return body[:place] + content + body[place + lost :]


damage = {"place": st.integers(0, 10**4), "content": st.binary(max_size=4),
          "lost": st.integers(0, 40)}  # fmt: skip


@pytest.mark.parametrize("packing", PACKINGS)
@given(**damage)
@settings(max_examples=80, deadline=None)
def test_a_damaged_grib_file_is_read_or_refused(packing, place, content, lost):
    body = message(AT, grid(), SUM, PACKINGS[packing])
    assert fault_of(READERS["gpv"], damaged(body, place, content, lost)) != ""


@given(**damage)
@settings(max_examples=80, deadline=None)
def test_a_damaged_tile_is_read_or_refused(place, content, lost):
    assert fault_of(READERS["tile"], damaged(tile({(10, 20): 5}), place, content, lost)) != ""


levels = st.integers(-500, 5000).map(lambda cm: cm / 100)
times = st.datetimes(datetime(2000, 1, 1), datetime(2030, 12, 31)).map(  # noqa: DTZ001
    lambda moment: moment.replace(second=0, microsecond=0, tzinfo=JST)
)
series = st.lists(st.tuples(times, levels), min_size=1, max_size=8, unique_by=lambda one: one[0])


def as_crisis(rows: list[tuple[datetime, float]]) -> bytes:
    items = [{"code": "g1", "obsTime": at.isoformat(), "level": level} for at, level in rows]
    return json.dumps({"items": items}).encode()


def as_kawabou(rows: list[tuple[datetime, float]]) -> bytes:
    told = [{"obsTime": f"{at:%Y/%m/%d %H:%M}", "stg": level} for at, level in rows]
    return json.dumps({"min10Values": told}).encode()


def as_suimon(rows: list[tuple[datetime, float]]) -> bytes:
    lines = [f"{at:%Y/%m/%d,%H:%M},{level:8.2f}, " for at, level in rows]
    return "\r\n".join(["観測所記号,303", *lines]).encode("cp932")


@given(series)
@settings(max_examples=15, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
def test_every_form_tells_the_time_and_the_level_that_were_written(tmp_path: Path, rows):
    written = dict(rows)
    csv = tmp_path / "in.csv"
    csv.write_text("time,a\n" + "".join(f"{at:%Y/%m/%d %H:%M},{level}\n" for at, level in rows))
    crisis, _ = crisis_readings(as_crisis(rows))
    table, _ = table_readings(csv, {"g1": "a"}, {"g1": "level_m"})
    suimon = text_readings(as_suimon(rows), "303", "g1", "level_m")
    for found in (crisis, station_readings(as_kawabou(rows), "g1"), suimon, table):
        told = dict(zip(found["at"], found["value"], strict=True))
        assert set(found["kind"]) == {"level_m"}
        assert told == {at.astimezone(UTC): level for at, level in written.items()}


digits = st.text("0123456789.-+eE１５．－²½,_ 　xm", max_size=7)


@given(st.lists(digits, min_size=10, max_size=40))
@settings(max_examples=8, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
def test_a_cell_is_its_plain_number_or_missing(tmp_path: Path, cells):
    csv = tmp_path / "in.csv"
    minutes = [AT + number * timedelta(minutes=1) for number in range(len(cells) + 1)]
    rows = zip(minutes, [*cells, "1.5"], strict=True)
    csv.write_text(
        "time,a\n" + "".join(f'{at:%Y-%m-%d %H:%M},"{cell}"\n' for at, cell in rows), "utf-8"
    )
    found, _ = table_readings(csv, {"g1": "a"}, {"g1": "level_m"})
    for value, cell in zip(found["value"], [*cells, "1.5"], strict=True):
        assert math.isnan(value) or np.isclose(value, float(cell.translate(HALF_WIDTH)))
    assert found["value"].tolist()[-1] == 1.5
