"""The same models byte for byte from joblib and from Dask workers."""

from __future__ import annotations

import os
import signal
import time
from types import SimpleNamespace

import pytest

from kawamori.fan_out import _series
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
        assert_the_same_after_a_loss(cluster, distributed)
    assert [one.files for each in there.trained.values() for one in each] == [
        one.files for each in here.trained.values() for one in each
    ]
    assert there.digest == here.digest
    assert any(name.startswith("boosters/") for name in here.kept.files)  # trees, not lines alone


def assert_the_same_after_a_loss(cluster, distributed):
    """Kill the worker that holds the series while tasks read it: they are given it anew."""
    with distributed.Client(cluster.scheduler_address) as client:
        shared = client.submit(_series, list(range(9)), pure=False)
        distributed.wait(shared)
        (holders,) = client.who_has(shared).values()
        sums = [client.submit(slow_sum, shared, number, pure=False) for number in range(4)]
        pids = client.run(os.getpid)
        for holder in holders:
            os.kill(pids[holder], signal.SIGKILL)
        assert client.gather(sums) == [36, 37, 38, 39]


def slow_sum(values, number):
    time.sleep(0.3)
    return sum(values) + number


def test_workers_that_are_lost_for_good_are_said(training_file, training_settings, monkeypatch):
    distributed = pytest.importorskip("distributed")

    class Lost:
        def __init__(self, *_, **__):
            pass

        def __enter__(self):
            last = SimpleNamespace(address="tcp://worker:1")
            raise distributed.KilledWorker("train_one", last, 4)

        def __exit__(self, *_):
            return False

    monkeypatch.setattr(distributed, "Client", Lost)
    with pytest.raises(OSError, match=r"tcp://scheduler:8786 .* were lost: .*train again"):
        train(read_training(training_file), training_settings, dask="tcp://scheduler:8786")


def test_nobody_at_the_address_is_said(training_file, training_settings, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("kawamori.fan_out.CONNECT_S", 1)
    with pytest.raises(OSError, match=r"tcp://127\.0\.0\.1:9"):
        train(read_training(training_file), training_settings, dask="tcp://127.0.0.1:9")
