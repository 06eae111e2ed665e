"""Lists of people as others keep them: order, encodings, bad rows, and no data in an error."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kawamori.recipient_list import PeopleList, read_address, read_people, read_recipients

NOW = datetime(2026, 9, 1, tzinfo=UTC)
USER = "U" + "0" * 31 + "1"
HEAD = "district_id,language,household,consent_at,consent_source,line,email,needs\n"
ROW = f"taira,ja,general,2026-04-01,窓口,{USER},a@mail.example,\n"


def read(text, encoding="utf-8", **how):
    return read_people(text.encode(encoding), now=NOW, **how)


def test_a_row_becomes_a_person():
    (one,) = read(HEAD + ROW).people
    assert (one.district_id, one.language, one.household) == ("taira", "ja", "general")
    assert one.consent_at == datetime(2026, 3, 31, 15, tzinfo=UTC)  # midnight in Japan
    assert one.addresses == (("line", USER), ("email", "a@mail.example"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encodings_and_separators_do_not_matter(encoding, separator):
    text = (HEAD + ROW).replace(",", separator)
    assert read(text, encoding).people == read(HEAD + ROW).people


def test_columns_may_stand_in_any_order_under_japanese_headings():
    text = "メール,同意元,要配慮,世帯,氏名,地区,言語,同意日\n" + (
        "Ａ＠mail.example,窓口,車いす、乳幼児,高齢者,誰か,平,やさしい日本語,2026/4/1\n"
    )
    found = read(text, districts={"taira": "平"})
    (one,) = found.people
    assert (one.district_id, one.language, one.household) == ("taira", "ja-x-easy", "elderly")
    assert (one.needs, one.addresses) == (("infant", "wheelchair"), (("email", "a@mail.example"),))
    assert found.ignored == ("氏名",)


def test_every_bad_row_is_named_by_number_without_a_word_of_it():
    private = "secret-person"
    bad = [
        f"taira,xx,general,2026-04-01,窓口,{USER},,",
        f"taira,ja,{private},2026-04-01,窓口,{USER},,",
        f"taira,ja,general,{private},窓口,{USER},,",
        f"taira,ja,general,2026-04-01,,{USER},,",
        "taira,ja,general,2026-04-01,窓口,,,",
        f"taira,ja,general,2026-04-01,窓口,{private},,",
        f"taira,ja,general,2026-04-01,窓口,,{private},",
        f"taira,ja,general,2026-04-01,窓口,{USER},,{private}",
        f"taira,ja,general,2027-04-01,窓口,{USER},,",
        f"{private},ja,general,2026-04-01,窓口,{USER},,",
        "taira",
    ]
    found = read(HEAD + ROW + "\n".join(bad) + "\n\n" + ROW, districts={"taira": "平"})
    # rows 3 to 13 are bad; row 14 is empty and no fault
    assert [each.partition(":")[0] for each in found.faults] == [f"row {n}" for n in range(3, 14)]
    assert len(found.people) == 2
    assert private not in " ".join(found.faults)


def test_people_show_no_address_in_repr():
    said = repr(read(HEAD + ROW))
    assert USER not in said
    assert "mail.example" not in said


@pytest.mark.parametrize("raw", [b"", b"\n", b"a,b\n", HEAD.replace("line", "language").encode()])
def test_a_file_that_is_no_such_list_names_the_columns(raw):
    with pytest.raises(ValueError, match="must have columns"):
        read_people(raw, now=NOW)


def test_bytes_that_are_no_text_say_how_to_save_them():
    with pytest.raises(ValueError, match="CP932"):
        read_people(b"\x81\x00\xff\xff", now=NOW)


@given(st.binary(max_size=200))
def test_no_bytes_whatever_break_the_reader(raw):
    with suppress(ValueError):  # not text at all
        assert isinstance(read_people(HEAD.encode() + raw, now=NOW), PeopleList)


def test_a_quote_that_is_never_closed_is_named():
    with pytest.raises(ValueError, match="open quote"):
        read(HEAD + '"' + "x" * 200_000)


@pytest.mark.parametrize(
    ("channel", "text", "kept"),
    [
        ("line", USER, USER),
        ("line", "U123", None),
        ("line", USER.upper(), USER if USER.upper() == USER else None),
        ("email", "A@Mail.example", "a@mail.example"),
        ("email", "a b@mail.example", None),
        ("webpush", "https://push.example/1", "https://push.example/1"),
        (
            "webpush",
            '{"endpoint":"https://push.example/1"}',
            '{"endpoint":"https://push.example/1"}',
        ),
        ("webpush", "http://push.example/1", None),
        ("webpush", "{broken", None),
    ],
)
def test_addresses_are_kept_in_one_form(channel, text, kept):
    assert read_address(channel, text) == kept


def test_recipients_are_grouped_by_district_and_channel(tmp_path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("district_id,channel,address\na,email,x@e.jp\na,email,y@e.jp\nb,line,U1\n")
    assert read_recipients(path) == {("a", "email"): ("x@e.jp", "y@e.jp"), ("b", "line"): ("U1",)}


def test_bad_recipient_rows_are_all_named_without_their_addresses(tmp_path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("district_id,channel,address\na,fax,secret@e.jp\na,email,\n")
    with pytest.raises(ValueError, match=r"row 2, row 3") as error:
        read_recipients(path)
    assert "secret" not in str(error.value)


def test_empty_recipient_file_names_its_columns(tmp_path) -> None:
    (tmp_path / "people.csv").write_text("")
    with pytest.raises(ValueError, match=r"missing \['address', 'channel', 'district_id'\]"):
        read_recipients(tmp_path / "people.csv")
