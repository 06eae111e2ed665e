from __future__ import annotations

from uuid import uuid4

import pytest

from alerts.types import Batch, Message, RetryableError
from kawamori.mail import mail_channel, unsubscribe_link
from kawamori.settings import Settings

TEXT = Message("m", "taira", "ja", "mail", "警戒レベル4 避難指示", b"text\n")


def settings_for(double, **changes):
    changes.setdefault("mail_from", "bousai@city.example")
    return Settings(smtp_host="127.0.0.1", smtp_port=double.port, **changes)


def batch():
    return Batch(str(uuid4()), "m", "email", ("a@example.org",))


def test_a_mail_goes_with_the_link_and_bounce_address_of_the_settings(smtp_double):
    channel = mail_channel(
        settings_for(
            smtp_double,
            mail_verp=True,
            unsubscribe_url="https://city.example/stop",
            unsubscribe_secret="s3cret",
        )
    )
    channel.send(batch(), TEXT)
    channel.close()
    (_, mail), *_ = smtp_double.mails
    token = unsubscribe_link("a@example.org", url="https://city.example/stop", secret="s3cret")
    assert mail["List-Unsubscribe"] == f"<{token}>"
    assert smtp_double.senders == ["bousai+a=example.org@city.example"]


def test_links_differ_by_person_and_secret_and_show_no_address():
    links = {
        unsubscribe_link(address, url="https://c.example", secret=secret)
        for address in ("a@example.org", "b@example.org")
        for secret in ("x", "y")
    }
    assert len(links) == 4
    assert not any("example.org" in link for link in links)


def test_without_tls_at_the_server_nothing_goes_in_the_clear(smtp_double):
    channel = mail_channel(settings_for(smtp_double, smtp_tls=True, smtp_user="kawamori"))
    with pytest.raises(RetryableError, match="SMTPNotSupportedError"):
        channel.send(batch(), TEXT)
    assert smtp_double.mails == []


def test_a_login_without_tls_is_refused():
    with pytest.raises(ValueError, match="SMTP_TLS"):
        mail_channel(Settings(smtp_host="x", smtp_user="kawamori"))


def test_an_unsubscribe_page_without_a_secret_is_refused():
    with pytest.raises(ValueError, match="UNSUBSCRIBE_SECRET"):
        mail_channel(Settings(smtp_host="x", unsubscribe_url="https://city.example/stop"))


def test_no_secret_is_in_a_repr():
    settings = Settings(
        smtp_host="x", smtp_password="very-secret", unsubscribe_secret="very-secret"
    )
    assert "very-secret" not in repr(settings) + repr(mail_channel(settings))
