"""The report folder: whole or absent, readable offline, honest about what is unknown."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from advisory.types import Level
from alerts.types import Message
from forecasting.types import Observations
from kawamori.charts import hydrographs
from kawamori.record import forecast_dataset
from kawamori.report import Step, message_texts, render, script, step, write_report
from kawamori.run import Forecaster, Run


def page(run: Run, **more: object) -> str:
    return render(run, hydrographs(run), **more)  # type: ignore[arg-type]


def test_folder_holds_page_record_and_forecast(
    made_run: Run, chart_assets: Path, tmp_path: Path
) -> None:
    write_report(made_run, tmp_path / "out" / "town", assets=chart_assets)
    names = {path.name for path in (tmp_path / "out" / "town").iterdir()}
    assert names >= {"index.html", "data.js", "run.json", "forecast.nc", "assets"}
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["town"]


def test_forecast_file_opens_and_equals(made_run: Run, chart_assets: Path, tmp_path: Path) -> None:
    write_report(made_run, tmp_path / "town", assets=chart_assets)
    with xr.open_dataset(tmp_path / "town" / "forecast.nc") as stored:
        xr.testing.assert_equal(stored.load(), forecast_dataset(made_run))
        assert stored["lead"].dtype == np.dtype("timedelta64[ns]")
        assert stored.attrs["Conventions"] == "CF-1.11"


def test_failed_report_leaves_the_earlier_one_and_nothing_half_written(
    made_run: Run, chart_assets: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "out" / "town"
    write_report(made_run, folder, assets=chart_assets)
    before = (folder / "run.json").read_bytes()
    broken = dataclasses.replace(made_run, forecast=made_run.forecast.drop_vars("level_m"))
    with pytest.raises(KeyError):
        write_report(broken, folder, assets=chart_assets)
    assert (folder / "run.json").read_bytes() == before
    assert [path.name for path in folder.parent.iterdir()] == ["town"]


def test_report_that_cannot_take_its_place_gives_it_back(
    made_run: Run, chart_assets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out" / "town"
    write_report(made_run, folder, assets=chart_assets)
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if path.name.endswith(".part"):
            raise OSError("disk full")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OSError, match="disk full"):
        write_report(made_run, folder, assets=chart_assets)
    assert [path.name for path in folder.parent.iterdir()] == ["town"]


def test_second_report_replaces_the_first(
    made_run: Run, chart_assets: Path, tmp_path: Path
) -> None:
    write_report(made_run, tmp_path / "town", assets=chart_assets)
    again = dataclasses.replace(made_run, run_id="again")
    write_report(again, tmp_path / "town", assets=chart_assets)
    assert json.loads((tmp_path / "town" / "run.json").read_text())["run_id"] == "again"


def test_the_page_says_when_the_promoted_model_forecast(made_run: Run) -> None:
    assert "昇格" not in page(made_run)
    champion = Forecaster("champion", "gbm", champion="abcdef" * 10)
    assert "昇格したモデル <code>abcdefabcdef</code>" in page(
        dataclasses.replace(made_run, forecaster=champion)
    )


def test_folder_of_something_else_is_not_replaced(
    made_run: Run, chart_assets: Path, tmp_path: Path
) -> None:
    (tmp_path / "notes").mkdir()
    with pytest.raises(ValueError, match=r"without run\.json"):
        write_report(made_run, tmp_path / "notes", assets=chart_assets)


def test_missing_chart_script_is_named_with_the_remedy(made_run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=r"uPlot.*python -m kawamori\.assets"):
        write_report(made_run, tmp_path / "town", assets=tmp_path / "empty")


def test_page_shows_level_by_number_and_word_with_deadline_in_jst(made_run: Run) -> None:
    text = page(made_run)
    assert '<span class="digit">4</span><span class="word">避難指示</span>' in text
    # Issued 15:00 UTC = midnight JST of 1 July; the deadline is 40 minutes on.
    assert "7/1 00:40" in text
    assert "2026年7月1日(水) 00:00" in text


def test_unknown_district_is_hatched_and_never_zero_people(made_run: Run) -> None:
    text = page(made_run)
    card = text.split('class="card unknown">')[1].split("有効期限")[0]
    assert '<span class="digit">?</span><span class="word">不明</span>' in card
    assert "立退きが必要</dt><dd>不明" in card
    assert not re.search(r"[^0-9]0人", text)


def test_drill_and_stand_ins_are_said_in_the_banner(made_run: Run) -> None:
    banner = page(made_run).split('class="banner"')[1].split("</div>")[0]
    for said in ("【訓練】", "水位は模擬", "模式", "下橋", "下町"):
        assert said in banner


def test_missing_parts_are_named_with_the_reason(bare_run: Run) -> None:
    text = page(bare_run)
    for said in ("浸水想定区域なし", "避難所一覧なし", "避難所割当なし", "助言なし", "未接続"):
        assert said in text


def test_messages_stand_as_sent_with_digest_and_are_not_approved(made_run: Run) -> None:
    text = page(made_run)
    for message in made_run.messages:
        assert message.sha256 in text
    # The LINE text as people read it and inside its object, and the mail.
    assert text.count("【訓練】警戒レベル4 避難指示。上町の皆さん、高台小学校へ。") == 3
    assert text.count("未承認") == len(made_run.messages)


def test_line_texts_are_read_from_their_objects_and_shown_raw_otherwise() -> None:
    def drafted(form: str, body: str) -> Message:
        return Message("m", "d1", "ja", form, "", body.encode())

    two = '[{"type":"text","text":"a"},{"type":"text","text":"b"}]'
    assert message_texts(drafted("line", two)) == ["a\nb"]
    assert message_texts(drafted("line", '[{"type":"image"}]')) == ['[{"type":"image"}]']
    assert message_texts(drafted("line", "broken")) == ["broken"]
    assert message_texts(drafted("mail", two)) == [two]


def test_unverified_rule_is_flagged(made_run: Run) -> None:
    assert page(made_run).count("原文未確認") == 1


def test_truth_is_labelled_as_unknown_at_the_time(made_run: Run, later: Observations) -> None:
    assert "実績(予測時には未知)" not in page(made_run)
    with_truth = render(made_run, hydrographs(made_run, truth=later))
    assert "実績(予測時には未知)" in with_truth


def test_history_tells_what_was_said_when(made_run: Run) -> None:
    earlier = Step(
        made_run.issued_at - timedelta(hours=1), {"d1": Level.ELDERLY}, {"up": 3.1}, {"up": None}
    )
    text = page(made_run, history=[earlier, step(made_run)])
    table = text.split('<table class="history">')[1].split("</table>")[0]
    assert "高齢者等避難" in table
    assert "3.10 → 不明" in table
    # A district that the earlier step does not name is UNKNOWN then, and is UNKNOWN now.
    assert table.count('<span class="word">不明</span>') == 2


def test_step_holds_levels_readings_and_peaks(made_run: Run) -> None:
    said = step(made_run)
    assert said.levels == {"d1": Level.EVACUATE, "d2": Level.UNKNOWN}
    assert said.observed_m == {"up": 3.6, "down": None}
    assert said.peak_m == {"up": 4.8, "down": None}  # 3.6 + 6 * 0.2 m


def test_no_name_from_data_becomes_markup(hostile_run: Run) -> None:
    text = page(hostile_run)
    assert "<img" not in text
    assert text.count("</script>") == 3  # the page's own three


def test_page_has_no_inline_handler_style_or_remote_address(made_run: Run) -> None:
    text = page(made_run)
    assert not re.search(r"<[^>]*\son[a-z]+=", text)
    assert "style=" not in text
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", text)


def test_script_data_cannot_end_the_script() -> None:
    text = script("X", {"name": "</script><!--\u2028&"})
    assert "<" not in text
    assert "\u2028" not in text
    value = text.split("window.X = ")[1].rstrip(";\n")
    assert json.loads(value) == {"name": "</script><!--\u2028&"}


def test_run_without_any_place_says_that_there_is_no_map(made_run, tmp_path, chart_assets):
    nowhere = made_run.city.districts.set_geometry([None, None], crs="EPSG:6668")
    run = dataclasses.replace(made_run, city=dataclasses.replace(made_run.city, districts=nowhere))
    write_report(run, tmp_path / "report", assets=chart_assets)
    page = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert "地図なし: 地区の位置データがありません" in page
    assert not (tmp_path / "report" / "map.html").exists()
