"""What a figure was measured on, and how long and how large a piece of work was."""

from __future__ import annotations

import os
import platform
import re
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def machine() -> dict[str, Any]:
    """Give the size of this machine and how busy it is with other work."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "python": platform.python_version(),
        "load_1min": round(os.getloadavg()[0], 1),
    }


def peak_rss_mb() -> float:
    """Give the largest resident size of this process so far.

    Linux: VmHWM, for `ru_maxrss` also counts what the parent held when it started this process.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        if line is not None:
            return round(int(line[1]) / 2**10, 1)
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(size / (2**20 if sys.platform == "darwin" else 2**10), 1)


def seconds(work: Callable[[], Any], *, times: int = 5) -> float:
    """Give the median time of a piece of work, the first run (which warms up) left out."""
    taken = []
    for _ in range(times + 1):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return round(statistics.median(taken[1:]), 4)


def timed(work: Callable[[], Any], name: str, *, times: int = 1) -> dict[str, float]:
    """Give wall and CPU seconds of a piece of work as `NAME_s` and `NAME_cpu_s`.

    More than one time: the medians, the first run (which warms up) left out. CPU time of all
    threads counts, that of other processes does not.
    """
    wall, cpu = [], []
    for _ in range(times + (times > 1)):
        starts = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - starts[0])
        cpu.append(time.process_time() - starts[1])
    told = {f"{name}_s": wall, f"{name}_cpu_s": cpu}
    return {key: round(statistics.median(one[-times:]), 4) for key, one in told.items()}
