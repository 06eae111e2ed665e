from __future__ import annotations

import json
from uuid import uuid4

from alerts.channels.recording import RecordingChannel
from alerts.types import Batch


def test_the_file_holds_one_line_per_batch_and_no_recipient(compose_for, tmp_path):
    (message,) = compose_for()
    channel = RecordingChannel(path=tmp_path / "sent.jsonl")
    batch = Batch(str(uuid4()), message.message_id, "recording", ("secret@example.org", "b"))
    channel.send(batch, message)
    channel.send(batch, message)
    (line,) = (tmp_path / "sent.jsonl").read_text(encoding="utf-8").splitlines()
    assert "secret" not in line
    assert json.loads(line)["recipients"] == 2
    assert json.loads(line)["body"] == message.body.decode()


def test_it_stands_in_for_a_channel_of_any_name_and_form():
    channel = RecordingChannel("line", "line")
    assert (channel.name, channel.form) == ("line", "line")
