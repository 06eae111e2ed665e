"""The bot from LINE's request to its answer, on a stored run of the tiny city."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import insert

from alerts.recipients import find_person
from alerts.schema import approval, message
from kawamori import line_webhook, store
from kawamori.bot_world import StoredWorld
from kawamori.console.access import declared
from kawamori.console.desk import Desk
from kawamori.console.tries import TRIES, Tries
from kawamori.line_webhook import BODY_MAX, router
from kawamori.settings import Settings

SECRET = "channel-secret-of-the-test"
USER = "U" + "a" * 32
NOW = datetime(2026, 9, 8, 12, 0, tzinfo=UTC)
ISSUED = NOW - timedelta(minutes=10)


class Replies:
    """LINE's reply endpoint: a token is good once."""

    def __init__(self, contract):
        self.contract, self.sent, self.used, self.inboxes = contract, [], set(), {}

    def answer(self, method, path, headers, raw=b""):
        body = json.loads(raw)
        assert (method, path) == ("POST", "/v2/bot/message/reply")
        assert headers["Authorization"] == "Bearer token-of-the-test"
        if self.contract is not None:
            assert self.contract.fault("ReplyMessageRequest", body) == ""
        if body["replyToken"] in self.used:
            return 400, {"message": "Invalid reply token"}, {}
        self.used.add(body["replyToken"])
        self.sent.append("\n".join(each["text"] for each in body["messages"]))
        return 200, {}, {}


@pytest.fixture
def service(line_double):
    line_double.service = Replies(line_double.service.contract)
    return line_double.service


@pytest.fixture
def desk(tiny_home, tmp_path, line_double):
    settings = Settings(
        home=tiny_home,
        out=tmp_path / "out",
        line_host=line_double.host,
        line_token="token-of-the-test",
        line_channel_secret=SECRET,
    )
    return Desk(settings, store.open_store(settings.store_url), lambda: NOW)


