"""The storm of a soak as a feed on a server of our own: what was measured so far, or spoilt."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas as pd

from forecasting.sources.readings import readings_of
from forecasting.types import Observations, aware, utc64

FEED_FAULTS = ("down", "cut", "garbage", "late", "clock", "future")
BACK = timedelta(hours=3)  # that the feed tells each time: what was lost comes later
LATE = timedelta(minutes=40)


class Feed:
    """The storm as a CSV: what was measured up to `now`, spoilt as `fault` says."""

    def __init__(self, series: Observations) -> None:
        columns = {str(name): series["level_m"].sel(gauge=name).values
                   for name in series["gauge"].values}  # fmt: skip
        columns |= {str(name): series["rain_mm"].sel(rain_gauge=name).values
                    for name in series["rain_gauge"].values}  # fmt: skip
        self.table = pd.DataFrame(columns, index=pd.DatetimeIndex(series["time"].values))
        self.now, self.fault = aware(series["time"].values[0]), ""
        feed = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                feed.answer(self)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/table.csv"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        until = self.now - LATE if self.fault == "late" else self.now
        until += timedelta(hours=1) if self.fault == "future" else timedelta()
        rows = self.table.loc[utc64(self.now - BACK) : utc64(until)]
        body = rows.to_csv(index_label="time", date_format="%Y-%m-%d %H:%M").encode()
        if self.fault == "garbage":
            body = b"<html>\xe3\x81" + body[:50]
        handler.send_response_only(500 if self.fault == "down" else 200)
        clock = self.now + timedelta(hours=9 if self.fault == "clock" else 0)
        handler.send_header("Date", format_datetime(clock, usegmt=True))
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: len(body) // 2] if self.fault == "cut" else body)


def before(series: Observations, until: datetime) -> pd.DataFrame:
    """Give the readings of a series up to a time."""
    past = series.sel(time=slice(None, utc64(until)))
    rows = []
    for kind, dim in (("level_m", "gauge"), ("rain_mm", "rain_gauge")):
        for name in past[dim].values:
            values = past[kind].sel({dim: name}).values
            rows += [(kind, str(name), aware(at), float(value))
                     for at, value in zip(past["time"].values, values, strict=True)]  # fmt: skip
    return readings_of(rows)


def connect(folder: Path, feed: Feed) -> None:
    """Write the feed into the city.toml of a bundle that is the soak's own."""
    names = "\n".join(f'"{name}" = "{name}"' for name in feed.table.columns)
    text = (
        f'\n[[feed]]\nname = "storm"\nkind = "table"\nevery_s = 60\nurl = "{feed.url}"\n'
        f"utc_offset_h = 0\n[feed.columns]\n{names}\n"
    )
    path = folder / "city.toml"
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
