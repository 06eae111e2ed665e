"""The decision: what to advise each district, by when, and why.

The level is the highest that a rule gives; an input that is missing leaves a district UNKNOWN
unless another gives an order (3 to 5), and never makes it calm. An order once advised stays until
the conditions of 解除 hold. Reasons are for staff: they name forecasts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from advisory.clearance import clearance
from advisory.deadline import deadline
from advisory.digest import digest_of
from advisory.district import assisted_fraction, destinations, people_of, place_of
from advisory.evidence import Evidence, gather
from advisory.explain import weigh
from advisory.gale import judge_gale
from advisory.levels import action, highest
from advisory.night import KINDS, judge_night
from advisory.official import official
from advisory.policy import Policy
from advisory.release import NO_GAUGE, hold, reissue
from advisory.reports import judge_reports
from advisory.rules import CHECK, Sky, judge, sky_at
from advisory.telegrams.gale import Gale
from advisory.types import (
    Advice,
    Clearance,
    Destination,
    GaugeState,
    Level,
    RainState,
    Reason,
    Report,
    Warnings,
)
from advisory.ungauged import ZONE, judge_inland, judge_landslide, people_in
from advisory.waiting import judge_waiting
from forecasting.types import Exceedance, Gauge
from hazard.types import Districts, Exposure
from shelters.types import Allocation


def decide(
    exceedance: Exceedance | None,
    exposure: Exposure | None,
    allocation: Allocation | None,
    warnings: Warnings,
    policy: Policy,
    *,
    districts: Districts,
    gauges: Sequence[Gauge],
    states: Sequence[GaugeState],
    rain: Sequence[RainState] = (),
    shelter_names: Mapping[str, str] | None = None,
    gale: Gale | None = None,
    reports: Sequence[Report] = (),
    previous: Sequence[Advice] | None = None,
    issued_at: datetime,
) -> tuple[Advice, ...]:
    """Give one piece of advice per district, in their order.

    Parameters
    ----------
    exceedance, exposure, allocation
        None = not known: what depends on it is then unknown, never calm and never 0.
    warnings
        Official warnings of this city.
    states
        What the gauges say; staleness is judged here, by the policy.
    rain
        What rain says by district; without it the inland rules are not held against a district.
    shelter_names
        shelter_id to name; an id that is not in it stands for itself.
    gale
        When storm wind begins here; None = none foreseen, or no feed.
    reports
        From the ground: patrols, gates, dams.
    previous
        Advice of the cycle before; anything issued after `issued_at` is left aside.
    """
    if issued_at.tzinfo is None:
        raise ValueError(f"issued_at must be aware (with a zone), got {issued_at.isoformat()}.")
    now = issued_at.astimezone(UTC)
    wanted = {gauge_id for gauge_ids in districts["gauge_ids"] for gauge_id in gauge_ids}
    seen = gather(sorted(wanted), gauges, states, exceedance, policy, issued_at=now)
    sky = sky_at(now, place_of(districts, gauges), policy)
    wet = {state.district_id: state for state in rain}
    known = Known(exposure, allocation, warnings, shelter_names or {}, gale, reports)
    earlier = {advice.district_id: advice for advice in previous or () if advice.issued_at <= now}
    return tuple(
        _advise(
            str(district_id),
            row,
            seen=[seen[gauge_id] for gauge_id in row["gauge_ids"]],
            known=known,
            rain=wet.get(str(district_id)),
            previous=earlier.get(str(district_id)),
            policy=policy,
            sky=sky,
        )
        for district_id, row in districts.iterrows()
    )


@dataclass(frozen=True)
class Known:
    """What is known of the whole city at issue time."""

    exposure: Exposure | None
    allocation: Allocation | None
    warnings: Warnings
    shelter_names: Mapping[str, str]
    gale: Gale | None
    reports: Sequence[Report]


def _advise(
    district_id: str,
    row: Any,
    *,
    seen: Sequence[Evidence],
    known: Known,
    rain: RainState | None,
    previous: Advice | None,
    policy: Policy,
    sky: Sky,
) -> Advice:
    needed = clearance(
        known.allocation,
        district_id,
        policy.clearance,
        dark=sky.dark,
        assisted_fraction=assisted_fraction(row),
    )
    found = _gauged(seen, needed, policy, sky)
    found += official(known.warnings, policy, list(row["gauge_ids"]), issued_at=sky.issued_at)
    dangers = _ungauged(district_id, known, rain, policy, sky)
    found += dangers
    found += judge_reports(
        known.reports, district_id, row["gauge_ids"], policy.report, issued_at=sky.issued_at
    )
    leaving = people_of(known.exposure, district_id).must_leave
    found += judge_waiting(seen, needed, leaving, policy.cost_loss, sky)
    found += judge_gale(known.gale, found, needed, policy.gale, sky)
    held = hold(previous, _level(found), seen, found, rain=rain, policy=policy)
    found += [held] if held else []
    level = _level(found)
    found += reissue(previous, level, policy)
    issue_by, why = deadline(level, found, seen, needed=needed, policy=policy, sky=sky)
    reasons, counter = weigh([*found, *([why] if why else [])], level, policy)
    advice = Advice(
        district_id=district_id,
        name=str(row["name"]),
        level=level,
        issued_at=sky.issued_at,
        issue_by=issue_by,
        valid_until=sky.issued_at + timedelta(minutes=policy.validity.minutes(level)),
        reasons=reasons,
        counter_evidence=counter,
        people=people_of(known.exposure, district_id),
        clearance=needed,
        shelters=() if level is Level.EMERGENCY else _places(known, district_id),
        digest="",
        action=action(level, zones=any(r.fired and r.rule == ZONE for r in dangers)),
    )
    return replace(advice, digest=digest_of(advice))


def _gauged(
    seen: Sequence[Evidence], needed: Clearance | None, policy: Policy, sky: Sky
) -> list[Reason]:
    """Give what gauges and their forecasts say of one district."""
    if not seen:
        text = f"この地区には水位計がなく、水位から判定できない。{CHECK}"
        return [Reason(NO_GAUGE, text, True, Level.UNKNOWN)]
    clearance_h = needed.p90_min / 60 if needed else 0.0
    return [r for one in seen for r in judge(one, policy, sky, clearance_h=clearance_h)]


def _ungauged(
    district_id: str, known: Known, rain: RainState | None, policy: Policy, sky: Sky
) -> list[Reason]:
    """Give what rain, landslide levels and official foresight of the night say of one district."""
    exposure, now = known.exposure, sky.issued_at
    found = []
    if rain is not None:
        found += judge_inland(rain, known.warnings, policy, exposure=exposure, issued_at=now)
    found += judge_landslide(district_id, known.warnings, policy, exposure=exposure, issued_at=now)
    people = {kind: people_in(exposure, district_id, kind, rain) for kind in KINDS}
    return found + judge_night(known.warnings, policy.night, sky, people=people)


def _places(known: Known, district_id: str) -> tuple[Destination, ...]:
    return destinations(known.allocation, district_id, known.shelter_names)


def _level(reasons: Sequence[Reason]) -> Level:
    return highest(*(reason.level for reason in reasons if reason.fired))