@pytest.fixture
def keep(desk):
    """Give a function that stores a run of the tiny city."""

    def write(run_id="r1", *, drill=False, issued_at=ISSUED, **changes):
        folder = desk.settings.out / run_id
        folder.mkdir(parents=True)
        shelter = {"hazard_ok": ["flood"], "status": "open", "capacity": 80, "occupied": 30,
                   "capacity_source": "listed"}  # fmt: skip
        record = {
            "run_id": run_id,
            "issued_at": issued_at.isoformat(),
            "allocation": {"rejected": [{"shelter_id": "s2", "reason": "浸水"}]},
            "city": {
                "name": "試験町",
                "districts": [
                    {"district_id": "low", "name": "川下"}, {"district_id": "high", "name": "山上"}
                ],
                "shelters": [
                    {"shelter_id": "s1", "name": "山上小学校", **shelter, **changes},
                    {"shelter_id": "s2", "name": "川下公民館", **shelter},
                    {"shelter_id": "gone", "name": "名簿にない", **shelter},
                ],
            },
        }  # fmt: skip
        (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
        store.start(desk.engine, run_id=run_id, name=run_id, city_id="tiny", issued_at=issued_at,
                    drill=drill)  # fmt: skip
        store.complete(desk.engine, run_id, input_digest="d", folder=folder, advice=[])

    return write


@pytest.fixture
def client(desk, service):
    app = FastAPI(openapi_url=None)
    app.state.desk = desk
    app.include_router(router)
    assert all(roles == () for _method, _path, roles in declared(app.routes))
    return TestClient(app)


@pytest.fixture
def tell(client):
    """Give a function that sends events as LINE does."""

    def send(*events, secret=SECRET, raw=None):
        body = raw if raw is not None else json.dumps({"destination": "U", "events": events})
        body = body if isinstance(body, bytes) else body.encode()
        digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
        signature = base64.b64encode(digest).decode()
        headers = {"x-line-signature": signature}
        return client.post("/line/webhook", content=body, headers=headers).status_code

    return send


def event(event_id="e1", *, redelivery=False, **changes):
    values = {
        "type": "message",
        "webhookEventId": event_id,
        "deliveryContext": {"isRedelivery": redelivery},
        "mode": "active",
        "timestamp": 1,
        "source": {"type": "user", "userId": USER},
        "replyToken": f"token-{event_id}",
        "message": {"type": "location", "id": "1", "longitude": 140.01, "latitude": 37.004},
    }
    return {**values, **changes}


def pressed(data, event_id):
    return event(event_id, type="postback", postback={"data": data})


def test_a_sent_position_is_answered_with_the_safe_open_shelter_of_the_last_run(
    keep, tell, service
):
    """s1 lies 0.011 degrees north: 1223 m; 80 places less 30 people are 50. s2 was rejected."""
    keep()
    assert tell(event()) == 200
    (said,) = service.sent
    assert "・山上小学校: 直線1223m" in said
    assert "空き50人" in said
    assert "川下公民館" not in said
    assert "名簿にない" not in said
    assert "(10分前)" in said


def test_a_redelivered_event_is_answered_once(keep, tell, service):
    keep()
    tell(event())
    assert tell(event(redelivery=True)) == 200
    assert len(service.sent) == 1


def test_what_line_did_not_take_is_asked_for_again_and_answered_then(
    keep, tell, service, line_double
):
    keep()
    line_double.fail(500)
    assert tell(event()) == 500
    assert service.sent == []
    assert tell(event(redelivery=True)) == 200
    assert len(service.sent) == 1


def test_an_answer_that_got_lost_is_not_sent_twice(keep, tell, service, line_double):
    """The token was used by the lost answer: LINE refuses the second, and that is the end."""
    keep()
    line_double.fail(lost=True)
    assert tell(event()) == 500
    assert tell(event(redelivery=True)) == 200
    assert len(service.sent) == 1


def test_one_event_that_fails_does_not_stop_the_others(keep, tell, service, line_double):
    keep()
    line_double.fail(500)
    assert tell(event("e1"), event("e2")) == 500
    assert len(service.sent) == 1


@pytest.mark.parametrize("secret", ["", "wrong"])
def test_a_wrong_signature_is_refused_and_nothing_is_answered(keep, tell, service, secret):
    keep()
    assert tell(event(), secret=secret) == 403
    assert service.sent == []


def test_without_a_channel_secret_the_bot_refuses_everything(desk, keep, service):
    keep()
    app = FastAPI()
    bare = desk.settings.model_copy(update={"line_channel_secret": Settings().line_channel_secret})
    app.state.desk = Desk(bare, desk.engine, desk.now)
    app.include_router(router)
    body = json.dumps({"events": [event()]}).encode()
    signature = base64.b64encode(hmac.new(b"", body, hashlib.sha256).digest()).decode()
    told = TestClient(app).post(
        "/line/webhook", content=body, headers={"x-line-signature": signature}
    )
    assert told.status_code == 403


def test_a_body_of_10_mb_is_refused_before_it_is_read_as_a_whole(tell):
    assert tell(raw=b"x" * 10 * BODY_MAX) == 413


@pytest.mark.parametrize("raw", [b"", b"[]", b'{"events": 7}', b"\xff\xfe", b"[" * 50_000])
def test_a_signed_body_of_another_form_is_taken_and_passed_over(tell, raw):
    assert tell(raw=raw) == 200


def test_unknown_events_emoji_and_scripts_are_answered_or_passed_over(keep, tell, service):
    keep()
    texts = ["😀", "<script>alert(1)</script>", "あ" * 5000]
    rows = [event(f"t{n}", message={"type": "text", "text": text}) for n, text in enumerate(texts)]
    assert tell(*rows, event("x", type="brandNew"), event("y", source={"type": "room"})) == 200
    assert "<script>" not in "".join(service.sent)


def test_with_nothing_stored_it_says_so(tell, service):
    tell(event())
    assert "まだ情報がありません" in service.sent[0]


def test_a_drill_is_never_what_it_answers_from(keep, tell, service):
    keep("live")
    keep("drill", drill=True, issued_at=NOW, name="訓練の学校")
    tell(event())
    assert "山上小学校" in service.sent[0]


def test_a_newer_run_is_answered_from_at_once(keep, tell, service):
    keep("r1")
    tell(event("e1"))
    keep("r2", issued_at=NOW, occupied=79)
    tell(event("e2"))
    assert "空き1人" in service.sent[1]


def test_a_record_that_is_gone_is_as_if_nothing_were_stored(keep, tell, service, desk):
    keep()
    (desk.settings.out / "r1" / "run.json").unlink()
    tell(event())
    assert "まだ情報がありません" in service.sent[0]


def test_an_assumed_capacity_promises_no_room(keep, tell, service):
    keep(capacity_source="assumed")
    tell(event())
    assert "空き不明" in service.sent[0]


@pytest.mark.parametrize(("lat", "part"), [(37.004, "深さ3〜5m"), (37.015, "想定区域の外")])
def test_the_danger_here_is_the_official_class_at_the_place(keep, tell, service, lat, part):
    """The polygon over the lower houses has rank 3: 3 to 5 m of 試験川."""
    keep()
    tell(pressed(f"do=hazard&lon=140.01&lat={lat}", "e1"))
    assert part in service.sent[0]


def test_setting_up_writes_the_registry_and_stop_ends_it(keep, tell, desk):
    keep()
    tell(pressed("do=settings&own=en&district=high&household=car", "e1"))
    with desk.engine.connect() as connection:
        person = find_person(connection, "line", USER)
    assert (person.district_id, person.language, person.household) == ("high", "en", "car")
    assert (person.consent_at, person.consent_source) == (NOW, "line-chat")
    tell(event("e2", type="unfollow", replyToken=None))
    with desk.engine.connect() as connection:
        assert find_person(connection, "line", USER) is None


def order(desk, level=4, *, at=NOW, expires=NOW + timedelta(hours=1), number=1, **changes):
    decision = {
        "approval_id": f"a{number}", "run_id": "r1", "district_id": "low", "level": level,
        "advice_digest": "d", "first_officer": "甲", "second_officer": "乙", "at": at,
        "expires": expires, "drill": False, **changes,
    }  # fmt: skip
    texts = {"ja": f"第{number}報 避難してください", "en": f"Report {number}: evacuate"}
    with desk.engine.begin() as connection:
        connection.execute(insert(approval).values(decision))
        for language, text in texts.items():
            connection.execute(
                insert(message).values(
                    message_id=f"m{number}{language}", approval_id=f"a{number}", district_id="low",
                    language=language, form="plain", subject="s", body=text.encode(), sha256="x",
                )
            )  # fmt: skip


def asked_of(desk, language="ja", now=NOW):
    return StoredWorld(desk.settings, desk.engine).at(now).order("low", language)


def test_the_newest_approved_order_is_told_in_the_language_asked_for_or_japanese(desk):
    order(desk, number=1, at=NOW - timedelta(hours=1))
    order(desk, number=2)
    assert asked_of(desk, "en").text == "Report 2: evacuate"
    assert asked_of(desk, "ko").text == "第2報 避難してください"


@pytest.mark.parametrize(
    "changes", [{"expires": NOW}, {"voided_at": NOW}, {"drill": True}, {"district_id": "high"}]
)
def test_expired_withdrawn_drill_and_other_orders_are_not_told(desk, changes):
    order(desk, **changes)
    assert asked_of(desk) is None


def test_staff_acknowledge_by_line_only_what_is_theirs(desk):
    world = StoredWorld(desk.settings, desk.engine).at(NOW)
    assert world.acknowledge(USER, None) is None
    desk.settings.rosters.mkdir()
    (desk.settings.rosters / "tiny.toml").write_text(
        f'[[person]]\nid = "a"\nname = "甲"\norder = 1\nline = "{USER}"\n'
        'shifts = [{ days = "月", start = "00:00", end = "00:00" }]\n',
        encoding="utf-8",
    )
    assert world.acknowledge(USER, None) == 0
    assert world.acknowledge(USER, "no such alert") == 0


def test_no_log_shows_a_user_or_a_text(keep, tell, line_double, caplog):
    keep()
    line_double.fail(500)
    tell(event(message={"type": "text", "text": "わたしの秘密"}))
    tell(raw=b"[]")
    assert caplog.records
    assert USER not in caplog.text
    assert "秘密" not in caplog.text


def test_too_many_wrong_signatures_are_told_so_and_right_ones_still_pass(tell, monkeypatch):
    monkeypatch.setattr(line_webhook, "unsigned", Tries())
    codes = [tell(secret="wrong") for _ in range(TRIES + 1)]
    assert codes == [403] * TRIES + [429]
    assert tell() == 200
