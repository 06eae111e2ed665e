"""Pinned scripts are fetched once, checked twice and never half-written."""

from __future__ import annotations

import base64
import hashlib
import io
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from kawamori.assets import (
    AssetError,
    AssetFile,
    Package,
    fetch_assets,
    find_npm,
    main,
    read_manifest,
)

SCRIPT = b"window.chart = 1;"
FakeNpm = Callable[[bytes], str]


def archive(content: bytes) -> bytes:
    """The archive npm would give for a package with one file dist/chart.js."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        member = tarfile.TarInfo("package/dist/chart.js")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def package(packed: bytes, content: bytes = SCRIPT) -> Package:
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(packed).digest()).decode()
    file = AssetFile("dist/chart.js", "chart.js", hashlib.sha256(content).hexdigest())
    return Package("chart", "1.0.0", "MIT", integrity, (file,))


@pytest.fixture
def fake_npm(tmp_path: Path) -> FakeNpm:
    """A program with npm's command line that gives a prepared archive and counts its calls."""

    def make(packed: bytes) -> str:
        (tmp_path / "source.tgz").write_bytes(packed)
        program = tmp_path / "npm"
        program.write_text(
            f"#!{sys.executable}\n"
            "import shutil, sys\n"
            f"open({str(tmp_path / 'calls')!r}, 'a').write(' '.join(sys.argv[1:3]) + chr(10))\n"
            "target = sys.argv[sys.argv.index('--pack-destination') + 1]\n"
            f"shutil.copy({str(tmp_path / 'source.tgz')!r}, target + '/chart-1.0.0.tgz')\n"
        )
        program.chmod(0o755)
        return str(program)

    return make


def test_first_run_writes_and_second_run_does_nothing(tmp_path: Path, fake_npm: FakeNpm) -> None:
    packed = archive(SCRIPT)
    npm, folder = fake_npm(packed), tmp_path / "assets"
    assert fetch_assets(folder, [package(packed)], npm=npm) == ["chart.js"]
    assert fetch_assets(folder, [package(packed)], npm=npm) == []
    assert [path.name for path in folder.iterdir()] == ["chart.js"]
    assert (folder / "chart.js").read_bytes() == SCRIPT
    assert (tmp_path / "calls").read_text() == "pack chart@1.0.0\n"


def test_a_changed_file_is_replaced(tmp_path: Path, fake_npm: FakeNpm) -> None:
    packed = archive(SCRIPT)
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "chart.js").write_bytes(SCRIPT[:5])  # torn by a power cut
    written = fetch_assets(tmp_path / "assets", [package(packed)], npm=fake_npm(packed))
    assert written == ["chart.js"]
    assert (tmp_path / "assets" / "chart.js").read_bytes() == SCRIPT


def test_an_archive_that_is_not_the_pinned_one_writes_nothing(
    tmp_path: Path, fake_npm: FakeNpm
) -> None:
    npm = fake_npm(archive(b"hostile"))
    with pytest.raises(AssetError, match=r"chart@1\.0\.0 must have integrity sha512-"):
        fetch_assets(tmp_path / "assets", [package(archive(SCRIPT))], npm=npm)
    assert list((tmp_path / "assets").iterdir()) == []


def test_a_file_that_is_not_the_listed_one_writes_nothing(
    tmp_path: Path, fake_npm: FakeNpm
) -> None:
    packed = archive(b"other")
    with pytest.raises(AssetError, match=r"dist/chart\.js must have sha256"):
        fetch_assets(tmp_path / "assets", [package(packed)], npm=fake_npm(packed))
    assert list((tmp_path / "assets").iterdir()) == []


def test_an_npm_that_fails_is_quoted_with_what_to_do(tmp_path: Path) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho no route to host >&2\nexit 1\n")
    npm.chmod(0o755)
    with pytest.raises(AssetError, match=r"no route to host\n.*python -m kawamori\.assets"):
        fetch_assets(tmp_path / "assets", [package(archive(SCRIPT))], npm=str(npm))


def test_an_npm_that_gives_nothing_is_named(tmp_path: Path) -> None:
    with pytest.raises(AssetError, match="must give one archive, got 0"):
        fetch_assets(tmp_path / "assets", [package(archive(SCRIPT))], npm="/bin/true")


def test_npm_of_the_path_is_used_first(
    tmp_path: Path, fake_npm: FakeNpm, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm = fake_npm(b"")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_npm() == npm


def test_command_ends_with_2_and_one_message_when_nothing_can_be_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho no route to host >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("KAWAMORI_HOME", str(tmp_path / "home"))
    assert main() == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "no route to host" in said.err


def test_manifest_pins_exact_versions_with_both_digests() -> None:
    packages = read_manifest()
    assert {entry.name for entry in packages} == {"axe-core", "htmx.org", "leaflet", "uplot"}
    assert all(entry.integrity.startswith("sha512-") for entry in packages)
    assert all(len(file.sha256) == 64 for entry in packages for file in entry.files)
    assert packages[0].version == "1.9.4"  # Leaflet 2 drops what Folium writes
