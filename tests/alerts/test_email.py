from __future__ import annotations

import logging
import smtplib
import socket
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from alerts.channels.email import EmailChannel
from alerts.deliver import deliver
from alerts.outbox import deliveries
from alerts.types import Audience, Batch, PermanentError, RetryableError

PEOPLE = ("a@example.org", "b@example.org", "c@example.org")


@pytest.fixture
def message(compose_for):
    (message,) = compose_for(forms=("mail",))
    return message


@pytest.fixture
def batch(message):
    return Batch(str(uuid4()), message.message_id, "email", PEOPLE)


@pytest.fixture
def channel(smtp_double, now):
    channel = EmailChannel(
        lambda: smtplib.SMTP("127.0.0.1", smtp_double.port, timeout=5),
        sender="bousai@city.example",
        clock=lambda: now,
    )
    yield channel
    channel.close()


def test_each_person_gets_the_approved_text_in_a_mail_of_their_own(
    channel, smtp_double, batch, message
):
    receipt = channel.send(batch, message)
    assert receipt.accepted == 3
    assert smtp_double.received() == list(PEOPLE)
    for address, mail in smtp_double.mails:
        assert mail["To"] == address
        assert mail["Subject"] == message.subject
        assert [part.get_content_type() for part in mail.iter_parts()] == [
            "text/plain",
            "text/html",
        ]
        plain = mail.get_body(("plain",)).get_content()
        assert plain.replace("\r\n", "\n") == message.body.decode()


def test_a_mail_names_no_other_recipient(channel, smtp_double, batch, message):
    channel.send(batch, message)
    _, mail = smtp_double.mails[0]
    assert "b@example.org" not in mail.as_string()


def test_the_date_is_the_clock_s_and_the_mail_is_marked_automatic(
    channel, smtp_double, batch, message, now
):
    channel.send(batch, message)
    _, mail = smtp_double.mails[0]
    assert mail["Date"].datetime == now
    assert mail["Auto-Submitted"] == "auto-generated"


def test_the_message_id_is_the_same_on_a_repeat_and_differs_by_person(
    channel, smtp_double, batch, message
):
    channel.send(batch, message)
    channel.send(batch, message)
    ids = [mail["Message-ID"] for _, mail in smtp_double.mails]
    assert ids[:3] == ids[3:]
    assert len(set(ids)) == 3
    assert all(each.endswith("@city.example>") for each in ids)


def test_an_unknown_address_is_refused_and_the_others_get_their_mail(
    channel, smtp_double, batch, message
):
    smtp_double.answers["b@example.org"] = "550 5.1.1 b@example.org unknown"
    receipt = channel.send(batch, message)
    assert (receipt.accepted, receipt.refused) == (2, (1,))
    assert smtp_double.received() == ["a@example.org", "c@example.org"]


def test_a_greylisted_address_is_tried_again_and_nobody_gets_two(
    channel, smtp_double, batch, message
):
    smtp_double.answers["b@example.org"] = "451 4.7.1 try later"
    with pytest.raises(RetryableError) as caught:
        channel.send(batch, message)
    assert caught.value.pending == (1,)
    smtp_double.answers.clear()
    receipt = channel.send(replace(batch, pending=caught.value.pending), message)
    assert receipt.accepted == 1
    assert sorted(smtp_double.received()) == sorted(PEOPLE)


def test_a_connection_closed_midway_leaves_the_rest_pending(channel, smtp_double, batch, message):
    smtp_double.answers["b@example.org"] = "421 4.3.2 shutting down"
    with pytest.raises(RetryableError) as caught:
        channel.send(batch, message)
    assert caught.value.pending == (1, 2)
    assert smtp_double.received() == ["a@example.org"]


def test_a_mail_put_off_after_data_is_pending(channel, smtp_double, batch, message):
    smtp_double.data.extend(["250 OK", "452 4.3.1 disk full"])
    with pytest.raises(RetryableError) as caught:
        channel.send(batch, message)
    assert caught.value.pending == (1,)
    assert smtp_double.received() == ["a@example.org", "c@example.org"]


def test_a_connection_serves_the_next_batch_too(channel, smtp_double, batch, message):
    channel.send(batch, message)
    channel.send(replace(batch, key=str(uuid4())), message)
    assert (smtp_double.greeted, len(smtp_double.mails)) == (1, 6)


def test_a_kept_connection_that_the_server_closed_is_replaced(
    channel, smtp_double, batch, message, monkeypatch
):
    channel.send(batch, message)
    monkeypatch.setattr("alerts.channels.smtp.IDLE_S", 0.0)  # ask it at once
    ((client, _),) = channel._connections._idle
    client.sock.shutdown(socket.SHUT_RDWR)
    assert channel.send(batch, message).accepted == 3


def test_each_mail_has_its_own_unsubscribe_link_and_bounce_address(
    smtp_double, batch, message, now
):
    channel = EmailChannel(
        lambda: smtplib.SMTP("127.0.0.1", smtp_double.port, timeout=5),
        sender="bousai@city.example",
        clock=lambda: now,
        unsubscribe=lambda address: f"https://city.example/u/{len(address)}",
        verp=True,
    )
    channel.send(batch, message)
    channel.close()
    _, mail = smtp_double.mails[0]
    assert mail["List-Unsubscribe"] == "<https://city.example/u/13>"  # a@example.org has 13 letters
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert smtp_double.senders[0] == "bousai+a=example.org@city.example"


