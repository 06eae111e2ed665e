"""How much each member counts: weights from floods that the members had not seen."""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls

from forecasting.features import Floats

TRUST_EQUAL = 0.5  # pull to equal weights, as a share of the size of the problem
SUM_TO_ONE = 1e3  # weight of the row that makes the sum 1, before it is made exact


def member_weights(rises_m: Floats, truth_m: Floats) -> Floats:
    """Give weights (member) >= 0 that sum to 1 and make the squared error least.

    Parameters
    ----------
    rises_m
        Rise that each member forecast on floods it had not seen, (row, member). [m]
    truth_m
        The rise that came, (row). [m] Rows with a missing value are left out.

    Few floods tell little: the weights are pulled towards equal ones, the more the less the
    members differ. Without a row they are equal.
    """
    members = rises_m.shape[1]
    equal = np.full(members, 1 / members)
    known = np.isfinite(rises_m).all(axis=1) & np.isfinite(truth_m)
    error = rises_m[known] - truth_m[known, None]
    if not len(error) or not np.any(error):
        return equal
    # Because the weights sum to 1, the error of the mix is the mix of the errors.
    size = np.sqrt(np.mean(error**2) * len(error))
    pull = np.sqrt(TRUST_EQUAL) * size
    rows = [error, pull * np.eye(members), SUM_TO_ONE * size * np.ones((1, members))]
    wanted = [np.zeros(len(error)), pull * equal, [SUM_TO_ONE * size]]
    weights, _ = nnls(np.vstack(rows), np.concatenate(wanted))
    return np.asarray(weights / weights.sum(), dtype=float)
