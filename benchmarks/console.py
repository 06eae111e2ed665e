"""The console under load: `python -m benchmarks.console --json`.

On a stored run of Iwaki (`kawamori drill iwaki` first): server time of the situation page, 50,000
made-up polygons on its map in Chromium, 200 viewers who hear of a change and fetch what changed,
and how many requests a second the citizens' page answers, with the drill told as if it were real
and all that it advises ordered. Server and clients share the cores, each in a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Engine

from advisory.types import ORDERS
from alerts.ledger import append
from alerts.outbox import approve
from alerts.types import Audience
from benchmarks.machine import machine
from kawamori.console.accounts import account
from kawamori.console.sessions import open_session
from kawamori.map_layers import STORED, write_layers
from kawamori.run_map import MAP_DATA
from kawamori.settings import Settings
from kawamori.store import opened_store
from kawamori.stored_run import run_of

POLYGONS, VIEWERS, CHANGES, VISITS = 50_000, 200, 8, 40
CITIZEN = "/public"
CONNECTIONS, RATE_S = 8, 5.0
CHROMIUM = "/usr/bin/chromium"


def main() -> None:
    """Print the figures, as JSON on the last line if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--run", default="", help="folder name of a stored run; default: Iwaki's")
    parser.add_argument("--citizen", default=CITIZEN, help="path of the citizens' page")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--kept-s", type=float, default=5.0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve, given.kept_s)
        return
    with tempfile.TemporaryDirectory() as folder:
        figures = {"machine": machine(), **measure(Path(folder), given.run, given.citizen)}
    for name, value in figures.items():
        print(f"{name:22} {value}")
    if given.json:
        print(json.dumps(figures))


def measure(folder: Path, run: str, citizen: str) -> dict[str, Any]:
    """Give every figure of one desk in `folder`."""
    settings, name = make_desk(folder, run)
    cookie = f"kawamori-session={sign_in(settings)}"
    many = many_polygons(settings.out, name)
    shutil.copytree(settings.out / name, settings.out / "new")
    with served(folder) as url:
        start_s = asyncio.run(ready(url))
        page = asyncio.run(visits(f"{url}/", cookie))
        unseen = asyncio.run(visits(f"{url}/?run=new", cookie))
        figures = {"run": name, "start_s": start_s, **page}
        figures |= {"situation_new_ms": unseen["situation_first_ms"]}
        figures |= drawn(url, f"/map?run={many}", cookie)
        figures |= asyncio.run(viewers(url, cookie, settings))
    figures["orders"] = order_all(settings, name)
    with served(folder) as url:
        figures |= asyncio.run(citizens(url + citizen, "citizen_rps"))
    with served(folder, kept_s=0.0) as url:  # made anew for each request
        figures |= asyncio.run(citizens(url + citizen, "citizen_uncached_rps"))
    return figures


def order_all(settings: Settings, name: str) -> int:
    """Tell a stored drill as if it were real and order what it advises; give how many orders."""
    path = settings.out / name / "run.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    for text in record["messages"]:
        text |= {part: text[part].replace("【訓練】", "") for part in ("subject", "body")}
    path.write_text(json.dumps({**record, "drill": False}, ensure_ascii=False), encoding="utf-8")
    run, at = run_of({**record, "drill": False}), datetime.now(UTC)
    audience = [Audience("bench", "plain", ("nobody",))]
    ordered = 0
    with opened_store(settings.store_url) as engine, engine.begin() as connection:
        for advice in run.advice:
            texts = [
                one for one in run.messages
                if (one.district_id, one.form, one.household) == (advice.district_id, "plain", "")
            ]  # fmt: skip
            if texts and advice.level in ORDERS:
                approve(connection, run_id=run.run_id, advice=advice, messages=texts,
                        audiences=audience, first="one", second="two", at=at,
                        expires=at + timedelta(hours=1), drill=False)  # fmt: skip
                ordered += 1
    return ordered


