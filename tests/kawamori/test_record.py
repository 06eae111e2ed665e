"""run.json: canonical, UTC, null for what is unknown."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from advisory.types import Level
from kawamori.record import forecast_dataset, model_id, plain, run_json
from kawamori.run import Run


def test_same_run_gives_the_same_bytes_with_sorted_keys(made_run: Run) -> None:
    text = run_json(made_run)
    assert text == run_json(made_run)
    assert list(json.loads(text)) == sorted(json.loads(text))


def test_unknown_level_is_null_beside_its_name(made_run: Run) -> None:
    advice = json.loads(run_json(made_run))["advice"][0]
    assert (advice["level"], advice["level_name"]) == (None, "UNKNOWN")
    assert advice["people"]["must_leave"] is None


def test_times_are_utc_and_end_in_z(made_run: Run) -> None:
    record = json.loads(run_json(made_run))
    assert record["issued_at"] == "2026-06-30T15:00:00Z"
    assert record["observations"]["coords"]["time"]["data"][-1] == "2026-06-30T15:00:00Z"


def test_missing_reading_is_null_and_passage_beyond_horizon_is_inf(made_run: Run) -> None:
    record = json.loads(run_json(made_run))
    assert record["observations"]["data_vars"]["level_m"]["data"][0][1] is None
    assert record["exceedance"]["data_vars"]["first_passage_h"]["data"][0][4] == ["inf"] * 3
    assert "NaN" not in run_json(made_run)


def test_messages_carry_the_digest_an_officer_approves(made_run: Run) -> None:
    messages = json.loads(run_json(made_run))["messages"]
    assert [message["sha256"] for message in messages] == [m.sha256 for m in made_run.messages]
    assert not any(message["approved"] for message in messages)


def test_lead_is_in_seconds(made_run: Run) -> None:
    lead = json.loads(run_json(made_run))["forecast"]["coords"]["lead"]
    assert lead["data"][:2] == [3600.0, 7200.0]
    assert lead["attrs"]["units"] == "s"


def test_model_is_named_from_the_forecast_and_unknown_otherwise(made_run: Run) -> None:
    assert model_id(made_run) == "gbm-test"
    nameless = made_run.forecast.drop_vars("model_id")
    assert model_id(dataclasses.replace(made_run, forecast=nameless)) == "unknown"


def test_passage_quantiles_keep_their_own_axis(made_run: Run) -> None:
    both = forecast_dataset(made_run)
    # Joined on one axis, 5 + 3 quantiles would make 7 and fill both with NaN.
    assert both["level_m"].sizes["quantile"] == 5
    assert both["first_passage_h"].sizes["passage_quantile"] == 3


def test_peak_level_and_time_are_told_beside_the_forecast(made_run: Run) -> None:
    told = json.loads(run_json(made_run))["peaks"]["data_vars"]
    both = forecast_dataset(made_run)
    assert told["peak_level_m"]["dims"] == ["gauge", "quantile"]
    # The made forecast of "up" rises by 0.2 m an hour from 3.6 m: highest at its last lead, 6 h.
    assert told["peak_h"]["data"][0][3] == 6.0
    assert both["peak_h"].sel(gauge="up", peak_quantile=0.5).item() == 6.0
    assert both["still_rising"].dims == ("gauge",)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64("nan"), None),
        (float("-inf"), "-inf"),
        (pd.NA, None),
        (pd.NaT, None),
        (True, True),
        (np.int64(3), 3),
        (Level.EVACUATE, 4),
        (Level.UNKNOWN, None),
        (frozenset({"b", "a"}), ["a", "b"]),
        (datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00Z"),
        (np.array(["2026-01-01", "NaT"], "datetime64[s]"), ["2026-01-01T00:00:00Z", None]),
        ([], []),
    ],
)
def test_plain_values(value: object, expected: object) -> None:
    assert plain(value) == expected


def test_value_without_a_form_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot hold a object"):
        plain(object())
