"""The progress bar of long jobs, on standard error so that results stay clean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

Report = Callable[[str, float], None]  # what is being done, share done 0-1


@contextmanager
def bar() -> Iterator[Report]:
    """Give a function that moves the bar."""
    columns = (BarColumn(bar_width=24), TextColumn("{task.percentage:3.0f} %"),
               TimeElapsedColumn(), TextColumn("{task.description}"))  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=1.0)
        yield lambda what, share: progress.update(task, description=what, completed=share)


def part(progress: Report, first: float, last: float) -> Report:
    """Give a report function for the stretch from `first` to `last` of a longer job."""
    return lambda what, share: progress(what, first + (last - first) * share)


def silent(_what: str, _share: float) -> None:
    """Report nothing."""
