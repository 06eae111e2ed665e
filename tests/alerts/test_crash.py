"""A worker killed with SIGKILL in the middle: nobody is lost, nobody gets two (LINE)."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from linebot.v3.messaging import Configuration

from alerts.channels.line import LineChannel
from alerts.deliver import deliver
from alerts.outbox import deliveries
from alerts.types import Audience

WORKER = """
import sys
from datetime import datetime
from linebot.v3.messaging import Configuration
from sqlalchemy import create_engine
from alerts.channels.line import LineChannel
from alerts.deliver import deliver
from alerts.outbox import prepare

url, host, token, now = sys.argv[1:]
channel = LineChannel(Configuration(host=host, access_token=token))
deliver(prepare(create_engine(url)), {"line": channel}, now=datetime.fromisoformat(now))
"""


@pytest.fixture
def channel(line_double, doubles):
    channel = LineChannel(Configuration(host=line_double.host, access_token=doubles.TOKEN))
    yield channel
    channel.close()


def test_a_worker_killed_between_acceptance_and_record_loses_and_doubles_nobody(
    engine, approve_one, line_double, channel, doubles
):
    now = datetime(2026, 9, 8, 12, 0, tzinfo=UTC)
    users = tuple(f"U{number:032x}" for number in range(1_200))  # 500 + 500 + 200
    with engine.begin() as connection:
        approve_one(connection, audience=Audience("line", "line", users))
    answer = threading.Event()
    line_double.fail(lost=True, wait=answer)  # the first batch is accepted, its answer held back
    arguments = [str(engine.url), line_double.host, doubles.TOKEN, now.isoformat()]
    with subprocess.Popen([sys.executable, "-c", WORKER, *arguments]) as worker:
        while not line_double.accepted and worker.poll() is None:
            time.sleep(0.01)
        worker.send_signal(signal.SIGKILL)
    answer.set()
    assert worker.returncode == -signal.SIGKILL
    deliver(engine, {"line": channel}, now=now + timedelta(minutes=2))
    asked = Counter(line_double.keys_seen)  # 3 batches, up to all 3 on their way at the kill
    assert (len(asked), max(asked.values())) == (3, 2)
    assert {len(line_double.inboxes[user]) for user in users} == {1}
    with engine.begin() as connection:
        assert {each.state for each in deliveries(connection)} == {"accepted"}
