"""Drafts of every district's messages in every form; nothing is sent without an approval."""

from __future__ import annotations

from collections.abc import Sequence

from advisory.types import Advice, GaugeState
from alerts.compose import compose
from alerts.facts import observe
from alerts.types import PUBLIC_FORMS, STAFF_FORM, Message
from kawamori.city import City

FORMS = (*PUBLIC_FORMS, STAFF_FORM)


def drafts(
    city: City, advice: Sequence[Advice], states: Sequence[GaugeState], *, drill: bool
) -> tuple[Message, ...]:
    """Give the drafts of one cycle, district by district."""
    found = []
    for one in advice:
        gauge_ids = city.districts.loc[one.district_id, "gauge_ids"]
        rivers = [gauge.river for gauge in city.gauges if gauge.gauge_id in gauge_ids]
        seen = observe(states, city.gauges, gauge_ids=gauge_ids, issued_at=one.issued_at)
        found += [
            compose(
                one,
                form=form,
                city_name=city.name,
                expires=one.valid_until,
                drill=drill,
                river_names=rivers,
                observed=seen,
                notes=city.notes,
            )
            for form in FORMS
        ]
    return tuple(draft for draft in found if draft is not None)
