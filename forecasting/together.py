"""How the errors of the leads of one forecast go together, from held-out errors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from forecasting.features import Floats
from forecasting.spread import WET_CLASS, Standardised

LEAST_PAIRS = 100  # of wet errors at two leads, to tell how they go together


def lead_correlation(errors: Sequence[Sequence[Standardised]]) -> Floats:
    """Give how the errors of two leads of one wet issue time go together, (lead, lead).

    Normal scores of the errors' ranks in their lead, all gauges together; two leads with too few
    common rows are taken as one (1), which neither hides nor invents a peak between them.
    """
    scores = [_normal_scores(lead) for lead in errors]
    correlation = np.eye(len(errors))
    for one in range(len(errors)):
        for other in range(one):
            pairs = [_paired(a, b) for a, b in zip(scores[one], scores[other], strict=True)]
            both = np.concatenate(pairs, axis=1)
            known = both.shape[1] >= LEAST_PAIRS and (both.std(axis=1) > 0).all()
            together = np.mean(_standard(both[0]) * _standard(both[1])) if known else 1.0
            correlation[one, other] = together
            correlation[other, one] = correlation[one, other]
    return correlation


def _normal_scores(gauges: Sequence[Standardised]) -> list[tuple[NDArray[np.intp], Floats]]:
    """Give rows and normal scores of the wet errors of each gauge at one lead."""
    wet = [one.classes >= WET_CLASS for one in gauges]
    errors = np.concatenate([one.errors[kept] for one, kept in zip(gauges, wet, strict=True)])
    rank = np.argsort(np.argsort(errors, kind="stable"), kind="stable")
    score = ndtri((rank + 0.5) / max(len(errors), 1))
    ends = np.cumsum([int(kept.sum()) for kept in wet])[:-1]
    parts = np.split(score, ends)
    return [(one.rows[kept], part) for one, kept, part in zip(gauges, wet, parts, strict=True)]


def _standard(scores: Floats) -> Floats:
    return np.asarray((scores - scores.mean()) / scores.std())


def _paired(one: tuple[NDArray[np.intp], Floats], other: tuple[NDArray[np.intp], Floats]) -> Floats:
    """Give the scores (2, row) of the rows that both have."""
    _, first, second = np.intersect1d(one[0], other[0], return_indices=True)
    return np.stack([one[1][first], other[1][second]])
