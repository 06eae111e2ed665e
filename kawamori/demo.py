"""The demo: the main job end to end on the best input this machine has."""

from __future__ import annotations

from pathlib import Path

from kawamori.drill import drill_to_report
from kawamori.progress import Report, part
from kawamori.replay import replay_to_report
from kawamori.settings import Settings

CASES = ("jingwan-2020-08", "kotogawa-2023-07")


def run_demo(settings: Settings, progress: Report) -> list[Path]:
    """Drill Iwaki and replay two real floods where there is data, else drill the fictional town."""
    if settings.data is None or not settings.data.is_dir():
        return [drill_to_report("drill-town", None, settings, progress)]
    folders = [drill_to_report("iwaki", None, settings, part(progress, 0.0, 0.6))]
    for number, case in enumerate(CASES):
        stretch = part(progress, 0.6 + 0.2 * number, 0.8 + 0.2 * number)
        folders.append(replay_to_report(case, settings, stretch))
    return folders
