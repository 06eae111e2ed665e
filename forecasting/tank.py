"""The storage model: rain fills tanks, the level follows their outflow, its error fades.

The level above its low water is a sum of storages with weights >= 0 (non-negative least squares),
so rain never lowers the river. Ahead, the storages run out and take up forecast rain; the error
of the present level is carried on and fades with the lead. Where nothing is left to rain the
forecast falls, and a jump of a gauge moves it little: it fails where a regression does not.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from forecasting.features import Floats
from forecasting.inputs import Inputs
from forecasting.state import State
from forecasting.stores import HALF_LIVES_H, SETS, recession, response


@dataclass(frozen=True)
class Tank:
    """What each mm in the lower storages adds to the level (store). [m per mm]"""

    weights: Floats

    @classmethod
    def fit(cls, inputs: Inputs, rows: NDArray[np.intp]) -> Self:
        """Learn from rows whose storages and level are known."""
        lower, above = inputs.lower[rows], np.maximum(inputs.above_low_m[rows], 0.0)
        known = np.isfinite(lower).all(axis=1) & np.isfinite(above)
        if not known.any():
            return cls(np.zeros(len(SETS) * len(HALF_LIVES_H)))
        weights, _ = nnls(lower[known], above[known])
        return cls(np.asarray(weights, dtype=float))

    def rises_m(self, inputs: Inputs, steps: int, step_h: float) -> tuple[Floats, Floats]:
        """Give (rise of the simulated level, error of the present one), both (row). [m]

        Without forecast rain the sky is dry from now on. NaN where the rain is not known.
        """
        from_upper, from_lower = recession(steps, step_h)
        then = inputs.upper * from_upper + inputs.lower * from_lower
        if inputs.ahead_mm.shape[1]:
            fallen = inputs.ahead_mm[:, :steps] @ response(steps, step_h)
            then += np.hstack([fallen, fallen * inputs.runoff_share[:, None]])
        now = inputs.lower @ self.weights
        return then @ self.weights - now, inputs.above_low_m - now

    def state(self) -> State:
        """Give what was learned (forecasting.state)."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Give the tank that `state` was told by."""
        return cls(**state)
