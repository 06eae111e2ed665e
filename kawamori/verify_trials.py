"""What a verification tries: which stretches are held out, and by which floods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from forecasting.types import Observations
from forecasting.verification.events import Flood, find_floods
from forecasting.verification.judge import Docket
from forecasting.verification.splits import (
    Split,
    above_maximum,
    held_out,
    leave_one_flood_out,
    training_maximum_m,
)
from kawamori.datasets import Dataset
from kawamori.verify_config import VerifyConfig

MANY_FLOODS = 40


@dataclass(frozen=True)
class Trial:
    """One suite: what is held out, and what it is judged by."""

    splits: tuple[Split, ...]
    docket: Docket


def refuse_test_years(config: VerifyConfig, dataset: Dataset) -> None:
    """Raise ValueError if the period reaches into a test of the dataset, unless that is said."""
    first, last = config.period
    tests = [fold.test for fold in dataset.folds]
    touched = [test for test in tests if test[0] <= last and first <= test[1]]
    if touched and not config.test_years:
        raise ValueError(
            f"period must stay outside the tests of {dataset.name}, got {first} to {last} over "
            f"the test {touched[0][0]} to {touched[0][1]}. Cut it, or say test_years: true and "
            "choose nothing by the result."
        )


def trials_of(
    config: VerifyConfig, dataset: Dataset, observations: Observations
) -> tuple[Trial, ...]:
    """Give the suites of the configuration, for the first target of the dataset."""
    suites, gauge_id = config.suites, dataset.targets[0]
    docket = partial(Docket, observations=observations, gauges=dataset.gauges,
                     warn_at=config.warn_at)  # fmt: skip
    trials = []
    if one := suites.leave_one_flood_out:
        wide = [timedelta(hours=hours) for hours in (one.apart_h, one.before_h, one.after_h)]
        floods = find_floods(observations, gauge_id, most=one.floods, apart=wide[0],
                             before=wide[1], after=wide[2])  # fmt: skip
        splits = leave_one_flood_out(observations, floods)
        trials.append(Trial(splits, docket("leave_one_flood_out", floods=floods, old_maximum_m={})))
    if above := suites.above_maximum:
        around = timedelta(hours=above.around_h)
        highest = find_floods(observations, gauge_id, most=above.highest + 1, apart=around,
                              before=around, after=around)  # fmt: skip
        splits = above_maximum(observations, highest, cut_m=highest[-1].peak_m)
        old = {gauge_id: training_maximum_m(observations, splits[0], gauge_id)}
        held = tuple(flood for flood in highest if flood.peak_m > highest[-1].peak_m)
        trials.append(Trial(splits, docket("above_maximum", floods=held, old_maximum_m=old)))
    if suites.held_out:
        splits = held_out(observations, suites.held_out)
        inside = floods_within(observations, gauge_id, splits)
        trials.append(Trial(splits, docket("held_out", floods=inside, old_maximum_m={})))
    return tuple(trials)


def floods_within(
    observations: Observations, gauge_id: str, splits: Sequence[Split]
) -> tuple[Flood, ...]:
    """Give the floods of a gauge that lie whole in what is held out, highest first."""
    day = timedelta(days=1)
    floods = find_floods(observations, gauge_id, most=MANY_FLOODS, apart=5 * day,
                         before=day, after=day)  # fmt: skip
    spans = [span for split in splits for span in split.tests]
    return tuple(
        flood
        for flood in floods
        if any(first <= flood.first and flood.last <= last for first, last in spans)
    )