def make_desk(folder: Path, run: str) -> tuple[Settings, str]:
    """Copy a stored run and the scripts into a desk of its own."""
    real = Settings()
    found = sorted(real.out.glob(f"{run or 'iwaki-*'}/{MAP_DATA}"))
    if not found:
        raise SystemExit(f"no stored run with a map in {real.out}. Make one: kawamori drill iwaki")
    source = found[-1].parent
    shutil.copytree(source, folder / "out" / source.name)
    shutil.copytree(real.assets, folder / "home" / "assets")
    return desk_in(folder), source.name


def desk_in(folder: Path, **more: Any) -> Settings:
    """Give the settings of the desk in `folder`."""
    return Settings(home=folder / "home", out=folder / "out", **more)


def sign_in(
    settings: Settings, roles: Sequence[str] = ("viewer",), *, at: datetime | None = None
) -> str:
    """Give a session with these roles; `at` None = it begins now."""
    at = at or datetime.now(UTC)
    row = {"account_id": "bench", "name": "bench", "roles": [*roles], "shelters": [], "at": at}
    with opened_store(settings.store_url) as engine, engine.begin() as connection:
        connection.execute(account.insert().values(**row, must_change=False, disabled=False))
        return open_session(connection, "bench", at=at, shift=timedelta(hours=2))


def many_polygons(out: Path, name: str, count: int = POLYGONS) -> str:
    """Store the run a second time with `count` small areas; give its name."""
    target = out / "many-polygons"
    shutil.copytree(out / name, target)
    path = target / MAP_DATA
    text = path.read_text(encoding="utf-8")
    begin = text.index("= {") + 2
    data = json.loads(text[begin : text.rindex("}") + 1])
    (south, west), (north, east) = data["bounds"]
    side = math.ceil(math.sqrt(count))
    high, wide = (north - south) / side, (east - west) / side
    pattern = data["water"][0]
    data["water"] = [
        {**pattern, "geometry": _square(west + at % side * wide, south + at // side * high,
                                        0.8 * wide, 0.8 * high)}
        for at in range(count)
    ]  # fmt: skip
    path.write_text(text[:begin] + json.dumps(data, ensure_ascii=False) + ";\n", encoding="utf-8")
    shutil.rmtree(target / STORED, ignore_errors=True)
    record = json.loads((target / "run.json").read_text(encoding="utf-8"))
    write_layers(run_of(record), target)
    return target.name


def _square(west: float, south: float, wide: float, high: float) -> dict[str, Any]:
    east, north = round(west + wide, 5), round(south + high, 5)
    west, south = round(west, 5), round(south, 5)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def serve(folder: Path, kept_s: float) -> None:
    """Serve the desk of `folder` on a free port, told on the first line."""
    import socket

    import uvicorn

    from kawamori.console.app import create_app

    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        # As asyncio sets it on the sockets it opens itself: no waiting for acknowledgements.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        print(listener.getsockname()[1], flush=True)
        app = create_app(desk_in(folder, citizen_kept_s=kept_s))
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
        uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def served(folder: Path, *, kept_s: float = 5.0) -> Iterator[str]:
    """Run the server in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.console", "--serve", str(folder)]
    command += ["--kept-s", str(kept_s)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.terminate()


async def ready(url: str) -> float:
    """Give how long the server, its modules loaded, took until it answered at all. [s]"""
    begin = time.perf_counter()
    reader, writer = await asyncio.open_connection(*_place(url))
    await ask(reader, writer, f"{url}/healthz", {})
    writer.close()
    return round(time.perf_counter() - begin, 2)


async def visits(url: str, cookie: str) -> dict[str, float]:
    """Give how long the page takes: the first time, then from memory. [ms]"""
    reader, writer = await asyncio.open_connection(*_place(url))
    times = []
    for _ in range(VISITS):
        begin = time.perf_counter()
        status, body = await ask(reader, writer, url, {"Cookie": cookie})
        times.append(1000 * (time.perf_counter() - begin))
        if status != 200:
            raise SystemExit(f"{url} must answer 200, got {status}.")
    writer.close()
    return {
        "situation_first_ms": round(times[0], 1),
        "situation_ms": round(statistics.median(times[1:]), 1),
        "situation_max_ms": round(max(times[1:]), 1),
        "situation_kb": round(len(body) / 1000, 1),
    }


def drawn(url: str, path: str, cookie: str) -> dict[str, Any]:
    """Give how long Chromium takes until every layer of a map is drawn."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context(viewport={"width": 1400, "height": 900})
        name, value = cookie.split("=", 1)
        context.add_cookies([{"name": name, "value": value, "url": url}])
        times = []
        for _ in range(3):  # the first one also makes the layer
            page = context.new_page()
            begin = time.perf_counter()
            html = page.goto(url + path)
            page.wait_for_selector("html[data-drawn]", state="attached", timeout=120_000)
            times.append(time.perf_counter() - begin)
            size = len(html.body()) if html else 0
            page.close()
        browser.close()
    return {
        "map_load_first_s": round(times[0], 2),
        "map_load_s": round(statistics.median(times), 2),
        "map_html_kb": round(size / 1000, 1),
        "map_features": POLYGONS,
    }


