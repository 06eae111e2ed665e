"""What one gauge has learned: members mixed by floods not seen, and what stands in for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from forecasting.fallback import ARX, LATE, MIX, PERSISTENCE, TREND
from forecasting.features import Floats
from forecasting.floods import held_out
from forecasting.guard import Guard
from forecasting.inputs import Inputs
from forecasting.lines import Form, best_form, plain_form
from forecasting.member import KINDS, Leads, Member
from forecasting.spread import Spread
from forecasting.state import State
from forecasting.weights import member_weights

# Hours without rain or rise are many and alike: one in twelve is learned from, with their weight.
CALM_RAIN_MM, CALM_RISE_M, CALM_KEPT = 1.0, 0.05, 12
ENOUGH_FOLDS = 4


@dataclass(frozen=True)
class Teaching:
    """What is learned from: rows of `inputs` with a fold each, and the rises (time, lead)."""

    inputs: Inputs
    rises_m: Floats
    rows: NDArray[np.intp]
    fold: NDArray[np.intp]  # (time)
    leads: Leads
    form: Form | None = None  # of the lines; None = the plain one

    def formed(self) -> Teaching:
        """Give the same with the form of the lines chosen, on the lively rows held out."""
        lively = ~calm(self.inputs)
        folds = [(seen, out[lively[out]], weight) for seen, out, weight in self.folds()]
        form = best_form(self.inputs, self.rises_m, folds, self.leads.steps)
        return replace(self, form=form)

    def folds(self) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], Floats]]:
        """Give (rows to learn from, rows held out, weights of the first) of each fold."""
        for seen, out in held_out(self.inputs.known.times, self.rows, self.fold):
            kept, weight = self.thinned(seen)
            yield kept, out, weight

    def thinned(self, rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], Floats]:
        """Give the rows to learn from and their weights: of the calm ones, a few for all."""
        still = calm(self.inputs.take(rows))
        kept = ~still | ((np.cumsum(still) - 1) % CALM_KEPT == 0)
        return rows[kept], np.where(still, float(CALM_KEPT), 1.0)[kept]


@dataclass(frozen=True)
class GaugeMix:
    """The members of each fold, their weights per lead, spreads of the errors, and the guard."""

    members: Mapping[str, tuple[Member, ...]]  # by kind, one per fold
    weights: Floats  # (lead, kind of KINDS)
    spreads: Mapping[str, tuple[Spread, ...]]  # by name of the chain, one per lead
    guard: Guard

    def rises_m(self, name: str, inputs: Inputs) -> tuple[Floats, NDArray[np.bool_]]:
        """Give the rise (row, lead) by a name of the chain, and where the guard cut it. [m]"""
        if name == PERSISTENCE:
            rises_m = np.zeros((len(inputs), len(self.weights)))
        elif name == MIX:
            each = [self._mean(kind, inputs) for kind in KINDS]
            rises_m = np.einsum("rlk,lk->rl", np.stack(each, axis=2), self.weights)
        else:
            rises_m = self._mean(name_of_member(name), inputs)
        bounded = self.guard.bound(rises_m, inputs.known.column("above_base_m"))
        return bounded, bounded != rises_m

    def _mean(self, kind: str, inputs: Inputs) -> Floats:
        each = [member.rises_m(inputs) for member in self.members[kind]]
        return np.asarray(np.mean(each, axis=0), dtype=float)

    def state(self) -> State:
        """Give what was learned (forecasting.state)."""
        return {
            "members": {kind: [one.state() for one in all_] for kind, all_ in self.members.items()},
            "weights": self.weights,
            "spreads": {name: [one.state() for one in all_] for name, all_ in self.spreads.items()},
            "guard": self.guard.state(),
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Give the mix that `state` was told by."""
        return cls(
            {
                kind: tuple(Member.from_state(one) for one in all_)
                for kind, all_ in state["members"].items()
            },
            state["weights"],
            {
                name: tuple(Spread.from_state(one) for one in all_)
                for name, all_ in state["spreads"].items()
            },
            Guard.from_state(state["guard"]),
        )


def name_of_member(name: str) -> str:
    """Give the kind of member that a fallback of the chain uses, kept apart from the mix's own."""
    return {ARX: "arx, blind", LATE: "arx, late", TREND: "trend"}[name]


def learn_members(
    kinds: Sequence[str], taught: Teaching, *, seed: int
) -> tuple[dict[str, tuple[Member, ...]], dict[str, Floats]]:
    """Give the members of each kind and their rises (time, lead) held out.

    There is one member per fold; with fewer than `ENOUGH_FOLDS` each has seen too few floods, and
    one member that has seen all of them takes their place after they have told their errors.
    """
    members: dict[str, list[Member]] = {kind: [] for kind in kinds}
    form = taught.form or plain_form(len(taught.leads.steps))
    held = {kind: np.full(taught.rises_m.shape, np.nan) for kind in kinds}
    for number, (seen, out, weight) in enumerate(taught.folds()):
        inputs, out_inputs = taught.inputs.take(seen), taught.inputs.take(out)
        for kind in kinds:
            told = (taught.leads, inputs, taught.rises_m[seen], weight)
            member = Member.fit(kind, *told, form=form, seed=seed + number)
            held[kind][out] = member.rises_m(out_inputs)
            members[kind].append(member)
    if 1 < len(members[kinds[0]]) < ENOUGH_FOLDS:
        rows, weight = taught.thinned(taught.rows)
        inputs = taught.inputs.take(rows)
        for kind in kinds:
            whole = (taught.leads, inputs, taught.rises_m[rows], weight)
            members[kind] = [Member.fit(kind, *whole, form=form, seed=seed)]
    return {kind: tuple(all_) for kind, all_ in members.items()}, held


def mix_weights(held: Mapping[str, Floats], taught: Teaching) -> Floats:
    """Give the weight of each kind of `KINDS` at each lead, (lead, kind), from lively rows."""
    lively = taught.rows[~calm(taught.inputs)[taught.rows]]
    each = np.stack([held[kind][lively] for kind in KINDS], axis=2)
    truth_m = taught.rises_m[lively]
    leads = range(truth_m.shape[1])
    return np.stack([member_weights(each[:, lead], truth_m[:, lead]) for lead in leads])


def calm(inputs: Inputs) -> NDArray[np.bool_]:
    """Tell the rows without recent rain, rain ahead or rise; a missing one is not calm."""
    known = inputs.known
    quiet = np.abs(known.column("rise_12_m")) < CALM_RISE_M
    if "rain_24_mm" in known.names:
        quiet &= known.column("rain_24_mm") < CALM_RAIN_MM
    if inputs.ahead_mm.shape[1]:
        quiet &= inputs.ahead_mm.sum(axis=1) < CALM_RAIN_MM
    return np.asarray(quiet, dtype=bool)
