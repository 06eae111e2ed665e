from __future__ import annotations

import pytest

from kawamori.approval import dispatch_waiting, open_channels, read_recipients
from kawamori.settings import Settings


def test_recipients_are_grouped_by_district_and_channel(tmp_path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("district_id,channel,address\na,email,x@e.jp\na,email,y@e.jp\nb,line,U1\n")
    assert read_recipients(path) == {("a", "email"): ("x@e.jp", "y@e.jp"), ("b", "line"): ("U1",)}


def test_bad_recipient_rows_are_all_named_without_their_addresses(tmp_path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("district_id,channel,address\na,fax,secret@e.jp\na,email,\n")
    with pytest.raises(ValueError, match=r"row 2.*row 3") as error:
        read_recipients(path)
    assert "secret" not in str(error.value)


def test_empty_recipient_file_names_its_columns(tmp_path) -> None:
    (tmp_path / "people.csv").write_text("")
    with pytest.raises(ValueError, match=r"missing \['address', 'channel', 'district_id'\]"):
        read_recipients(tmp_path / "people.csv")


def test_dispatch_without_any_channel_says_what_to_set(tmp_path) -> None:
    with pytest.raises(ValueError, match=r"KAWAMORI_SMTP_HOST.*KAWAMORI_LINE_TOKEN"):
        list(dispatch_waiting(Settings(home=tmp_path)))


def test_token_is_in_no_repr(tmp_path) -> None:
    settings = Settings(home=tmp_path, line_token="very-secret")
    assert set(open_channels(settings)) == {"line"}
    assert "very-secret" not in repr(settings) + repr(open_channels(settings))
