"""Open data as CSV by 自治体標準オープンデータセット: shelters, and evacuation orders.

The standard has a table for 指定緊急避難場所; it has none for orders, so theirs keeps its code and
first columns and adds plain ones. UTF-8 with BOM. People are told in tens (`anonymity`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from advisory.types import ORDERS, Level
from kawamori.cityos.anonymity import K, tens
from kawamori.console.api.decisions import Decision
from kawamori.run import Run
from kawamori.words import JST
from shelters.municipal import HAZARD_COLUMNS
from shelters.types import HAZARDS

SHELTER_COLUMNS = (
    "全国地方公共団体コード", "ID", "名称", "名称_カナ", "名称_英字",
    "所在地_全国地方公共団体コード", "町字ID", "所在地_連結表記", "所在地_都道府県",
    "所在地_市区町村", "所在地_町字", "所在地_番地以下", "建物名等(方書)", "緯度", "経度", "標高",
    "電話番号", "内線番号", "連絡先メールアドレス", "連絡先FormURL",
    "連絡先備考（その他、SNSなど）", "郵便番号", "市区町村コード", "地方公共団体名",
    *HAZARD_COLUMNS, "指定避難所との重複", "想定収容人数", "対象となる町会・自治会", "URL", "画像",
    "画像_ライセンス", "備考",
)  # fmt: skip
ORDER_COLUMNS = (
    "全国地方公共団体コード", "ID", "地方公共団体名", "地区名", "警戒レベル", "避難情報",
    "発令日時", "有効期限", "立退き対象人数", "備考",
)  # fmt: skip


def code6(code: str) -> str:
    """Give the code of a municipality with its check digit (全国地方公共団体コード, 6 digits).

    Raises
    ------
    ValueError
        If the code has neither five nor six digits.

    >>> code6("38201")
    '382019'
    """
    if not (code.isascii() and code.isdigit() and len(code) in (5, 6)):
        raise ValueError(f"code must have 5 digits, got {code!r}. Correct city.toml.")
    if len(code) == 6:
        return code
    total = sum(int(digit) * weight for digit, weight in zip(code, range(6, 1, -1), strict=True))
    return f"{code}{(11 - total % 11) % 10}"


def shelter_csv(run: Run, places: Mapping[str, tuple[float, float]]) -> bytes:
    """Give the list of shelters; capacities that are only assumed are left blank."""
    rows = []
    code, known = code6(run.city.code), run.city.shelters
    for key, row in () if known is None else known.iterrows():
        lon, lat = places.get(str(key), ("", ""))
        listed = row["capacity_source"] == "listed" and not pd.isna(row["capacity"])
        flags = zip(HAZARD_COLUMNS, HAZARDS, strict=True)
        rows.append(
            {
                "全国地方公共団体コード": code,
                "ID": str(key),
                "名称": row["name"],
                "所在地_全国地方公共団体コード": code,
                "所在地_連結表記": row["address"],
                "緯度": lat,
                "経度": lon,
                "市区町村コード": code,
                "地方公共団体名": run.city.name,
                **{column: "1" if hazard in row["hazard_ok"] else "" for column, hazard in flags},
                "指定避難所との重複": "1" if "evacuation" in row["kinds"] else "",
                "想定収容人数": int(row["capacity"]) if listed else "",
                "備考": "【訓練】架空または訓練の一覧" if run.drill else "",
            }
        )
    return plain_csv(SHELTER_COLUMNS, rows)


def order_csv(run: Run, orders: Sequence[Decision]) -> bytes:
    """Give the orders in force with how many people must leave, in tens."""
    people = {item.district_id: item.people.must_leave for item in run.advice}
    names, code, mark = run.city.districts["name"], code6(run.city.code), "【訓練】" * run.drill
    rows: list[dict[str, Any]] = [
        {
            "全国地方公共団体コード": code,
            "ID": one.approval_id,
            "地方公共団体名": run.city.name,
            "地区名": mark + str(names.get(one.district_id, one.district_id)),
            "警戒レベル": one.level,
            "避難情報": ORDERS[Level(one.level)],
            "発令日時": one.at.astimezone(JST).isoformat(timespec="minutes"),
            "有効期限": one.expires.astimezone(JST).isoformat(timespec="minutes"),
            "立退き対象人数": tens(people.get(one.district_id)),
            "備考": _note(people.get(one.district_id)),
        }
        for one in orders
    ]
    return plain_csv(ORDER_COLUMNS, rows)


def _note(count: int | None) -> str:
    if count is None:
        return "人数は不明"
    return f"人数は{K}人単位(切り捨て)" if count >= K else f"{K}人未満のため人数を示さない"


def plain_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Give a table as CSV for people's table programs: BOM, no cell that is a formula."""
    out = io.StringIO()
    table = csv.DictWriter(out, columns, restval="", lineterminator="\r\n")
    table.writeheader()
    table.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _plain(value: Any) -> Any:
    """Give a value that no table program takes for a formula."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r", "\n"):
        return f"'{value}"
    return value
