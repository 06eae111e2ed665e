"""Dependencies: what may not be shipped is named, and silence of the service is not safety."""

from __future__ import annotations

import pytest

from kawamori.dependencies import LOCK, audit_faults, licence_faults, licence_of, pinned


def test_a_lock_is_read_by_name_and_version_markers_aside() -> None:
    lock = "numpy==2.4.6 ; python_full_version < '3.12' \\\n    --hash=sha256:00\nnumpy==2.5.5\n"
    assert pinned(lock) == {"numpy": "2.4.6"}


def test_every_installed_package_of_the_lock_may_be_shipped() -> None:
    licences = {name: licence_of(name) for name in pinned(LOCK.read_text(encoding="utf-8"))}
    assert sum(licence is not None for licence in licences.values()) > 80
    assert licence_faults(licences) == []


@pytest.mark.parametrize(
    "licence", ["GPL-3.0-only", "AGPL-3.0-or-later", "GNU General Public License v3 (GPLv3)", ""]
)
def test_a_copyleft_or_untold_licence_is_named(licence: str) -> None:
    (fault,) = licence_faults({"thing": licence, "other": "MIT", "absent": None})
    assert fault.startswith("thing: licence must be permissive")


@pytest.mark.parametrize("licence", ["MIT", "LGPL-3.0-only", "MPL-2.0", "BSD-3-Clause"])
def test_permissive_and_library_licences_pass(licence: str) -> None:
    assert licence_faults({"thing": licence}) == []


def test_a_vulnerability_is_named_with_its_remedy_and_the_unaudited_are_counted() -> None:
    report = {
        "dependencies": [
            {"name": "a", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]},
            {"name": "b", "version": "2.0", "vulns": []},
            {"name": "c", "skip_reason": "not found"},
        ]
    }
    assert audit_faults(report) == (["a 1.0: PYSEC-1, fixed in ['1.1']"], 1)
