"""What a CAP message says in one language: the same passages as every other public text."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from advisory.types import Advice
from advisory.types import Warning as OfficialWarning
from alerts.cap.notice import Told
from alerts.glossary import sentences, term
from alerts.passages import end, what_and_where, who_and_why
from alerts.tale import tell
from alerts.types import NEW, Hazard, Observed, Occasion


def told(
    advice: Advice,
    language: str,
    *,
    city_name: str,
    expires: datetime,
    drill: bool,
    hazard: Hazard = "flood",
    occasion: Occasion = NEW,
    finish_by: datetime | None = None,
    river_names: Sequence[str] = (),
    observed: Sequence[Observed] = (),
    warnings: Sequence[OfficialWarning] = (),
    open_shelters: Collection[str] | None = None,
    notes: Sequence[str] = (),
) -> Told:
    """Give event, headline, description and instruction; parameters as of `alerts.compose`."""
    tale = tell(
        advice, language, city_name=city_name, expires=expires, hazard=hazard, occasion=occasion,
        finish_by=finish_by, river_names=river_names, observed=observed,
        open_shelters=open_shelters,
    )  # fmt: skip
    start = term("drill", language) if drill else ""
    note = [sentences(language)["drill_note"]] if drill else []
    who = who_and_why(tale, observed=observed, warnings=warnings)
    return Told(
        language=language,
        event=tale.words["order"],
        headline=start + tale.headline,
        description="\n".join([*note, *who]),
        instruction="\n".join([*what_and_where(tale), *end(tale, notes)]),
    )
