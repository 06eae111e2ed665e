"""What every channel in CHANNELS must keep. A new channel joins with a rig in RIGS."""

from __future__ import annotations

import importlib.util
import json
import logging
import smtplib
import sys
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any
from uuid import uuid4

import pytest
from linebot.v3.messaging import Configuration
from py_vapid import Vapid02
from shapely.geometry import box

from advisory.types import Advice, Level, People
from alerts.cap.draft import cap_message
from alerts.cap.notice import area_of
from alerts.channels import CHANNELS
from alerts.channels.cap import SigningKey
from alerts.channels.posting import Poster
from alerts.types import Batch, Message, PermanentError, Receipt, RetryableError

NOW = datetime(2026, 9, 8, 12, tzinfo=UTC)
ORDER = Advice(
    "taira", "平", Level.EVACUATE, NOW, None, NOW + timedelta(hours=2), (), (), People(), None, (),
    "d" * 64,
)  # fmt: skip
DRAFT = cap_message(
    ORDER,
    area_of("平", "07204", box(140.85, 37.0, 140.95, 37.1)),
    city_name="いわき市",
    expires=ORDER.valid_until,
    drill=False,
)
assert DRAFT is not None
BODIES = {
    "line": b'[{"type":"text","text":"text"}]',
    "mail": b"text\n",
    "plain": b"text\n",
    "cap": DRAFT.body,
}


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
    password = "smtp-password-of-the-double"
    double = doubles().SmtpDouble("bousai", password).start()
    people = ("a@example.org", "b@example.org", "c@example.org")

    def connect() -> smtplib.SMTP:
        client = smtplib.SMTP("127.0.0.1", double.port, timeout=60)
        client.login("bousai", password)
        return client

    channel = CHANNELS["email"](connect, sender="bousai@city.example", clock=lambda: NOW)

    def fail(how: str) -> None:
        double.data.extend([{"later": "451 4.3.0 later", "never": "554 5.7.1 no"}[how]] * 3)

    def stop() -> None:
        channel.close()
        double.stop()

    return Rig(channel, people, double.received, fail, stop, secrets=(password,))


def recording_rig() -> Rig:
    channel = CHANNELS["recording"]()
    people = ("a", "b", "c")

    def received() -> list[str]:
        return [person for _ in channel.sent for person in people]

    return Rig(channel, people, received, None, lambda: None)


def cap_rig() -> Rig:
    folder = Path(mkdtemp(prefix="cap-")) / "documents"
    plan: deque[str] = deque()
    key_pem, certificate_pem = doubles().make_key()

    def clock() -> datetime:
        """Also make the trouble: a file where the folder should be, or a day gone by."""
        if folder.is_file():
            folder.unlink()
        how = plan.popleft() if plan else ""
        if how == "later":
            folder.write_text("")
        return NOW + timedelta(days=1) if how == "never" else NOW

    channel = CHANNELS["cap"](
        folder,
        sender="kawamori@city.example",
        clock=clock,
        key=SigningKey(key_pem, certificate_pem),
    )

    def received() -> list[str]:
        return ["feed" for _ in folder.glob("*.xml")]

    secret = key_pem.decode().split("\n")[1]
    return Rig(channel, ("feed",), received, plan.append, lambda: rmtree(folder.parent), (secret,))


def push_rig() -> Rig:
    double = doubles().HttpDouble().start()
    paths = ("/push/a", "/push/b", "/push/c")
    people = {path: doubles().Browser().subscription(double.url(path)) for path in paths}
    vapid = Vapid02()
    vapid.generate_keys()
    channel = CHANNELS["webpush"](
        Poster(timeout_s=60, allow_private=True),
        vapid=vapid,
        contact="mailto:bousai@city.example",
        link="https://city.example/",
        clock=lambda: NOW,
    )
    number = vapid.private_key.private_numbers().private_value
    keys = [json.loads(one)["keys"][name] for one in people.values() for name in ("auth", "p256dh")]
    return _posting_rig(double, channel, people, (str(number), f"{number:x}", *keys))


def webhook_rig() -> Rig:
    double = doubles().HttpDouble().start()
    people = {path: double.url(path) for path in ("/hook/a", "/hook/b", "/hook/c")}
    channel = CHANNELS["webhook"](
        Poster(timeout_s=60, allow_private=True),
        secret=b"hmac-secret-of-the-double",
        clock=lambda: NOW,
    )
    return _posting_rig(double, channel, people, ("hmac-secret-of-the-double",))


def _posting_rig(
    double: Any, channel: Any, people: dict[str, str], secrets: tuple[str, ...]
) -> Rig:
    def received() -> list[str]:
        return [people[path] for path, _, _ in double.posts]

    def fail(how: str) -> None:
        double.answers.extend([({"later": 503, "never": 410}[how], {})] * len(people))

    def stop() -> None:
        channel.close()
        double.stop()

    return Rig(channel, tuple(people.values()), received, fail, stop, (*secrets, *people))


RIGS = {
    "line": line_rig,
    "email": email_rig,
    "recording": recording_rig,
    "cap": cap_rig,
    "webpush": push_rig,
    "webhook": webhook_rig,
}


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
    assert (receipt.accepted, receipt.refused) == (len(rig.recipients), ())
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
    for name in ("alerts", "linebot", "urllib3", "signxml", "py_vapid"):
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
