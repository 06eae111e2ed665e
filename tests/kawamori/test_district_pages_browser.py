"""A district's page printed by a real browser: one sheet of A4, however much there is to say."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser

from kawamori.district_pages import BLOCKS_SHOWN, DENSE_ROWS, ROWS_SHOWN, write_district_pages
from kawamori.run import Run
from shelters.types import GROUP_COLUMNS, check_shelters

pytestmark = pytest.mark.browser


def crowded(run: Run, shelters: int) -> Run:
    """Give the run with people of one district in so many shelters, from many blocks each."""
    assert run.city.shelters is not None
    assert run.allocation is not None
    one = run.city.shelters.iloc[[0] * shelters].copy()
    one.index = pd.Index([f"S{at}" for at in range(shelters)], name="shelter_id")
    one["name"] = [f"川上中央第{at}小学校体育館" for at in range(shelters)]
    one["address"] = "川上市川上町大字川上字川上前 123番地の45"
    rows = [
        (f"{at}-{block}", "d1", f"川上町{block}丁目字下川原", "general", f"S{at}", 30 + at,
         20.0 + block, 20.0 + block, None)
        for at in range(shelters) for block in range(BLOCKS_SHOWN + 3)
    ]  # fmt: skip
    rows += [
        (
            f"u{at}",
            "d1",
            "川下",
            "general",
            None,
            5000,
            None,
            None,
            f"行き先がない長い理由 ({at})",
        )
        for at in range(4)
    ]
    notes = tuple(f"{at} は仮定: 公式の資料になく一律に置いた値" for at in range(10))
    groups = pd.DataFrame(rows, columns=list(GROUP_COLUMNS))
    return dataclasses.replace(
        run,
        city=dataclasses.replace(run.city, shelters=check_shelters(one), notes=notes),
        allocation=dataclasses.replace(run.allocation, groups=groups),
        routes=None,
    )


def test_a_page_takes_one_sheet_with_few_shelters_and_with_many(
    chromium: Browser, made_run: Run, tmp_path: Path
) -> None:
    for shelters in (1, DENSE_ROWS, DENSE_ROWS + 1, ROWS_SHOWN, 30):
        folder = tmp_path / str(shelters)
        (page,) = write_district_pages(crowded(made_run, shelters), folder)
        sheet = chromium.new_page()
        sheet.goto((folder / f"{page.stem}.html").as_uri())
        printed = sheet.pdf(prefer_css_page_size=True, print_background=True)
        assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1, shelters
        more = sheet.get_by_text("ほかの避難先").count()
        assert more == (1 if shelters > ROWS_SHOWN else 0)
        sheet.close()
