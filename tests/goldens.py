"""Golden texts: every level, hazard, occasion, language and form, as people would read them.

Renew them after a change of wording, then read the difference: `python tests/goldens.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from advisory.types import Advice, Destination, Level, People
from advisory.types import Warning as OfficialWarning
from alerts.cap.telling import told
from alerts.compose import compose
from alerts.flex import read_text
from alerts.glossary import languages, sentences
from alerts.types import NEW, Observed, Occasion

FOLDER = Path(__file__).parent / "alerts" / "golden"
NOW = datetime(2026, 9, 8, 12, tzinfo=UTC)  # 21:00 in Japan
EARLIER = NOW - timedelta(minutes=90)
UNTIL = NOW + timedelta(hours=6)
MAP = "https://kawamori.example.jp/map/taira"
LEVELS = (Level.ELDERLY, Level.EVACUATE, Level.EMERGENCY)
FORMS = ("plain", "spoken", "urgent", "cap")


@dataclass(frozen=True)
class Case:
    """One text to be written in every language and form."""

    level: Level
    hazard: Any = "flood"
    occasion: Occasion = NEW
    finish_by: datetime | None = None
    drill: bool = False
    notes: tuple[str, ...] = field(default=())

    @property
    def name(self) -> str:
        """Give level, hazard and occasion in one line."""
        before = self.occasion.before
        since = "" if before is None else f" from {int(before)}"
        drill = " drill" if self.drill else ""
        return f"level {int(self.level)} {self.hazard} {self.occasion.kind}{since}{drill}"


ELDERLY, EVACUATE, EMERGENCY = LEVELS
CASES = (
    *(Case(level, hazard) for level in LEVELS for hazard in ("flood", "inland", "landslide")),
    Case(EVACUATE, occasion=Occasion("raised", before=ELDERLY)),
    Case(EMERGENCY, occasion=Occasion("raised", before=EVACUATE)),
    Case(ELDERLY, occasion=Occasion("lowered", before=EVACUATE)),
    Case(EVACUATE, occasion=Occasion("lowered", before=EMERGENCY)),
    Case(
        EVACUATE,
        occasion=Occasion("changed", earlier=EARLIER, changed=("shelters", "deadline")),
        finish_by=NOW + timedelta(hours=2),
    ),
    Case(EVACUATE, occasion=Occasion("corrected", earlier=EARLIER)),
    *(Case(level, occasion=Occasion("lifted")) for level in LEVELS),
    Case(EVACUATE, "landslide", Occasion("lifted")),
    Case(EVACUATE, occasion=Occasion("withdrawn", earlier=EARLIER)),
    Case(EVACUATE, drill=True, notes=("水位は模擬です。",)),
)


def advice(case: Case) -> Advice:
    """Give advice of the case's level; its forecast figures must reach no text."""
    return Advice(
        district_id="taira",
        name="平",
        level=case.level,
        issued_at=NOW,
        issue_by=NOW + timedelta(minutes=37),
        valid_until=UNTIL,
        reasons=(),
        counter_evidence=(),
        people=People(inside=4321, must_leave=2718),
        clearance=None,
        shelters=(
            Destination("s1", "平第一小学校", 100, 12.4),
            Destination("s2", "平第二小学校", 100, 25.0),
        ),
        digest="d" * 64,
    )


def facts(case: Case) -> dict[str, Any]:
    """Give what all forms of a case are told: measured levels, warnings, open shelters."""
    warning = OfficialWarning(
        "t1", "レベル4氾濫危険警報", EVACUATE, (), (), NOW - timedelta(hours=1), None
    )
    seen = Observed("夏井川", "鎌田", NOW - timedelta(minutes=10), 7.02, True, "danger", 7.0)
    of_river = case.hazard == "flood" and not case.occasion.ends
    return {
        "city_name": "いわき市",
        "expires": UNTIL,
        "drill": case.drill,
        "hazard": case.hazard,
        "occasion": case.occasion,
        "finish_by": case.finish_by,
        "river_names": ["夏井川"],
        "observed": [seen] if of_river else [],
        "warnings": [warning] if of_river else [],
        "open_shelters": {"s1", "s2"},
        "notes": case.notes,
    }


def message(case: Case, form: str, language: str) -> Any:
    """Give the message of a case."""
    given = advice(case)
    return compose(given, form=form, language=language, map_url=MAP, **facts(case))


def text_of(case: Case, form: str, language: str) -> str:
    """Give the text of a case as the golden file shows it."""
    if form == "cap":
        said = told(advice(case), language, **facts(case))
        return f"{said.event}\n{said.headline}"
    found = message(case, form, language)
    body = found.body.decode().rstrip("\n")
    if form == "spoken":  # said twice: once is enough to read
        body = body.split(f"\n{sentences(language)['repeat']}\n")[0]
    return f"{found.subject}\n{body}"


def pages() -> Iterator[tuple[Path, str]]:
    """Give every golden file with what it must hold."""
    for language in languages():
        for form in FORMS:
            if form == "urgent" and language != "ja":
                continue
            texts = [f"## {case.name}\n{text_of(case, form, language)}\n" for case in CASES]
            yield FOLDER / f"{language}.{form}.txt", "\n".join(texts)


def line_text(found: Any) -> str:
    """Give what a LINE bubble says."""
    return read_text(found.body)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, text in pages():
        path.write_text(text, encoding="utf-8")
