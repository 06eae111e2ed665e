"""Publishing CAP: numbered, timed, signed, and replacing what stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from shapely.geometry import Point, box

from advisory.types import Level
from alerts.cap.draft import cap_message
from alerts.cap.notice import POINTS_MAX, area_of
from alerts.cap.publication import in_force, published
from alerts.cap.reading import read_document, text_of
from alerts.cap.rules import Setting, faults
from alerts.cap.signature import check_signature
from alerts.channels.cap import CapChannel, SigningKey
from alerts.types import Batch, Occasion, PermanentError, RetryableError

HERE = box(140.85, 37.0, 140.95, 37.1)


@pytest.fixture
def draft(make_advice, now):
    """Give a maker of approved drafts."""

    def make(level=Level.EVACUATE, name="平", drill=False, **changes):
        return cap_message(
            make_advice(level, name=name),
            area_of(name, "07204", HERE),
            city_name="いわき市",
            expires=now + timedelta(hours=6),
            drill=drill,
            **changes,
        )

    return make


class Desk:
    """A channel whose clock is set by hand."""

    def __init__(self, folder, now, key=None):
        self.folder, self.now = folder, now
        self.channel = CapChannel(
            folder, sender="kawamori@city.example", clock=lambda: self.now, key=key
        )

    def publish(self, message, key=None):
        batch = Batch(key or str(uuid4()), message.message_id, "cap", ("feed",))
        self.channel.send(batch, message)
        return read_document((self.folder / f"{batch.key}.xml").read_bytes())


@pytest.fixture
def desk(tmp_path, now):
    return Desk(tmp_path / "cap", now)


def kind(root):
    return text_of(root, "msgType"), len(text_of(root, "references").split())


def test_a_document_is_numbered_by_its_batch_and_timed_when_it_is_published(desk, draft, now):
    desk.now = now + timedelta(minutes=47)
    key = str(uuid4())
    root = desk.publish(draft(), key)
    assert text_of(root, "identifier") == key
    assert text_of(root, "sender") == "kawamori@city.example"
    assert text_of(root, "sent") == "2026-09-08T21:47:00+09:00"
    bounds = (140.7, 36.8, 141.1, 37.3)
    data = (desk.folder / f"{key}.xml").read_bytes()
    assert faults(data, Setting(now=desk.now, bounds=bounds)) == []


def test_sending_again_publishes_nothing_new(desk, draft, now):
    key = str(uuid4())
    desk.publish(draft(), key)
    before = (desk.folder / f"{key}.xml").read_bytes()
    desk.now = now + timedelta(minutes=5)
    desk.publish(draft(), key)
    assert [path.read_bytes() for path in desk.folder.iterdir()] == [before]


def test_the_next_message_of_a_district_updates_all_that_stands_and_a_lifting_cancels(desk, draft):
    assert kind(desk.publish(draft(Level.ELDERLY))) == ("Alert", 0)
    raised = Occasion("raised", before=Level.ELDERLY)
    assert kind(desk.publish(draft(occasion=raised))) == ("Update", 1)
    assert kind(desk.publish(draft(occasion=Occasion("lifted")))) == ("Cancel", 1)
    assert kind(desk.publish(draft())) == ("Alert", 0)  # a cancel is not replaced
    standing = in_force(published(desk.folder), desk.now)
    assert sorted(one.kind for one in standing) == ["Alert", "Cancel"]


def test_another_district_and_a_drill_replace_nothing(desk, draft):
    desk.publish(draft())
    assert kind(desk.publish(draft(name="小名浜"))) == ("Alert", 0)
    assert kind(desk.publish(draft(drill=True))) == ("Alert", 0)


def test_what_has_expired_is_not_referred_to(desk, draft, now):
    desk.publish(draft())
    desk.now = now + timedelta(hours=7)
    later = draft()
    later = replace(later, body=later.body.replace(b"2026-09-09T03:00", b"2026-09-09T09:00"))
    assert kind(desk.publish(later)) == ("Alert", 0)


def test_nothing_is_published_after_it_expires(desk, draft, now):
    desk.now = now + timedelta(hours=6)
    with pytest.raises(PermanentError, match="not-expired"):
        desk.publish(draft())
    assert not desk.folder.exists()


def test_a_cancel_of_nothing_is_refused(desk, draft):
    with pytest.raises(PermanentError, match="update-refers"):
        desk.publish(draft(occasion=Occasion("lifted")))


def test_after_water_the_call_is_to_stay(desk, draft):
    occasion = Occasion("lowered", before=Level.EMERGENCY)
    desk.publish(draft(Level.EMERGENCY))
    data = desk.publish(draft(occasion=occasion))
    assert b"<responseType>Shelter</responseType>" in b"".join(
        path.read_bytes() for path in desk.folder.glob("*.xml") if b">Update<" in path.read_bytes()
    )
    assert kind(data) == ("Update", 1)


def test_with_a_key_the_document_is_signed_and_the_key_is_nowhere(tmp_path, draft, now, doubles):
    key_pem, certificate_pem = doubles.make_key()
    signer = Desk(tmp_path / "cap", now, SigningKey(key_pem, certificate_pem))
    signer.publish(draft())
    (path,) = signer.folder.iterdir()
    assert "避難指示".encode() in check_signature(
        path.read_bytes(), certificate_pem=certificate_pem
    )
    assert published(signer.folder)[0].signed
    line = key_pem.decode().split("\n")[1]
    assert line not in path.read_text("utf-8") + repr(SigningKey(key_pem, certificate_pem))


def test_a_key_that_is_none_is_named_by_its_kind_only(tmp_path, draft, now):
    broken = Desk(tmp_path / "cap", now, SigningKey(b"-----secret-----", b"x"))
    with pytest.raises(PermanentError) as caught:
        broken.publish(draft())
    assert "secret" not in str(caught.value)
    assert not (tmp_path / "cap").exists()


def test_a_full_disk_is_tried_again_and_leaves_no_half_document(desk, draft, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(RetryableError, match="OSError"):
        desk.publish(draft())
    assert published(desk.folder) == []


def test_a_strange_file_is_left_alone_and_a_spoilt_document_is_named(desk, draft):
    desk.publish(draft())
    (desk.folder / "notes.xml").write_text("<notes/>")
    assert kind(desk.publish(draft())) == ("Update", 1)
    spoilt = str(uuid4())
    (desk.folder / f"{spoilt}.xml").write_text("<alert")
    with pytest.raises(PermanentError, match=spoilt):
        desk.publish(draft())


def test_an_area_of_many_points_is_drawn_wider_with_few():
    island = Point(140.9, 37.05).buffer(0.05, quad_segs=4000)  # 16,000 points
    (ring,) = area_of("平", "07204", island).rings
    assert len(ring) <= POINTS_MAX
    star = island.union(box(140.7, 37.04, 141.1, 37.06))
    assert sum(map(len, area_of("平", "07204", star).rings)) <= POINTS_MAX
