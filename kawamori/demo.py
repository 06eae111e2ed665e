"""The demo: the main job end to end on the best input this machine has."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from kawamori.drill import drill_to_report
from kawamori.progress import Report, silent
from kawamori.replay import replay_to_report
from kawamori.settings import Settings

CASES = ("jingwan-2020-08", "kotogawa-2023-07")


def run_demo(settings: Settings, progress: Report) -> list[Path]:
    """Drill Iwaki and replay two real floods where there is data, else drill the fictional town.

    The replays run in a process of their own beside the drill; the bar tells of the drill.
    """
    if settings.data is None or not settings.data.is_dir():
        return [drill_to_report("drill-town", None, settings, progress)]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as beside:
        replays = [beside.submit(replay_to_report, case, settings, silent) for case in CASES]
        folder = drill_to_report("iwaki", None, settings, progress)
        return [folder, *(replay.result() for replay in replays)]
