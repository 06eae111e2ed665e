"""Sending what waits: which channels the settings open."""

from __future__ import annotations

import pytest

from kawamori.dispatch import dispatch_waiting, open_channels
from kawamori.settings import Settings


def test_dispatch_without_any_channel_says_what_to_set(tmp_path) -> None:
    with pytest.raises(ValueError, match=r"KAWAMORI_SMTP_HOST.*KAWAMORI_LINE_TOKEN"):
        list(dispatch_waiting(Settings(home=tmp_path)))


def test_token_is_in_no_repr(tmp_path) -> None:
    settings = Settings(home=tmp_path, line_token="very-secret")
    assert set(open_channels(settings)) == {"line"}
    assert "very-secret" not in repr(settings) + repr(open_channels(settings))
