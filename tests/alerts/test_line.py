from __future__ import annotations

import json
import logging
import threading
from dataclasses import replace
from uuid import uuid4

import pytest
from linebot.v3.messaging import Configuration
from urllib3.exceptions import HTTPError

from alerts.channels.line import LineChannel
from alerts.deliver import deliver
from alerts.flex import read_text
from alerts.outbox import deliveries
from alerts.types import Audience, Batch, PermanentError, RetryableError, StoppedError

USERS = tuple(f"U{number:032x}" for number in range(3))


@pytest.fixture
def message(compose_for):
    (message,) = compose_for(forms=("line",))
    return message


@pytest.fixture
def batch(message):
    return Batch(str(uuid4()), message.message_id, "line", USERS)


@pytest.fixture
def channel(line_double, doubles):
    channel = LineChannel(Configuration(host=line_double.host, access_token=doubles.TOKEN))
    yield channel
    channel.close()


def test_each_user_gets_the_approved_text_once(channel, line_double, batch, message):
    receipt = channel.send(batch, message)
    text = read_text(message.body)
    assert text.startswith("警戒レベル4、避難指示\n")
    assert line_double.inboxes == {user: [text] for user in USERS}
    assert (receipt.reference, receipt.accepted) == ("request-0", 3)


def test_the_retry_key_travels_on_the_first_try(channel, line_double, batch, message):
    channel.send(batch, message)
    assert line_double.keys_seen == [batch.key]


def test_409_means_already_accepted(channel, line_double, batch, message):
    channel.send(batch, message)
    receipt = channel.send(batch, message)
    assert (receipt.reference, receipt.accepted) == ("request-0", 3)
    assert [len(texts) for texts in line_double.inboxes.values()] == [1, 1, 1]


def test_a_lost_answer_is_retryable_and_the_repeat_does_not_double(
    channel, line_double, batch, message
):
    line_double.fail(lost=True)
    with pytest.raises(RetryableError, match="did not answer"):
        channel.send(batch, message)
    assert channel.send(batch, message).accepted == 3
    assert [len(texts) for texts in line_double.inboxes.values()] == [1, 1, 1]


def test_the_sdk_does_not_retry_behind_our_back(channel, line_double, batch, message):
    line_double.fail(lost=True)
    line_double.fail(lost=True)
    with pytest.raises(RetryableError):
        channel.send(batch, message)
    assert len(line_double.faults) == 1


def test_a_time_out_is_retryable(line_double, doubles, batch, message):
    configuration = Configuration(host=line_double.host, access_token=doubles.TOKEN)
    channel = LineChannel(configuration, timeout_s=0.2)
    release = threading.Event()
    line_double.fail(wait=release)
    with pytest.raises(RetryableError, match="ReadTimeout"):
        channel.send(batch, message)
    release.set()
    channel.close()


def test_a_closed_port_is_retryable(doubles, batch, message):
    gone = doubles.LineDouble().start()
    host = gone.host
    gone.stop()
    channel = LineChannel(Configuration(host=host, access_token=doubles.TOKEN))
    with pytest.raises(RetryableError):
        channel.send(batch, message)
    channel.close()


@pytest.mark.parametrize("status", [500, 502, 503])
def test_5xx_is_retryable(channel, line_double, batch, message, status):
    line_double.fail(status)
    with pytest.raises(RetryableError, match=str(status)):
        channel.send(batch, message)


def test_429_for_the_rate_is_retryable(channel, line_double, doubles, batch, message):
    line_double.fail(429, doubles.RATE)
    with pytest.raises(RetryableError, match="429"):
        channel.send(batch, message)


def test_429_for_the_monthly_quota_stops_the_channel(channel, line_double, batch, message):
    line_double.service.limit = 2  # three users
    with pytest.raises(StoppedError, match="quota is used up"):
        channel.send(batch, message)
    assert line_double.inboxes == {}


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_line_does_not_know_stops_the_channel(
    channel, line_double, batch, message, status
):
    line_double.fail(status, "no")
    with pytest.raises(StoppedError, match="token"):
        channel.send(batch, message)


def test_the_rate_limit_of_the_double_is_retryable_and_passes(channel, line_double, batch, message):
    service, seconds = line_double.service, [0.0]
    service.rate_per_s, service.clock = 1, lambda: seconds[0]
    channel.send(batch, message)
    with pytest.raises(RetryableError, match="rate limit"):
        channel.send(replace(batch, key=str(uuid4())), message)
    seconds[0] = 1.0
    assert channel.send(replace(batch, key=str(uuid4())), message).accepted == 3


