"""`kawamori city check` tells each official layer of a bundle."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from kawamori.cli import app
from kawamori.official_files import check_official_files


def test_tiny_city_has_one_official_layer(tiny_home) -> None:
    lines, readable = check_official_files(tiny_home / "cities" / "tiny")
    assert lines[1] == ("A31a-20 想定最大規模 試験川: 公式 A31a-20-26_00_0000000001_10.geojson")
    # Five sub-layers of one river and three of the whole city; one is there.
    assert lines[-1] == "計 8: 公式 1、模式 (公式の図ではない) 0、なし 7、読めない 0"
    assert readable


def test_command_prints_the_lines_and_fails_on_a_broken_file(tiny_home) -> None:
    folder = tiny_home / "cities" / "tiny"
    assert CliRunner().invoke(app, ["city", "check", str(folder)]).exit_code == 0
    (folder / "layers" / "A33-23_07.geojson").write_text("broken")
    result = CliRunner().invoke(app, ["city", "check", str(folder)])
    assert result.exit_code == 1
    assert "読めない: A33-23_07.geojson" in result.output


def test_folder_that_is_no_city_is_named(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match=r"gauges\.toml is missing"):
        check_official_files(tmp_path)
