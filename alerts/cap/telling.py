"""What a CAP message says in one language: the same passages as every other public text."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from advisory.types import Advice
from advisory.types import Warning as OfficialWarning
from alerts.cap.notice import Told
from alerts.compose import words_of
from alerts.glossary import sentences, term
from alerts.passages import end, what_and_where, who_and_why
from alerts.types import Observed


def told(
    advice: Advice,
    language: str,
    *,
    city_name: str,
    expires: datetime,
    drill: bool,
    river_names: Sequence[str] = (),
    observed: Sequence[Observed] = (),
    warnings: Sequence[OfficialWarning] = (),
    open_shelters: Collection[str] | None = None,
    notes: Sequence[str] = (),
) -> Told:
    """Give event, headline, description and instruction; parameters as of `alerts.compose`."""
    said = sentences(language)
    words = words_of(advice, language, city_name, river_names, expires)
    start = term("drill", language) if drill else ""
    who = who_and_why(words, advice, language, observed=observed, warnings=warnings)
    what = what_and_where(words, advice, language, open_shelters=open_shelters)
    return Told(
        language=language,
        event=words["order"],
        headline=start + said[f"level_{int(advice.level)}"]["headline"].format(**words),
        description="\n".join([*([said["drill_note"]] if drill else []), *who]),
        instruction="\n".join([*what, *end(words, language, notes)]),
    )
