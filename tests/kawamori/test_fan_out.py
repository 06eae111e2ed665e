"""The same models byte for byte from joblib and from Dask workers."""

from __future__ import annotations

import pytest

from kawamori.training import train
from kawamori.training_config import read_training


@pytest.mark.filterwarnings("default")  # those of Dask's own processes are not ours to fail on
def test_dask_workers_give_the_models_of_joblib_byte_for_byte(training_file, training_settings):
    distributed = pytest.importorskip("distributed")
    config = read_training(training_file)
    config = config.model_copy(
        update={"model": "gbm", "leads_min": (60,), "folds": config.folds[:1]}
    )
    here = train(config, training_settings)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        there = train(config, training_settings, dask=cluster.scheduler_address)
    assert [one.files for each in there.trained.values() for one in each] == [
        one.files for each in here.trained.values() for one in each
    ]
    assert there.digest == here.digest
    assert any(name.startswith("boosters/") for name in here.kept.files)  # trees, not lines alone


def test_nobody_at_the_address_is_said(training_file, training_settings, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("kawamori.fan_out.CONNECT_S", 1)
    with pytest.raises(OSError, match=r"tcp://127\.0\.0\.1:9"):
        train(read_training(training_file), training_settings, dask="tcp://127.0.0.1:9")
