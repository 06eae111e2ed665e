from __future__ import annotations

import smtplib
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from alerts.channels.line import LineChannel
from alerts.duty.book import acknowledge, admit, advance, take
from alerts.duty.post import StaffMail, send_due
from alerts.duty.tables import staff_alert, staff_delivery
from alerts.duty.text import Links
from alerts.types import Batch, Message, PermanentError, Receipt, RetryableError

NOON = datetime(2026, 9, 8, 3, 0, tzinfo=UTC)  # Tuesday: hayashi (LINE, mail), then mori (LINE)
SECOND = timedelta(seconds=1)


class Scripted:
    """A channel that does as told: an exception to raise, or None to accept."""

    form = "staff"

    def __init__(self, name, *script):
        self.name, self.script, self.sent = name, list(script), []

    def send(self, batch, message):
        self.sent.append((batch.key, batch.recipients))
        fault = self.script.pop(0) if self.script else None
        if fault is not None:
            raise fault
        return Receipt("reference", 1)

    def close(self):
        """Nothing is open."""


@pytest.fixture
def opened(engine, roster, staff, make_trigger):
    def run(*found, at=NOON):
        with engine.begin() as connection:
            take(connection, "iwaki", at)
            new = admit(
                connection, found or [make_trigger()], city_id="iwaki", city_name="いわき市",
                run_name="iwaki", notes=(), kinds=(), staff=staff, now=at,
            )  # fmt: skip
            advance(connection, "iwaki", roster, channels=("line", "email"), staff=staff, now=at)
        return new

    return run


@pytest.fixture
def send(engine, roster):
    def run(*channels, at=NOON):
        ways = {channel.name: channel for channel in channels}
        return send_due(engine, ways, roster, links=lambda _alert, _person: Links(), now=at)

    return run


@pytest.fixture
def states(engine):
    def read():
        with engine.connect() as connection:
            rows = connection.execute(select(staff_delivery)).all()
        return {(row.person_id, row.channel): row.state for row in rows}

    return read


def test_what_is_due_goes_to_the_address_of_the_roster_and_only_once(opened, send, states):
    opened()
    line, mail = Scripted("line"), Scripted("email")
    send(line, mail)
    send(line, mail, at=NOON + 300 * SECOND)
    assert [to for _, to in line.sent] == [("U00000000000000000000000000000001",)]
    assert [to for _, to in mail.sent] == [("hayashi@city.example",)]
    assert set(states().values()) == {"accepted"}


def test_what_fails_for_now_is_tried_again_under_the_same_key(opened, send, states):
    opened()
    line = Scripted("line", RetryableError("later"))
    send(line)
    assert states()["hayashi", "line"] == "waiting"
    send(line, at=NOON + 20 * SECOND)
    assert len({key for key, _ in line.sent}) == 1
    assert states()["hayashi", "line"] == "accepted"


def test_after_one_failure_the_rest_of_the_channel_waits_with_it(opened, send, make_trigger):
    opened(make_trigger(), make_trigger(topic="advice/b"), make_trigger(topic="advice/c"))
    line = Scripted("line", RetryableError("later"))
    send(line)
    assert len(line.sent) == 1


def test_a_dead_channel_does_not_hold_up_the_other(opened, send, states):
    opened()
    send(Scripted("line", RetryableError("no")), Scripted("email"))
    assert states() == {("hayashi", "line"): "waiting", ("hayashi", "email"): "accepted"}


def test_when_nobody_of_a_step_can_be_reached_the_next_is_due_at_once(opened, send, engine, states):
    opened()
    dead = PermanentError("the address does not exist")
    send(Scripted("line", dead), Scripted("email", dead))
    with engine.connect() as connection:
        assert connection.execute(select(staff_alert.c.next_at)).scalar() == NOON
    opened(at=NOON + SECOND)
    assert states()["mori", "line"] == "waiting"


def test_a_worker_that_died_leaves_its_delivery_to_the_next_under_the_same_key(opened, send):
    opened()

    class Killed(Scripted):
        def send(self, batch, message):
            super().send(batch, message)
            raise KeyboardInterrupt

    first, second = Killed("line"), Scripted("line")
    with pytest.raises(KeyboardInterrupt):
        send(first)
    send(second, at=NOON + 30 * SECOND)
    assert second.sent == []  # still leased
    send(second, at=NOON + 60 * SECOND)
    assert second.sent == first.sent


def test_what_somebody_acknowledged_is_not_sent(opened, send, engine):
    (alert_id,) = opened()
    with engine.begin() as connection:
        acknowledge(connection, alert_id, person_id="mori", how="line", at=NOON)
    line = Scripted("line")
    send(line, Scripted("email"))
    assert line.sent == []


def test_an_alert_is_never_sent_after_it_expires(opened, send, states):
    opened()
    line = Scripted("line")
    send(line, Scripted("email"), at=NOON + timedelta(hours=2))
    assert line.sent == []
    assert set(states().values()) == {"dead"}


def test_the_real_channels_deliver_to_the_doubles(
    opened, send, engine, line_double, smtp_double, doubles
):
    from linebot.v3.messaging import Configuration

    opened()
    line = LineChannel(Configuration(host=line_double.host, access_token=doubles.TOKEN))
    mail = StaffMail(
        lambda: smtplib.SMTP("127.0.0.1", smtp_double.port, timeout=60),
        sender="bousai@city.example",
        clock=lambda: NOON,
    )
    send(line, mail)
    line.close()
    mail.close()
    ((recipient, got),) = smtp_double.mails
    assert recipient == "hayashi@city.example"
    assert got["Subject"].startswith("【職員用】平")
    assert "避難指示" in got.get_body(("plain",)).get_content()
    (inbox,) = line_double.inboxes.values()
    assert "【職員用】" in inbox[0]


@pytest.mark.parametrize(
    ("answer", "fault"), [("550 5.1.1 no such user", PermanentError), ("451 later", RetryableError)]
)
def test_a_mail_server_that_says_no_is_believed_and_no_address_is_repeated(
    smtp_double, answer, fault
):
    smtp_double.answers["a@city.example"] = answer
    mail = StaffMail(
        lambda: smtplib.SMTP("127.0.0.1", smtp_double.port, timeout=60),
        sender="bousai@city.example",
        clock=lambda: NOON,
    )
    batch = Batch("0d8a8e6c-5f53-5b36-8d0e-4b4f6f2f9c11", "m", "email", ("a@city.example",))
    with pytest.raises(fault) as caught:
        mail.send(batch, Message("m", "", "ja", "staff", "s", b"Subject: x\r\n\r\nx\r\n"))
    mail.close()
    assert "a@city" not in str(caught.value)
