"""Who may stay upstairs (屋内安全確保) and who must leave (立退き).

A person stays only where the water cannot reach the floor of the highest storey, no collapse zone
of a river that floods lies there, and the water goes before supplies run out. Floor levels follow
the official rank table, in which water below 0.5 m stays under the ground floor, below 3 m under
the first floor, and each storey adds about 3 m [1]_; a rank counts with its upper end.

References
----------
.. [1] 国土交通省: 水害ハザードマップ作成の手引き (浸水深と階: 0.5 m 1階床下, 3 m 1階, 5 m 2階).
.. [2] 内閣府: 避難情報に関するガイドライン (屋内安全確保の3条件: 家屋倒壊等氾濫想定区域にない,
   浸水しない居室がある, 浸水が引くまで我慢でき水・食糧などの備えがある).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hazard.codes import DURATION_RANKS

GROUND_FLOOR_M = 0.5
STOREY_M = 3.0
CLASSES = ("must_leave", "may_stay", "unknown")
MUST_LEAVE, MAY_STAY, UNSURE = range(3)


@dataclass(frozen=True)
class StayRules:
    """What a city accepts for staying upstairs.

    `longest_rank` is the last tolerable duration rank: 3 = below 72 h, the three days for which
    households are asked to keep supplies. Where no duration is published it forbids nothing,
    unless `duration_needed`: then people in water from 0.5 m are `unknown`.
    """

    longest_rank: int = 3
    duration_needed: bool = False

    def __post_init__(self) -> None:
        if self.longest_rank not in (0, *DURATION_RANKS):
            raise ValueError(
                f"longest_rank must be one of {[0, *DURATION_RANKS]}, got {self.longest_rank}."
                " Correct the policy."
            )


def highest_floor_m(floors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Give the height of the highest storey's floor above ground; NaN for unknown floors. [m]"""
    return np.where(floors <= 1, GROUND_FLOOR_M, STOREY_M * (floors - 1))


def kinds(depth_m: Any, collapse: Any, duration_rank: Any, floor_m: Any, rules: StayRules) -> Any:
    """Give the place in CLASSES of buildings inside the water.

    Parameters
    ----------
    depth_m
        Upper end of depth, -inf where only a collapse zone lies. [m]
    duration_rank
        0 = no duration is known.
    floor_m
        Of `highest_floor_m`; NaN = number of floors unknown. [m]
    """
    deep = depth_m > GROUND_FLOOR_M
    leave = collapse | (depth_m > floor_m)  # the comparison is False where floors are unknown
    leave |= deep & (duration_rank > rules.longest_rank)
    unsure = deep & np.isnan(floor_m)
    if rules.duration_needed:
        unsure |= deep & (duration_rank == 0)
    return np.where(leave, MUST_LEAVE, np.where(unsure, UNSURE, MAY_STAY)).astype(np.int8)
