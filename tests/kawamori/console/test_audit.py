"""The audit page: newest first, filtered, in pages, and a file that proves itself."""

from __future__ import annotations

import re

import pytest

from alerts.ledger import append
from alerts.ledger_file import file_faults


@pytest.fixture
def auditor(console):
    """Give an officer's browser of a ledger of 120 rows, every tenth by sato."""
    browser = console.browser("officer")
    with console.engine.begin() as connection:
        for number in range(120):
            by = "sato" if number % 10 == 0 else "ito"
            append(connection, "test.done", {"n": number}, by=by, at=console.clock())
    return browser


def _numbers(text: str) -> list[int]:
    return [int(n) for n in re.findall(r'<th scope="row" class="num">(\d+)</th>', text)]


def test_newest_row_stands_first_and_pages_go_back_to_the_first(auditor) -> None:
    seen, path = [], "/audit"
    while path:
        text = auditor.get(path).text
        seen += _numbers(text)
        found = re.search(r'rel="next" href="([^"]+)"', text)
        path = found[1].replace("&amp;", "&") if found else ""
    assert seen == list(range(max(seen), 0, -1))
    assert len(seen) >= 120


def test_filter_by_person_and_kind(auditor) -> None:
    assert len(_numbers(auditor.get("/audit?by=sato").text)) == 12  # every tenth of 120
    assert _numbers(auditor.get("/audit?kind=no.such").text) == []


def test_export_is_whole_and_proves_itself(auditor) -> None:
    answer = auditor.get("/audit/ledger.jsonl")
    rows = answer.text.splitlines()
    assert len(rows) >= 121  # 120 rows and the head
    assert list(file_faults(rows)) == []
    rows[5] = rows[5].replace("ito", "sato")
    assert list(file_faults(rows)) != []


@pytest.mark.parametrize("query", ["before=0", "before=x", f"by={'x' * 65}", "before=99999999999"])
def test_bad_query_is_refused(auditor, query: str) -> None:
    assert auditor.get(f"/audit?{query}").status_code == 422


def test_hostile_facts_are_text(console) -> None:
    browser = console.browser("officer")
    with console.engine.begin() as connection:
        facts = {"name": "<img src=x onerror=alert(1)>"}
        append(connection, "<b>", facts, by='"><script>', at=console.clock())
    text = browser.get("/audit").text
    assert "<img src=x" not in text
    assert '"><script>' not in text
