"""CAP documents against the schema, and their parts by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lxml import etree
from shapely.geometry import MultiPolygon, Point, Polygon, box

from advisory.types import ORDERS, Level
from alerts.cap.document import document, stamp
from alerts.cap.notice import area_of
from alerts.cap.reading import children, read_document, text_of
from alerts.glossary import languages

SCHEMA = Path("schemas") / "cap" / "cap12.xsd"


@pytest.fixture
def schema(real_data: Path) -> etree.XMLSchema:
    """Give the official schema, which lies beside the real data."""
    return etree.XMLSchema(etree.parse(str(real_data.parent / SCHEMA)))


@pytest.mark.real_data
@pytest.mark.parametrize("drill", [False, True])
@pytest.mark.parametrize("kind", ["Alert", "Update", "Cancel"])
@pytest.mark.parametrize("level", sorted(ORDERS))
def test_every_level_and_kind_is_valid_against_the_official_schema(
    notice, schema, level, kind, drill
):
    root = read_document(document(notice(level, kind, drill)))
    assert schema.validate(root), schema.error_log
    assert len(children(root, "info")) == len(languages())


def test_times_have_the_offset_of_japan_and_never_z():
    assert stamp(datetime(2026, 9, 8, 12, tzinfo=UTC)) == "2026-09-08T21:00:00+09:00"


@pytest.mark.parametrize(
    ("level", "called"),
    [
        (Level.ELDERLY, ("Prepare", "Expected", "Severe", "Likely")),
        (Level.EVACUATE, ("Evacuate", "Immediate", "Severe", "Likely")),
        (Level.EMERGENCY, ("Shelter", "Immediate", "Extreme", "Observed")),
    ],
)
def test_each_level_calls_for_its_own_response(notice, level, called):
    (info,) = children(read_document(document(notice(level, only=["ja"]))), "info")
    names = ("responseType", "urgency", "severity", "certainty")
    assert tuple(text_of(info, name) for name in names) == called


def test_a_cancel_is_an_all_clear_that_names_what_it_ends(notice):
    root = read_document(document(notice(kind="Cancel", only=["ja"])))
    assert text_of(children(root, "info")[0], "responseType") == "AllClear"
    assert text_of(root, "references") == "kawamori@city.example.jp,k-1,2026-09-08T20:00:00+09:00"


def test_a_polygon_is_lat_lon_with_five_decimals_and_closed(notice):
    (info,) = children(read_document(document(notice(only=["ja"]))), "info")
    points = text_of(children(info, "area")[0], "polygon").split()
    assert points[0] == points[-1]
    assert "37.00000,140.95000" in points


def test_every_part_of_a_district_has_its_ring_and_holes_are_filled():
    holed = Polygon(
        [(0, 0), (1, 0), (1, 1), (0, 1)], [[(0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6)]]
    )
    area = area_of("二つ", "07204", MultiPolygon([holed, box(2, 2, 3, 3)]))
    assert [len(ring) for ring in area.rings] == [5, 5]


def test_a_district_without_a_shape_is_refused():
    with pytest.raises(ValueError, match="must have a shape"):
        area_of("点", "07204", Point(140, 37))


def test_the_same_notice_gives_the_same_bytes(notice):
    assert document(notice()) == document(notice())


def test_hostile_names_stay_text(notice):
    bad = '</areaDesc><x>&"'
    made = notice(only=["ja"], areas=(area_of(bad, "07204", box(140.85, 37.0, 140.95, 37.1)),))
    (info,) = children(read_document(document(made)), "info")
    assert text_of(children(info, "area")[0], "areaDesc") == bad


def test_a_naive_time_and_a_level_without_an_order_are_refused(notice):
    with pytest.raises(ValueError, match="aware"):
        notice(sent=datetime(2026, 9, 8) + timedelta(0))  # noqa: DTZ001
    with pytest.raises(ValueError, match="level must be one of"):
        notice(level=Level.ELDERLY, only=["ja"]).__class__(
            **{**notice(only=["ja"]).__dict__, "level": Level.CAUTION}
        )


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"not xml", "must be XML"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "no document type"),
        (b"<alert/>", "the root must be alert"),
        (b" " * 2_000_001, "bytes"),
    ],
)
def test_what_is_no_cap_document_is_refused(data, named):
    with pytest.raises(ValueError, match=named):
        read_document(data)
