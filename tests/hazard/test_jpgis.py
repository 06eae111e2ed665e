"""The XML form of 国土数値情報 gives the same areas as the shapefile of the same layer."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely
from shapely.geometry import box

from hazard.landslide import read_landslide
from hazard.layers import read_layers
from hazard.tsunami import read_tsunami

NAME = "A31a-20-24_07_0700280001_10.xml"
OUTSIDE = "37.05 140.90 37.05 140.94 37.09 140.94 37.09 140.90 37.05 140.90"
HOLE = "37.06 140.91 37.06 140.92 37.07 140.92 37.07 140.91 37.06 140.91"
RIVER = "<ksj:riverNumber>0700280001</ksj:riverNumber><ksj:riverName>夏井川</ksj:riverName>"
SURFACE = '<ksj:bounds xlink:href="#sf1"/>'


def curve(points: str, name="cv1_0"):
    return (
        f'<gml:Curve gml:id="{name}"><gml:segments><gml:LineStringSegment><gml:posList>{points}'
        "</gml:posList></gml:LineStringSegment></gml:segments></gml:Curve>"
    )


def surface(*rings: tuple[str, ...], name="sf1"):
    """Give a surface: curves of the outer ring, then of each hole."""
    sides = ["exterior", *["interior"] * (len(rings) - 1)]
    parts = "".join(
        f"<gml:{side}><gml:Ring>"
        + "".join(f'<gml:curveMember xlink:href="#{one}"/>' for one in ring)
        + f"</gml:Ring></gml:{side}>"
        for side, ring in zip(sides, rings, strict=True)
    )
    patch = f"<gml:patches><gml:PolygonPatch>{parts}</gml:PolygonPatch></gml:patches>"
    return f'<gml:Surface gml:id="{name}">{patch}</gml:Surface>'


def dataset(*parts: str, crs="JGD2011 / (B, L)", gml="http://schemas.opengis.net/gml/3.2.1"):
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ksj:Dataset gml:id="A31aDataset"'
        f' xmlns:gml="{gml}" xmlns:xlink="http://www.w3.org/1999/xlink"'
        ' xmlns:ksj="http://nlftp.mlit.go.jp/ksj/schemas/ksj-app">'
        f'<gml:boundedBy><gml:EnvelopeWithTimePeriod srsName="{crs}"/></gml:boundedBy>'
        + "".join(parts)
        + "</ksj:Dataset>"
    )


def area(tags: str, element="MaximumScale", where=SURFACE):
    return f'<ksj:{element} gml:id="k1">{where}{tags}</ksj:{element}>'


def written(folder: Path, text: str, name=NAME, encoding="utf-8") -> Path:
    (folder / name).write_bytes(text.encode(encoding))
    return folder


def flood(rank="3", **options):
    return dataset(
        curve(OUTSIDE), surface(("cv1_0",)),
        area(f"{RIVER}<ksj:waterDepth>{rank}</ksj:waterDepth>"), **options,
    )  # fmt: skip


@pytest.mark.parametrize(
    "gml", ["http://schemas.opengis.net/gml/3.2.1", "http://www.opengis.net/gml/3.2"]
)
def test_river_layer_is_read_latitude_first(tmp_path, gml):
    layer = read_layers(written(tmp_path, flood(gml=gml)))
    row = layer.iloc[0]
    assert (row["scenario"], row["river"], row["depth_min_m"]) == ("maximum", "夏井川", 3.0)
    assert layer.total_bounds.tolist() == [140.90, 37.05, 140.94, 37.09]


def test_hole_is_a_hole_though_its_curve_runs_backwards(tmp_path):
    turned = '<gml:OrientableCurve gml:id="_cv1_1" orientation="-">'
    turned += '<gml:baseCurve xlink:href="#cv1_1"/></gml:OrientableCurve>'
    text = dataset(
        curve(OUTSIDE), curve(HOLE, "Cv1_1"), turned, surface(("cv1_0",), ("_cv1_1",)),
        area(f"{RIVER}<ksj:waterDepth>1</ksj:waterDepth>"),
    )  # fmt: skip
    shape = read_layers(written(tmp_path, text)).geometry.iloc[0]
    assert shape.area == pytest.approx(0.04**2 - 0.01**2)


def test_ring_of_several_curves_is_joined_whatever_their_direction(tmp_path):
    first = "37.05 140.90 37.05 140.94 37.09 140.94"
    against = "37.05 140.90 37.09 140.90 37.09 140.94"
    text = dataset(
        curve(first, "a"), curve(against, "b"), surface(("a", "b")),
        area(f"{RIVER}<ksj:waterDepth>1</ksj:waterDepth>"),
    )  # fmt: skip
    shape = read_layers(written(tmp_path, text)).geometry.iloc[0]
    assert shape.equals(box(140.90, 37.05, 140.94, 37.09))


def test_area_may_stand_within_its_feature_and_have_several_patches(tmp_path):
    ring = "<gml:exterior><gml:LinearRing><gml:posList>{}</gml:posList></gml:LinearRing>"
    parts = "".join(
        f"<gml:PolygonPatch>{ring.format(points)}</gml:exterior></gml:PolygonPatch>"
        for points in (HOLE, HOLE.replace("140.9", "140.8"))
    )
    inside = f"<ksj:area><gml:Surface><gml:patches>{parts}</gml:patches></gml:Surface></ksj:area>"
    text = dataset(area(f"{RIVER}<ksj:waterDepth>1</ksj:waterDepth>", where=inside))
    shape = read_layers(written(tmp_path, text)).geometry.iloc[0]
    assert (shape.geom_type, shape.area) == ("MultiPolygon", pytest.approx(2 * 0.01**2))


def test_file_name_tells_the_sub_layer_and_the_only_other_word_is_the_rank(tmp_path):
    for number, word in (("10", "waterDepth"), ("30", "floodingTime"), ("42", "zone")):
        text = dataset(
            curve(OUTSIDE), surface(("cv1_0",)),
            area(f"{RIVER}<ksj:{word}>2</ksj:{word}><ksj:riverManager>07</ksj:riverManager>"),
        )  # fmt: skip
        written(tmp_path, text, f"A31a-{number}-24_07_0700280001_10.xml")
    layer = read_layers(tmp_path)
    assert layer["scenario"].tolist() == ["planned", "maximum", "maximum"]
    assert layer["duration_rank"].dropna().tolist() == [2]
    assert layer["collapse_zone"].dropna().tolist() == ["erosion"]


def test_mesh_layout_has_no_river(tmp_path):
    text = dataset(curve(OUTSIDE), surface(("cv1_0",)), area("<ksj:waterDepth>2</ksj:waterDepth>"))
    layer = read_layers(written(tmp_path, text, "A31b-20-24_10_5540.xml"))
    assert layer["river"].isna().all()
    assert layer["depth_min_m"].tolist() == [0.5]


def test_japanese_encoding_is_read(tmp_path):
    text = flood().replace("UTF-8", "Shift_JIS")
    assert read_layers(written(tmp_path, text, encoding="cp932"))["river"].tolist() == ["夏井川"]


def test_old_datum_of_the_file_is_heeded(tmp_path):
    layer = read_layers(written(tmp_path, flood(crs="TD / (B, L)")))
    assert layer.total_bounds[0] == pytest.approx(140.90 - 0.0034, abs=2e-4)
    assert "Tokyo datum" in layer.attrs["repaired"][0]


def test_metadata_beside_the_layer_is_no_layer(tmp_path):
    (tmp_path / "KS-META-A31a-24_07_10.xml").write_text("<meta/>")
    (tmp_path / "A31a-20-24_07_0700280001_10.shp.xml").write_text("<metadata/>")
    assert len(read_layers(written(tmp_path, flood()))) == 1


def test_unknown_rank_names_file_feature_and_code(tmp_path):
    with pytest.raises(ValueError, match=rf"{NAME}: A31a_205.*\['12'\] at feature 1"):
        read_layers(written(tmp_path, flood(rank="12")))


def test_broken_files_are_named(tmp_path):
    with pytest.raises(ValueError, match=f"{NAME} must be readable as XML"):
        read_layers(written(tmp_path, flood()[:-20]))
    with pytest.raises(ValueError, match=f"{NAME} must hold areas, got none"):
        read_layers(written(tmp_path, dataset(curve(OUTSIDE))))
    with pytest.raises(ValueError, match=rf"{NAME}: feature 1 must be made of curves, 'cv9'"):
        read_layers(written(tmp_path, flood().replace('"#cv1_0"', '"#cv9"')))
    with pytest.raises(ValueError, match=rf"{NAME}: feature 1 must point to an area, got 'sf9'"):
        read_layers(written(tmp_path, flood().replace('"#sf1"', '"#sf9"')))


def test_ring_without_area_is_refused_with_its_feature(tmp_path):
    text = flood().replace(OUTSIDE, "37.05 140.90 37.05 140.94")
    with pytest.raises(ValueError, match="must hold areas only, got none at feature 1"):
        read_layers(written(tmp_path, text))


def test_landslide_zones_are_read_without_their_lines(tmp_path):
    tags = "<ksj:cop>2</ksj:cop><ksj:coz>{}</ksj:coz><ksj:znm>桜沢</ksj:znm><ksj:pad>"
    tags += "<gml:TimeInstant><gml:timePosition>20190301</gml:timePosition></gml:TimeInstant>"
    zone = "SedimentRelatedDisasterWarningAreas"
    line = area(tags.format(1) + "</ksj:pad>", f"{zone}Line", '<ksj:line xlink:href="#cv1_0"/>')
    text = dataset(
        curve(OUTSIDE), surface(("cv1_0",)), area(tags.format(2) + "</ksj:pad>", f"{zone}Polygon"),
        line,
    )  # fmt: skip
    zones = read_landslide(written(tmp_path, text, "A33-24_07.xml"))
    row = zones.iloc[0]
    assert len(zones) == 1
    assert (row["kind"], row["special"], row["name"]) == ("debris_flow", True, "桜沢")
    assert row["notified_on"] == "20190301"


def test_tsunami_depth_text_is_read(tmp_path):
    tags = "<ksj:prefectureName>福島県</ksj:prefectureName>"
    tags += "<ksj:classificationOfWaterDepth>5m 以上 10m 未満</ksj:classificationOfWaterDepth>"
    text = dataset(curve(OUTSIDE), surface(("cv1_0",)), area(tags, "TsunamiInundationAssumption"))
    depths = read_tsunami(written(tmp_path, text, "A40-23_07.xml"))
    assert depths[["depth_min_m", "depth_max_m"]].to_numpy().tolist() == [[5.0, 10.0]]
    assert shapely.area(depths.geometry.array).sum() > 0
