"""Ways to people, by name. A new channel is a file here and a line in `CHANNELS`."""

from __future__ import annotations

from typing import Any

from alerts.channels.cap import CapChannel
from alerts.channels.email import EmailChannel
from alerts.channels.line import LineChannel
from alerts.channels.recording import RecordingChannel
from alerts.channels.webhook import WebhookChannel
from alerts.channels.webpush import WebPushChannel

# The classes; each constructor is handed its client (see there), kawamori builds them.
CHANNELS: dict[str, type[Any]] = {
    "line": LineChannel,
    "email": EmailChannel,
    "recording": RecordingChannel,
    "cap": CapChannel,
    "webpush": WebPushChannel,
    "webhook": WebhookChannel,
}