async def viewers(url: str, cookie: str, settings: Settings) -> dict[str, Any]:
    """Give how long a change takes to everybody: until heard, and until its part is there. [s]"""
    with opened_store(settings.store_url) as engine:
        return await _viewers(url, cookie, engine)


async def _viewers(url: str, cookie: str, engine: Engine) -> dict[str, Any]:
    heard: list[float] = []
    shown: list[float] = []
    changed_at = 0.0
    ready = 0

    async def look() -> None:
        nonlocal ready
        reader, writer = await asyncio.open_connection(*_place(url))
        send(writer, f"{url}/api/v1/events", {"Cookie": cookie})
        parts = await asyncio.open_connection(*_place(url))
        first = True
        while line := await reader.readline():
            if not line.startswith(b"event: log"):
                continue
            if first:
                first = False
                ready += 1
                continue
            heard.append(time.perf_counter() - changed_at)
            mark = (await reader.readline()).decode().removeprefix("data: ").strip()
            await ask(*parts, f"{url}/situation/log?mark={mark}", {"Cookie": cookie})
            shown.append(time.perf_counter() - changed_at)

    tasks = [asyncio.create_task(look()) for _ in range(VIEWERS)]
    while ready < VIEWERS:
        await asyncio.sleep(0.05)
    for number in range(CHANGES):
        await asyncio.sleep(1.5 + 0.07 * number)
        with engine.begin() as connection:
            append(connection, "bench", {"n": number}, by="bench", at=datetime.now(UTC))
        changed_at = time.perf_counter()
        while len(shown) < (number + 1) * VIEWERS:
            await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    return {
        "sse_viewers": VIEWERS,
        "sse_heard_p95_s": round(_quantile(heard, 0.95), 3),
        "sse_p95_s": round(_quantile(shown, 0.95), 3),
    }


async def citizens(url: str, name: str) -> dict[str, float | None]:
    """Give requests a second of the citizens' page; None where it does not answer."""
    reader, writer = await asyncio.open_connection(*_place(url))
    status, _ = await ask(reader, writer, url, {})
    writer.close()
    return {name: await rate(url) if status == 200 else None}


async def rate(url: str, headers: dict[str, str] | None = None, *, for_s: float = RATE_S) -> float:
    """Give how many GETs a second any address answers over a few kept connections."""
    end = time.perf_counter() + for_s

    async def one() -> int:
        reader, writer = await asyncio.open_connection(*_place(url))
        done = 0
        while time.perf_counter() < end:
            await ask(reader, writer, url, headers or {})
            done += 1
        writer.close()
        return done

    return round(sum(await asyncio.gather(*(one() for _ in range(CONNECTIONS)))) / for_s, 1)


def send(writer: asyncio.StreamWriter, url: str, headers: dict[str, str]) -> None:
    """Write one GET."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [f"GET {path} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())


async def ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, url: str, headers: dict[str, str]
) -> tuple[int, bytes]:
    """Give status and body of one GET on a kept connection."""
    send(writer, url, headers)
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    length = next(
        (int(line.split(":")[1]) for line in head.splitlines()
         if line.lower().startswith("content-length:")), 0,
    )  # fmt: skip
    return int(head.split(" ", 2)[1]), await reader.readexactly(length)


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return str(parts.hostname), int(parts.port or 80)


def _quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


if __name__ == "__main__":
    main()
