"""Answer one task with the peers it names: `python -m benchmarks.peers.run FOLDER`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from benchmarks.peers.task import Task

MODULES = {"mlforecast": "nixtla", "skforecast": "direct_multivariate", "lstm": "lstm"}


def main() -> None:
    """Write one answer per peer beside the task."""
    folder = Path(sys.argv[1])
    task, series = Task.read(folder)
    libraries = dict.fromkeys(peer.split("-")[0] for peer in task.peers)
    for library in libraries:
        module = importlib.import_module(f"benchmarks.peers.{MODULES[library]}")
        for answer in module.answers(task, series):
            answer.write(folder)
            print(f"{task.name}: {answer.name} {answer.times}", flush=True)


if __name__ == "__main__":
    main()
