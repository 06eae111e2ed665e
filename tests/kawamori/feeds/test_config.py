"""Feeds of a city.toml: defaults, and every fault of them in one message."""

from __future__ import annotations

import pytest

from kawamori.feeds.config import feed_id, read_feeds


def written(town, text):
    (town.folder / "city.toml").write_text(text, encoding="utf-8")
    return town


def test_a_city_without_feeds_has_none(town):
    assert read_feeds(town) == ()
    assert read_feeds(written(town, 'city_id = "town"\n')) == ()


def test_defaults_are_those_of_the_owner(town):
    text = '[[feed]]\nname = "t"\nkind = "jma-xml"\nevery_s = 60\n'
    (feed,) = read_feeds(written(town, text))
    assert feed.url == "https://www.data.jma.go.jp/developer/xml/feed"
    assert feed.lists == ("extra", "regular")
    assert "VXKO" in feed.types
    assert feed_id(town, feed) == "jma-xml"  # one poller for all cities


def test_a_folder_is_told_from_the_bundle(town):
    text = '[[feed]]\nname = "d"\nkind = "drop"\nfolder = "in"\ncolumns = {g1 = "x"}\n'
    (feed,) = read_feeds(written(town, text))
    assert feed.folder == town.folder / "in"
    assert feed_id(town, feed) == "town/d"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ('kind = "ftp"', "kind must be one of"),
        ('kind = "jma-xml"\nevery_s = 59', "every_s must be at least 60, got 59"),
        ('kind = "kawabou"\nurl = "u"\nstations = {1 = "g1"}', "on_demand must be true"),
        ('kind = "table"\ncolumns = {g1 = "x"}', "url must be given"),
        ('kind = "drop"\ncolumns = {g1 = "x"}', "folder must be given"),
        ('kind = "amedas"', "stations must name at least one station"),
        ('kind = "amedas"\nstations = {1 = "zz"}', r"must be of the city, got also \['zz'\]"),
        ('kind = "crisis"\nurl = "u"\nsecret = "x"', r"got also \['secret'\]"),
    ],
)
def test_each_fault_is_named_with_its_feed(town, lines, message):
    with pytest.raises(ValueError, match=rf"feed 1 \(a\): .*{message}"):
        read_feeds(written(town, f'[[feed]]\nname = "a"\n{lines}\n'))


def test_all_faults_come_at_once(town):
    text = '[[feed]]\nname = "a/b"\nkind = "jma-xml"\n[[feed]]\nkind = "ftp"\n'
    with pytest.raises(ValueError, match=r"without /.*; feed 2 \(no name\): kind"):
        read_feeds(written(town, text))


def test_two_feeds_of_one_name_are_refused(town):
    text = '[[feed]]\nname = "a"\nkind = "jma-xml"\n' * 2
    with pytest.raises(ValueError, match="two feeds are named 'a'"):
        read_feeds(written(town, text))


def test_rain_forecasts_need_rain_gauges(town):
    text = '[[feed]]\nname = "n"\nkind = "jma-nowcast"\nevery_s = 300\n'
    (feed,) = read_feeds(written(town, text))
    assert feed.url == "https://www.jma.go.jp/bosai/jmatile/data/nowc"
    town.rain_gauges = ()
    with pytest.raises(ValueError, match="the city must have rain gauges"):
        read_feeds(town)
