"""The mail channel as the settings describe it: TLS, login, bounce addresses, unsubscribe links."""

from __future__ import annotations

import hmac
import smtplib
import ssl
from datetime import UTC, datetime
from functools import partial

from alerts.channels.email import EmailChannel
from kawamori.settings import Settings


def mail_channel(settings: Settings) -> EmailChannel:
    """Give the channel to the mail server of the settings; nothing is opened yet.

    Raises
    ------
    ValueError
        If a login would travel in the clear, or links to unsubscribe could be guessed.
    """
    if settings.smtp_user and not settings.smtp_tls:
        raise ValueError("KAWAMORI_SMTP_USER needs KAWAMORI_SMTP_TLS=true: no password in clear.")
    secret = settings.unsubscribe_secret.get_secret_value()
    if settings.unsubscribe_url and not secret:
        raise ValueError(
            "KAWAMORI_UNSUBSCRIBE_URL needs KAWAMORI_UNSUBSCRIBE_SECRET, got none. Set a long one."
        )
    link = partial(unsubscribe_link, url=settings.unsubscribe_url, secret=secret)
    return EmailChannel(
        partial(connect, settings),
        sender=settings.mail_from,
        clock=lambda: datetime.now(UTC),
        unsubscribe=link if settings.unsubscribe_url else None,
        verp=settings.mail_verp,
    )


def connect(settings: Settings) -> smtplib.SMTP:
    """Open a connection, turn TLS on and log in as far as the settings ask for it."""
    client = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=settings.smtp_timeout_s)
    try:
        if settings.smtp_tls:
            client.starttls(context=ssl.create_default_context())
        if settings.smtp_user:
            client.login(settings.smtp_user, settings.smtp_password.get_secret_value())
    except (smtplib.SMTPException, OSError):
        client.close()
        raise
    return client


def unsubscribe_link(address: str, *, url: str, secret: str) -> str:
    """Give the link whose token only somebody with the secret can make; it shows no address."""
    return f"{url}?token={hmac.digest(secret.encode(), address.encode(), 'sha256').hex()}"
