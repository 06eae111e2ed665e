"""Lines of the log: one event each, nobody's address."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

from kawamori.logs import JsonLines, TextLines


def record(message: str, *values: Any, fault: Any = None) -> logging.LogRecord:
    return logging.LogRecord("kawamori.x", logging.WARNING, "", 1, message, values, fault)


def test_a_json_line_tells_time_level_logger_and_message() -> None:
    event = record("feed %s is silent", "rain")
    event.created = 0.0
    assert json.loads(JsonLines().format(event)) == {
        "at": "1970-01-01T00:00:00.000Z",
        "level": "warning",
        "logger": "kawamori.x",
        "message": "feed rain is silent",
    }


def test_addresses_and_secrets_are_blotted_out_in_both_forms() -> None:
    told = f"taro@example.jp U{'0' * 32} Bearer abc kwm_{'x' * 30} 山の手"
    for form in (JsonLines(), TextLines()):
        line = form.format(record(told))
        assert "taro" not in line
        assert "U00" not in line
        assert "abc" not in line
        assert "xxx" not in line
        assert "山の手" in line


def test_a_fault_is_one_line_with_its_kind() -> None:
    try:
        raise ValueError("hanako@example.jp is wrong")
    except ValueError:
        line = JsonLines().format(record("failed", fault=sys.exc_info()))
    assert "\n" not in line
    assert json.loads(line)["fault"] == "ValueError"
    assert "hanako" not in line
