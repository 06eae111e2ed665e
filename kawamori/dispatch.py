"""Sending what is approved: the channels that the settings name, and the outbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from alerts.channels.line import LineChannel
from alerts.deliver import deliver
from alerts.preflight import preflight, tell
from alerts.types import Channel
from kawamori.cap_feed import cap_channel
from kawamori.mail import mail_channel
from kawamori.outward import push_channel, webhook_channel
from kawamori.settings import Settings
from kawamori.store import opened_store


def dispatch_waiting(settings: Settings, *, now: datetime | None = None) -> Iterator[str]:
    """Send every batch that is due over the channels that are set up; say what became of each.

    Parameters
    ----------
    now
        None = this moment.
    """
    channels = open_channels(settings)
    if not channels:
        raise ValueError(
            "no channel is set up. Set KAWAMORI_SMTP_HOST for mail, KAWAMORI_LINE_TOKEN for LINE, "
            "KAWAMORI_VAPID_KEY for web push, KAWAMORI_WEBHOOK_URLS for partners or "
            "KAWAMORI_CAP_SENDER for a CAP feed."
        )
    try:
        with opened_store(settings.store_url) as engine:
            for check in preflight(engine, channels, now=now or datetime.now(UTC)):
                yield from tell(check)
            done = deliver(engine, channels, now=now or datetime.now(UTC))
    finally:
        for channel in channels.values():
            channel.close()
    for each in done:
        yield f"{each.channel} {each.key}: {each.state}" + (
            f" ({each.error})" if each.error else ""
        )


def open_channels(settings: Settings) -> dict[str, Channel]:
    """Give the channels that the settings name."""
    channels: dict[str, Channel] = {}
    if settings.smtp_host:
        channels["email"] = mail_channel(settings)
    if settings.line_token.get_secret_value():
        from linebot.v3.messaging import Configuration

        token = settings.line_token.get_secret_value()
        configuration = Configuration(host=settings.line_host, access_token=token)
        channels["line"] = LineChannel(configuration, timeout_s=settings.line_timeout_s)
    if settings.vapid_key.get_secret_value():
        channels["webpush"] = push_channel(settings)
    if settings.webhook_urls:
        channels["webhook"] = webhook_channel(settings)
    if settings.cap_sender:
        channels["cap"] = cap_channel(settings)
    return channels
