"""What a cycle had to do without, in words that stand on its page and in its record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from advisory.policy import Policy
from forecasting.types import Observations, aware, utc64
from kawamori.city import City
from kawamori.feeds.facts import FeedFact

BEGINNING = "縮退運転: "  # so begins each note


def degraded(
    city: City,
    observations: Observations,
    policy: Policy,
    *,
    feeds: Sequence[FeedFact],
    heard_at: datetime | None,
    issued_at: datetime,
) -> tuple[str, ...]:
    """Give a note for each input that is missing or old; () = all are there.

    Parameters
    ----------
    heard_at
        When the telegram feed was last heard of; None = never, or none is connected.
    """
    limit = timedelta(minutes=policy.staleness.stage_min)
    notes = [*_levels(city, observations, issued_at - limit)]
    notes += [*_rain(city, observations, issued_at - limit)]
    if heard_at is None:
        notes.append("警報電文なし(未接続または未受信): 気象庁の発表を見ていない")
    elif issued_at - heard_at > timedelta(minutes=policy.staleness.telegram_min):
        notes.append(f"警報電文が{_minutes(issued_at - heard_at)}分途絶えている")
    notes += [*_feeds(feeds, issued_at)]
    return tuple(BEGINNING + note for note in notes)


def _levels(city: City, observations: Observations, since: datetime) -> Iterator[str]:
    recent = observations["level_m"].sel(time=slice(utc64(since), None)).notnull().any("time")
    gone = [gauge for gauge in city.gauges if not bool(recent.sel(gauge=gauge.gauge_id))]
    above = {name for gauge in city.gauges for name in gauge.upstream}
    if len(gone) == len(city.gauges):
        yield "水位なし(全局): 水位による判断はできない"
    elif gone:
        yield f"水位なし: {'、'.join(gauge.name for gauge in gone)}"
        if upstream := [gauge.name for gauge in gone if gauge.gauge_id in above]:
            yield f"上流なし: {'、'.join(upstream)}(下流の予測は上流を見ていない)"


def _rain(city: City, observations: Observations, since: datetime) -> Iterator[str]:
    if not city.rain_gauges:
        return
    names = {gauge.rain_gauge_id: gauge.name for gauge in city.rain_gauges}
    recent = observations["rain_mm"].sel(time=slice(utc64(since), None)).notnull().any("time")
    there = {str(name) for name in recent["rain_gauge"].values[recent.values]}
    gone = [names.get(str(name), str(name)) for name in recent["rain_gauge"].values
            if str(name) not in there]  # fmt: skip
    if not there:
        yield "雨量なし(全局): 予測は水位だけによる"
    elif gone:
        yield f"雨量なし: {'、'.join(gone)}"


def _feeds(feeds: Sequence[FeedFact], now: datetime) -> Iterator[str]:
    for feed in feeds:
        if feed.failures:
            yield f"受信の障害: {feed.name}(連続{feed.failures}回) {feed.fault[:120]}"
        elif feed.silent(now):
            yield f"受信の途絶: {feed.name}"


def _minutes(span: timedelta) -> int:
    return round(span.total_seconds() / 60)


def last_level(observations: Observations) -> datetime | None:
    """Give the time of the newest level of any gauge; None = there is none."""
    known = observations["level_m"].notnull().any("gauge")
    times = observations["time"].values[known.values]
    return aware(times[-1]) if len(times) else None
