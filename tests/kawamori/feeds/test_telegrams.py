"""The telegram poller: one list a minute, each body once, nothing believed that was not heard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kawamori.feeds.poll import poll_one, telegram_folder
from kawamori.feeds.telegrams import last_poll
from kawamori.feeds.types import Feed

NOW = datetime(2026, 6, 1, 3, 5, tzinfo=UTC)
RIVER, SNOW = "20260601030000_0_VXKO50_070000.xml", "20260601030000_0_VPFJ50_070000.xml"
LISTS = ("/extra.xml", "/regular.xml", "/extra_l.xml", "/regular_l.xml")


@pytest.fixture
def body(real_data):
    """Give a recorded telegram."""
    return sorted((real_data / "jma").glob("*VXKO*.xml"))[0].read_bytes()


def atom(pages, *names):
    entries = "".join(
        f"<entry><title>x</title><id>{pages.url}/data/{name}</id>"
        f'<link type="application/xml" href="{pages.url}/data/{name}"/></entry>'
        for name in names
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>'.encode()


@pytest.fixture
def feed(pages):
    for path in LISTS:
        pages.put(path, atom(pages))
    return Feed("jma", "jma-xml", 60.0, url=pages.url, types=("VXKO", "VPWW"))


def xml(folder):
    return sorted(path.name for path in folder.glob("*.xml"))


@pytest.mark.real_data
def test_wanted_bodies_are_fetched_once_and_the_poll_is_stamped(
    pages, town, feed, round_at, tmp_path, body
):
    folder = telegram_folder(tmp_path)
    pages.put("/extra.xml", atom(pages, RIVER, SNOW))
    pages.put(f"/data/{RIVER}", body)
    assert poll_one(town, feed, round_at()).said == "1 telegrams"
    assert xml(folder) == [RIVER]
    assert (folder / RIVER).read_bytes() == body
    assert last_poll(folder) == NOW
    assert set(LISTS) < set(pages.paths())  # nothing was heard before: the long lists too
    before = len(pages.asked)
    assert poll_one(town, feed, round_at(59)) is None  # never twice in a minute
    assert poll_one(town, feed, round_at(60)).said == "0 telegrams"
    assert pages.paths()[before:] == ["/extra.xml", "/regular.xml"]
    assert last_poll(folder) == NOW + timedelta(seconds=60)


@pytest.mark.real_data
def test_a_body_cut_off_is_fetched_later_and_until_then_the_poll_is_not_stamped(
    pages, town, feed, round_at, tmp_path, body
):
    folder = telegram_folder(tmp_path)
    made = pages.answer_of
    pages.put("/extra.xml", atom(pages, RIVER))
    pages.put(f"/data/{RIVER}", *[made(body, cut=9)] * 2, made(body[:-9], measured=False), body)
    assert poll_one(town, feed, round_at()).fault.startswith("form: ")  # the third try, not whole
    assert (xml(folder), last_poll(folder)) == ([], None)
    assert poll_one(town, feed, round_at(60)).fault == ""
    assert (xml(folder), last_poll(folder)) == ([RIVER], NOW + timedelta(seconds=60))


def test_a_body_that_came_whole_and_cannot_be_read_is_kept_for_the_desk_to_fear(
    pages, town, feed, round_at, tmp_path
):
    pages.put("/extra.xml", atom(pages, RIVER))
    pages.put(f"/data/{RIVER}", b"<Report/>")
    assert poll_one(town, feed, round_at()).fault == ""
    assert xml(telegram_folder(tmp_path)) == [RIVER]


@pytest.mark.parametrize("broken", LISTS[:2])
def test_a_list_that_cannot_be_read_leaves_the_poll_unstamped(
    pages, town, feed, round_at, tmp_path, broken
):
    pages.put(broken, b"<feed><entry>")
    assert poll_one(town, feed, round_at()).fault.startswith("form: ")
    assert last_poll(telegram_folder(tmp_path)) is None


def test_bodies_of_another_host_are_not_fetched(pages, town, feed, round_at, tmp_path):
    pages.put("/extra.xml", atom(pages, RIVER).replace(pages.url.encode(), b"http://127.0.0.1:1"))
    assert "is not on" in poll_one(town, feed, round_at()).fault


def test_names_that_are_no_telegrams_touch_no_file(pages, town, feed, round_at, tmp_path):
    pages.put("/extra.xml", atom(pages, "../../VXKO50.xml", "a_0_VXKO50_1.xml", ""))
    assert poll_one(town, feed, round_at()).fault == ""
    assert xml(telegram_folder(tmp_path)) == []


def test_an_unchanged_list_is_not_sent_again(pages, town, feed, round_at):
    made = pages.answer_of
    pages.put("/extra.xml", made(atom(pages), etag='"7"'))
    poll_one(town, feed, round_at())
    assert poll_one(town, feed, round_at(60)).fault == ""
    assert pages.asked[-2][1]["If-None-Match"] == '"7"'


@pytest.mark.parametrize(
    "notice",
    [b"<html xmlns='http://www.w3.org/1999/xhtml'><body>maintenance</body></html>",
     b"<!DOCTYPE html><html><body>maintenance</body></html>", b"<rss><channel/></rss>", b"{}"],
)  # fmt: skip
def test_a_notice_in_place_of_a_list_is_not_a_list_without_warnings(
    pages, town, feed, round_at, tmp_path, notice
):
    pages.put("/regular.xml", notice)
    assert poll_one(town, feed, round_at()).fault.startswith("form: ")
    assert last_poll(telegram_folder(tmp_path)) is None


def test_links_may_be_relative_or_second_and_ids_may_stand_alone(
    pages, town, feed, round_at, tmp_path
):
    names = [f"2026060103000{number}_0_VXKO50_070000.xml" for number in range(4)]
    entries = (
        f'<entry><link href="data/{names[0]}"/></entry>'
        f'<entry><link rel="self" href="x"/><link rel="alternate" href="/data/{names[1]}"/></entry>'
        f"<entry><id>{pages.url}/data/{names[2]}</id></entry>"
        f'<entry><link href="{pages.url.replace("http:", "HTTP:")}/data/{names[3]}"/></entry>'
    )
    pages.put("/extra.xml", f'<feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>'.encode())
    for name in names:
        pages.put(f"/data/{name}", b"<Report/>")
    assert poll_one(town, feed, round_at()).fault == ""
    assert xml(telegram_folder(tmp_path)) == names


def test_a_thousand_entries_twice_and_in_no_order_are_each_fetched_once(
    pages, town, feed, round_at, tmp_path
):
    wanted = [f"2026060103{number:04d}_0_VXKO50_070000.xml" for number in range(5)]
    others = [f"2026060103{number:04d}_0_VPFJ50_070000.xml" for number in range(1000)]
    for name in wanted:
        pages.put(f"/data/{name}", b"<Report/>")
    pages.put("/extra.xml", atom(pages, *others[::-1], *wanted[::-1], *wanted, *others))
    assert poll_one(town, feed, round_at()).fault == ""
    assert sorted(path for path in pages.paths() if "/data/" in path) == [
        f"/data/{name}" for name in wanted
    ]
