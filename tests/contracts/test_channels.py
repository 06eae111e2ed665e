"""What every channel in CHANNELS must keep. A new channel joins with a rig in RIGS."""

from __future__ import annotations

import importlib.util
import logging
import smtplib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from linebot.v3.messaging import Configuration

from alerts.channels import CHANNELS
from alerts.types import Batch, Message, PermanentError, Receipt, RetryableError

BODIES = {"line": b'[{"type":"text","text":"text"}]', "mail": b"text\n", "plain": b"text\n"}
NOW = datetime(2026, 9, 8, 12, tzinfo=UTC)


@dataclass
class Rig:
    """A channel with its double: who got it, and how to make the service fail."""

    channel: Any
    recipients: tuple[str, ...]
    received: Callable[[], list[str]]
    fail: Callable[[str], None] | None  # "later" | "never"; None = it has no service
    stop: Callable[[], None]
    secrets: tuple[str, ...] = ()


def doubles() -> Any:
    name = "doubles"
    if name not in sys.modules:
        path = Path(__file__).parents[1] / "doubles.py"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def line_rig() -> Rig:
    double = doubles().LineDouble().start()
    token = doubles().TOKEN
    channel = CHANNELS["line"](Configuration(host=double.host, access_token=token))

    def stop() -> None:
        channel.close()
        double.stop()

    def received() -> list[str]:
        return [user for user, texts in double.inboxes.items() for _ in texts]

    def fail(how: str) -> None:
        double.fail({"later": 500, "never": 403}[how])

    users = tuple(f"U{number:032x}" for number in (10, 11, 12))
    return Rig(channel, users, received, fail, stop, secrets=(token,))


def email_rig() -> Rig:
    double = doubles().SmtpDouble().start()
    people = ("a@example.org", "b@example.org", "c@example.org")
    channel = CHANNELS["email"](
        lambda: smtplib.SMTP("127.0.0.1", double.port, timeout=5),
        sender="bousai@city.example",
        clock=lambda: NOW,
    )

    def fail(how: str) -> None:
        double.data.extend([{"later": "451 4.3.0 later", "never": "554 5.7.1 no"}[how]] * 3)

    def stop() -> None:
        channel.close()
        double.stop()

    return Rig(channel, people, double.received, fail, stop)


def recording_rig() -> Rig:
    channel = CHANNELS["recording"]()
    people = ("a", "b", "c")

    def received() -> list[str]:
        return [person for _ in channel.sent for person in people]

    return Rig(channel, people, received, None, lambda: None)


RIGS = {"line": line_rig, "email": email_rig, "recording": recording_rig}


@pytest.fixture(params=sorted(CHANNELS))
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    rig = RIGS[request.param]()
    yield rig
    rig.stop()


@pytest.fixture
def message(rig: Rig) -> Message:
    form = rig.channel.form
    return Message(str(uuid4()), "taira", "ja", form, "警戒レベル4 避難指示", BODIES[form])


@pytest.fixture
def batch(rig: Rig, message: Message) -> Batch:
    return Batch(str(uuid4()), message.message_id, rig.channel.name, rig.recipients)


def test_every_channel_has_a_rig():
    assert RIGS.keys() == CHANNELS.keys()


@pytest.mark.parametrize("name", sorted(CHANNELS))
def test_a_channel_is_registered_under_its_own_name(name):
    rig = RIGS[name]()
    rig.stop()
    assert rig.channel.name == name


def test_everybody_gets_it_once_and_the_receipt_says_so(rig, batch, message):
    receipt = rig.channel.send(batch, message)
    assert isinstance(receipt, Receipt)
    assert (receipt.accepted, receipt.refused) == (3, ())
    assert receipt.reference
    assert sorted(rig.received()) == sorted(rig.recipients)


def test_a_retry_after_a_failure_doubles_nobody(rig, batch, message):
    if rig.fail is None:
        rig.channel.send(batch, message)  # no service that could fail: the repeat itself
    else:
        rig.fail("later")
        with pytest.raises(RetryableError) as caught:
            rig.channel.send(batch, message)
        batch = replace(batch, pending=caught.value.pending)
    rig.channel.send(batch, message)
    assert sorted(rig.received()) == sorted(rig.recipients)


def test_a_refusal_for_good_is_permanent(rig, batch, message):
    if rig.fail is None:
        assert rig.channel.send(batch, message).refused == ()  # it has nothing to refuse
        return
    rig.fail("never")
    with pytest.raises(PermanentError):
        rig.channel.send(batch, message)
    assert rig.received() == []


@pytest.mark.parametrize("how", ["later", "never"])
def test_no_secret_is_in_a_repr_an_error_or_a_log(rig, batch, message, how, caplog):
    for name in ("alerts", "linebot", "urllib3"):
        caplog.set_level(logging.DEBUG, logger=name)
    said = repr(rig.channel) + repr(batch)
    if rig.fail is not None:
        rig.fail(how)
        with pytest.raises((RetryableError, PermanentError)) as caught:
            rig.channel.send(batch, message)
        said += repr(caught.value) + str(caught.value.__cause__)
    said += repr(rig.channel.send(batch, message)) + caplog.text
    assert [
        word for word in (*rig.recipients, *rig.secrets) if len(word) > 1 and word in said
    ] == []
