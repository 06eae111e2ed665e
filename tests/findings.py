"""What a check of the doctor found, and the time at which the tests ask."""

from __future__ import annotations

from datetime import UTC, datetime

from kawamori.doctor.finding import Finding, Found

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)  # Sunday 16:00 in Japan


def only(found: Found) -> Finding:
    (line,) = found
    return line


def names(found: list[Finding] | Found, state: str = "red") -> set[str]:
    return {line.check for line in found if line.state == state}