@pytest.mark.parametrize(("code", "kind"), [(454, RetryableError), (535, PermanentError)])
def test_a_login_put_off_is_tried_again_and_a_login_refused_is_not(batch, message, now, code, kind):
    def connect():
        raise smtplib.SMTPAuthenticationError(code, b"secret words of the server")

    channel = EmailChannel(connect, sender="bousai@city.example", clock=lambda: now)
    with pytest.raises(kind) as caught:
        channel.send(batch, message)
    assert "secret" not in str(caught.value)


def test_when_everybody_is_refused_a_person_must_look(channel, smtp_double, batch, message):
    smtp_double.data.extend(["554 5.7.1 refused"] * 3)
    with pytest.raises(PermanentError, match="refused all 3"):
        channel.send(batch, message)


def test_a_closed_port_is_retryable(doubles, batch, message, now):
    gone = doubles.SmtpDouble().start()
    port = gone.port
    gone.stop()
    channel = EmailChannel(
        lambda: smtplib.SMTP("127.0.0.1", port, timeout=1),
        sender="bousai@city.example",
        clock=lambda: now,
    )
    with pytest.raises(RetryableError, match="ConnectionRefused") as caught:
        channel.send(batch, message)
    assert caught.value.pending == (0, 1, 2)


@pytest.mark.parametrize(
    "address", ["", "no-at-sign", "a@example.org\r\nRCPT TO:<x@example.org>", "あ@example.org"]
)
def test_an_address_that_is_none_is_refused_without_sending(
    channel, smtp_double, batch, message, address
):
    receipt = channel.send(replace(batch, recipients=(address, "b@example.org")), message)
    assert receipt.refused == (0,)
    assert smtp_double.received() == ["b@example.org"]


def test_a_slow_server_does_not_outlast_the_lease(smtp_double, batch, message, now):
    # each look at the clock is 20 s later: Date, start (limit 20 + 30), 1st mail 40, 2nd mail 60
    ticks = (now + timedelta(seconds=20 * number) for number in range(100))
    channel = EmailChannel(
        lambda: smtplib.SMTP("127.0.0.1", smtp_double.port, timeout=5),
        sender="bousai@city.example",
        clock=lambda: next(ticks),
        budget_s=30,
    )
    with pytest.raises(RetryableError) as caught:
        channel.send(batch, message)
    channel.close()
    assert smtp_double.received() == ["a@example.org"]
    assert caught.value.pending == (1, 2)


def test_nobody_pending_sends_nothing(channel, smtp_double, batch, message):
    assert channel.send(replace(batch, pending=()), message).accepted == 0
    assert smtp_double.received() == []


def test_a_wrong_sender_address_is_refused_at_once(now):
    with pytest.raises(ValueError, match="sender"):
        EmailChannel(smtplib.SMTP, sender="Iwaki\r\nBcc: x", clock=lambda: now)


def test_a_server_s_text_with_an_address_reaches_no_error_and_no_log(
    channel, smtp_double, batch, message, caplog
):
    caplog.set_level(logging.DEBUG, logger="alerts")
    smtp_double.answers.update({each: f"550 5.1.1 <{each}> unknown" for each in PEOPLE})
    with pytest.raises(PermanentError) as caught:
        channel.send(batch, message)
    said = f"{caught.value!r} {caught.value.__cause__!r} {channel!r} {batch!r} {caplog.text}"
    assert [each for each in PEOPLE if each in said] == []


@pytest.fixture
def guarded(doubles):
    double = doubles.SmtpDouble(user="kawamori", password="right").start()
    yield double
    double.stop()


@pytest.fixture
def log_in(guarded, now):
    opened = []

    def channel(password):
        def connect():
            client = smtplib.SMTP("127.0.0.1", guarded.port, timeout=5)
            try:
                client.login("kawamori", password)
            except smtplib.SMTPException:
                client.close()
                raise
            return client

        opened.append(EmailChannel(connect, sender="bousai@city.example", clock=lambda: now))
        return opened[-1]

    yield channel
    for each in opened:
        each.close()


def test_after_a_login_the_mail_goes(log_in, batch, message):
    assert log_in("right").send(batch, message).accepted == 3


def test_a_refused_login_needs_a_person_and_shows_no_password(log_in, batch, message):
    with pytest.raises(PermanentError, match="535") as caught:
        log_in("wrong-word").send(batch, message)
    assert "wrong-word" not in str(caught.value)


def test_from_approval_to_mail_with_faults_every_person_gets_one(
    engine, approve_one, channel, smtp_double, now
):
    people = tuple(f"p{number}@example.org" for number in range(60))  # 50 + 10
    with engine.begin() as connection:
        approve_one(connection, audience=Audience("email", "mail", people))
    smtp_double.answers["p7@example.org"] = "451 4.7.1 later"
    smtp_double.answers["p8@example.org"] = "550 5.1.1 unknown"
    deliver(engine, {"email": channel}, now=now)
    smtp_double.answers.pop("p7@example.org")
    deliver(engine, {"email": channel}, now=now.replace(minute=5))
    assert sorted(smtp_double.received()) == sorted(set(people) - {"p8@example.org"})
    with engine.begin() as connection:
        done = deliveries(connection)
    # 60 people - 1 unknown = 59
    assert (sum(each.accepted for each in done), sum(each.refused for each in done)) == (59, 1)
    assert {each.state for each in done} == {"accepted"}
