"""The line of a run beside its record: it counts only for the record that it was written for."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime

import pytest

from kawamori.run_line import LINE, RECORD, Listed, keep_line, read_line, stamp_of, write_record

RECORDED = {
    "run_id": "r1",
    "issued_at": "2026-06-30T15:00:00Z",
    "drill": False,
    "city": {"name": "川守町"},
    "advice": [{"level": 2}, {"level": 4}, {"level": None}],
}
# Levels 2, 4 and UNKNOWN: the highest is 4, one is not known.
TOLD = Listed("town", "r1", datetime(2026, 6, 30, 15, tzinfo=UTC), False, "川守町", 4, 1)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "town"
    made.mkdir()
    write_record(made, json.dumps(RECORDED, ensure_ascii=False))
    return made


def line(folder):
    stamp = stamp_of(str(folder))
    assert stamp is not None
    return read_line(str(folder), folder.name, stamp)


def test_the_line_tells_the_record_without_reading_it(folder):
    assert line(folder) == TOLD
    assert json.loads((folder / RECORD).read_text()) == RECORDED


@pytest.mark.parametrize("levels", [[], [None, None]])
def test_where_no_level_is_known_the_line_says_so(folder, levels):
    write_record(folder, json.dumps({**RECORDED, "advice": [{"level": one} for one in levels]}))
    found = line(folder)
    assert found is not None
    assert (found.highest, found.unknown) == (None, len(levels))


def test_a_record_that_was_cut_has_no_line(folder):
    written = (folder / RECORD).stat().st_mtime_ns
    (folder / RECORD).write_text((folder / RECORD).read_text()[:-1])
    os.utime(folder / RECORD, ns=(written, written))
    assert line(folder) is None


def test_a_record_that_was_changed_later_has_no_line(folder):
    later = (folder / LINE).stat().st_mtime_ns + 1
    os.utime(folder / RECORD, ns=(later, later))
    assert line(folder) is None


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"bytes": 0}', "\xff"])
def test_a_line_that_is_none_does_not_count(folder, text):
    (folder / LINE).write_bytes(text.encode("latin-1"))
    assert line(folder) is None
    (folder / LINE).unlink()
    assert line(folder) is None


def test_a_folder_without_record_has_no_stamp(tmp_path):
    (tmp_path / "file").write_text("x")
    assert stamp_of(str(tmp_path)) is None
    assert stamp_of(str(tmp_path / "file")) is None
    assert stamp_of(str(tmp_path / "none")) is None


def test_a_record_of_an_older_program_gets_its_line_and_a_bad_one_none(folder):
    (folder / LINE).unlink()
    keep_line(folder)
    assert line(folder) == TOLD
    written = (folder / LINE).stat().st_mtime_ns
    keep_line(folder)  # again: nothing to do
    assert (folder / LINE).stat().st_mtime_ns == written
    (folder / LINE).unlink()
    (folder / RECORD).write_text("{}")
    keep_line(folder)
    assert not (folder / LINE).exists()
