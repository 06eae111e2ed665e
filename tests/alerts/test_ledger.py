from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError

from alerts.ledger import Head, append, append_all, faults, read, read_head
from alerts.ledger_tables import FIRST, head, ledger

AT = datetime(2026, 9, 8, 12, tzinfo=UTC)


def chain(count: int) -> list:
    """Give a sound chain without a database."""
    from alerts.ledger import _chained

    texts = [("login", json.dumps({"n": number}).replace(" ", "")) for number in range(count)]
    return list(_chained(Head(), texts, "佐藤", AT))


def end(entries) -> Head:
    return Head(entries[-1].number, entries[-1].digest)


def write(engine, count=3):
    with engine.begin() as connection:
        append_all(connection, [("login", {"n": n}) for n in range(count)], by="佐藤", at=AT)


def check(engine):
    with engine.connect() as connection:
        return list(faults(read(connection), read_head(connection)))


def test_a_row_s_digest_is_the_sha256_of_its_canonical_json(engine):
    with engine.begin() as connection:
        entry = append(connection, "login", {"b": 1, "a": "川"}, by="佐藤", at=AT)
    plain = (
        '{"at":"2026-09-08T12:00:00+00:00","by":"佐藤","facts":{"a":"川","b":1},'
        f'"kind":"login","number":1,"previous":"{FIRST}"}}'
    )
    assert entry.digest == sha256(plain.encode()).hexdigest()


def test_rows_are_chained_and_read_back_as_written(engine):
    write(engine)
    write(engine)
    with engine.connect() as connection:
        rows = list(read(connection))
        assert read_head(connection) == end(rows)
    assert [row.number for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row.previous for row in rows] == [FIRST, *(row.digest for row in rows[:-1])]
    assert (rows[0].at, check(engine)) == (AT, [])


def test_an_empty_ledger_holds(engine):
    assert check(engine) == []


def test_a_transaction_that_fails_leaves_no_row_and_no_gap(engine):
    write(engine)

    def fail():
        with engine.begin() as connection:
            append(connection, "login", {}, by="佐藤", at=AT)
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        fail()
    write(engine)
    with engine.connect() as connection:
        assert [row.number for row in read(connection)] == [1, 2, 3, 4, 5, 6]
    assert check(engine) == []


@pytest.mark.parametrize(
    "change",
    [
        update(ledger).values(kind="other"),
        update(ledger).where(ledger.c.number == 2).values(by="鈴木"),
        delete(ledger).where(ledger.c.number == 3),
        update(head).values(number=1),
        delete(head),
    ],
)
def test_the_database_refuses_to_rewrite_it(engine, change):
    write(engine)
    with pytest.raises(DBAPIError, match=r"only ever added|never goes back"), engine.begin() as c:
        c.execute(change)
    assert check(engine) == []


def test_writers_at_once_make_one_chain(engine):
    def work(name):
        for number in range(10):
            with engine.begin() as connection:
                append(connection, "login", {"n": number}, by=name, at=AT)

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.connect() as connection:
        rows = list(read(connection))
    assert [row.number for row in rows] == list(range(1, 41))  # 4 writers x 10 rows
    assert check(engine) == []


@pytest.mark.parametrize(
    "facts",
    [{"who": "a.b@mail.example"}, {"who": ["U" + "0f" * 16]}, {"U" + "0f" * 16: 1}],
)
def test_a_citizen_s_address_is_refused_and_not_shown(engine, facts):
    with pytest.raises(ValueError, match="no mail address") as caught, engine.begin() as connection:
        append(connection, "sent", facts, by="worker", at=AT)
    assert "mail.example" not in str(caught.value)
    assert "0f0f" not in str(caught.value)


@pytest.mark.parametrize("facts", [{"x": float("nan")}, {"x": {1, 2}}, {"x": datetime(2026, 1, 1)}])  # noqa: DTZ001
def test_facts_that_are_no_json_are_refused(engine, facts):
    with pytest.raises(ValueError, match="facts of 'sent' must be JSON"), engine.begin() as c:
        append(c, "sent", facts, by="worker", at=AT)


def test_a_naive_time_and_an_empty_kind_are_refused(engine):
    with pytest.raises(ValueError, match="aware"), engine.begin() as connection:
        append(connection, "x", {}, by="b", at=AT.replace(tzinfo=None))
    with pytest.raises(ValueError, match="empty"), engine.begin() as connection:
        append(connection, " ", {}, by="b", at=AT)


def test_a_changed_row_is_named():
    rows = chain(5)
    rows[2] = replace(rows[2], facts='{"n":99}')
    assert list(faults(rows, end(rows))) == [
        "row 3 was changed: its contents do not have its digest"
    ]


def test_a_changed_row_with_a_new_digest_is_named_by_the_next():
    rows = chain(5)
    forged = replace(rows[2], by="誰か")
    rows[2] = replace(forged, digest=forged.computed())
    (found,) = faults(rows, end(rows))
    assert found.startswith("row 4 does not follow row 3")


def test_a_removed_row_is_named():
    rows = chain(5)
    assert list(faults([*rows[:2], *rows[3:]], end(rows))) == [
        "row 3 is missing: row 4 stands after row 2"
    ]


def test_rows_removed_at_either_end_are_named():
    rows = chain(5)
    assert list(faults(rows[2:], end(rows))) == [
        "rows 1 to 2 are missing: row 3 stands after row 0"
    ]
    assert list(faults(rows[:3], end(rows))) == ["rows 4 to 5 are missing at the end"]


def test_an_inserted_row_is_named():
    rows = chain(5)
    forged = replace(rows[2], by="誰か")
    found = list(faults([*rows[:3], forged, *rows[3:]], end(rows)))
    assert found[0] == "row 3 was put in or moved: it stands after row 3"


def test_reordered_rows_are_named():
    rows = chain(4)
    found = list(faults([rows[0], rows[2], rows[1], rows[3]], end(rows)))
    assert "row 2 is missing: row 3 stands after row 1" in found
    assert "row 2 was put in or moved: it stands after row 3" in found


def test_a_change_of_mere_white_space_is_a_change():
    rows = chain(2)
    rows[0] = replace(rows[0], facts='{"n": 0}')
    assert list(faults(rows, end(rows))) == [
        "row 1 was changed: its contents do not have its digest"
    ]


def test_rows_exchanged_in_the_database_are_found(engine):
    write(engine)
    drop = {
        "sqlite": "DROP TRIGGER ledger_no_update",
        "postgresql": "DROP TRIGGER ledger_only_grows ON ledger",
    }
    with engine.begin() as connection:
        connection.execute(text(drop[engine.dialect.name]))
        for old, new in ((1, 99), (2, 1), (99, 2)):
            connection.execute(update(ledger).where(ledger.c.number == old).values(number=new))
    assert {name.split(":")[0] for name in check(engine)} >= {
        "row 1 was changed",
        "row 2 was changed",
    }


@given(
    st.integers(0, 5),
    st.sampled_from(["number", "previous", "at", "by", "kind", "facts", "digest"]),
)
def test_no_field_of_any_row_can_change_unnoticed(which, name):
    rows = chain(6)
    other = {
        "number": 7, "previous": "1" * 64, "at": AT.replace(hour=13), "by": "x", "kind": "x",
        "facts": "{}", "digest": "2" * 64,
    }  # fmt: skip
    rows[which] = replace(rows[which], **{name: other[name]})
    assert list(faults(rows, end(chain(6))))