def test_the_double_forgets_a_retry_key_after_a_day(channel, line_double, batch, message):
    seconds = [0.0]
    line_double.service.clock = lambda: seconds[0]
    channel.send(batch, message)
    seconds[0] = 24 * 3600.0 - 1
    channel.send(batch, message)
    assert [len(texts) for texts in line_double.inboxes.values()] == [1, 1, 1]
    seconds[0] = 24 * 3600.0
    channel.send(batch, message)
    assert [len(texts) for texts in line_double.inboxes.values()] == [2, 2, 2]


@pytest.mark.parametrize("status", [400, 404])
def test_other_4xx_need_a_person(channel, line_double, batch, message, status):
    line_double.fail(status, "no")
    with pytest.raises(PermanentError, match=str(status)):
        channel.send(batch, message)


def test_more_than_500_users_are_refused_before_sending(channel, line_double, message):
    users = tuple(f"U{number:032x}" for number in range(501))
    with pytest.raises(PermanentError, match="<= 500"):
        channel.send(Batch(str(uuid4()), message.message_id, "line", users), message)
    assert line_double.keys_seen == []


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"[1]", b'["a"]', b'[{"type":"text"}]', b'[{"type":"none"}]', b"x"]
)
def test_a_body_that_line_would_refuse_is_not_sent(channel, line_double, batch, message, body):
    with pytest.raises(PermanentError, match="LINE would refuse"):
        channel.send(batch, replace(message, body=body))
    assert line_double.keys_seen == []


def test_the_approved_bytes_travel_as_they_are(channel, batch, message, monkeypatch):
    sent = []

    def keep(_method, _url, **how):
        sent.append(how["body"])
        raise HTTPError

    monkeypatch.setattr(channel._pool, "request", keep)
    with pytest.raises(RetryableError):
        channel.send(batch, message)
    assert sent[0].endswith(b',"messages":' + message.body + b"}")


def test_an_answer_that_repeats_a_user_id_does_not_reach_error_or_log(
    channel, doubles, message, caplog
):
    caplog.set_level(logging.DEBUG)
    private = "not-a-user-id-but-private"
    with pytest.raises(PermanentError) as caught:
        channel.send(Batch(str(uuid4()), message.message_id, "line", (private,)), message)
    said = f"{caught.value!r} {caught.value.__cause__!r} {channel!r}"
    assert private not in said
    assert doubles.TOKEN not in said + caplog.text


def test_the_double_refuses_what_the_service_refuses(line_double, doubles):
    headers = {"Authorization": f"Bearer {doubles.TOKEN}", "X-Line-Retry-Key": str(uuid4())}
    good = {"to": [USERS[0]], "messages": [{"type": "text", "text": "a"}]}
    bad = [
        {**good, "to": []},
        {**good, "to": [USERS[0], USERS[0]]},
        {**good, "messages": [{"type": "text"}]},
        {**good, "messages": [{"type": "text", "text": "a" * 5001}]},
        {**good, "messages": [{"type": "nonsense", "text": "a"}]},
        {**good, "extra": 1},
    ]
    answers = [
        line_double.accept(doubles.PATH, headers, json.dumps(body).encode())[0] for body in bad
    ]
    assert answers == [400] * 6
    no_key = {"Authorization": headers["Authorization"]}
    assert line_double.accept(doubles.PATH, no_key, json.dumps(good).encode())[0] == 400
    assert line_double.accept(doubles.PATH, {}, json.dumps(good).encode())[0] == 401


def test_from_approval_to_line_with_faults_every_user_gets_one_text(
    engine, approve_one, channel, line_double, now
):
    users = tuple(f"U{number:032x}" for number in range(1200))  # 500 + 500 + 200
    with engine.begin() as connection:
        approve_one(connection, audience=Audience("line", "line", users))
    line_double.fail(500)
    line_double.fail(lost=True)
    deliver(engine, {"line": channel}, now=now)
    deliver(engine, {"line": channel}, now=now.replace(minute=5))
    assert sorted(line_double.inboxes) == sorted(users)
    assert {len(texts) for texts in line_double.inboxes.values()} == {1}
    with engine.begin() as connection:
        assert {each.state for each in deliveries(connection)} == {"accepted"}
