"""Setting up language, district and household, one button after the other.

What was chosen so far travels in the buttons, so nothing is kept before the last one: pressing it
is the consent.
"""

from __future__ import annotations

from collections.abc import Mapping

from alerts.bot.replies import BUTTONS_MAX, Reply, menu, press, reply
from alerts.bot.types import Profile, Scene, World
from alerts.bot.words import phrases
from alerts.glossary import languages
from alerts.types import HOUSEHOLDS
from alerts.wording import clean, district_name

PAGE = BUTTONS_MAX - 1  # a place is left for the button to the next page
NEXT = "▶"


def enrolling(
    scene: Scene, world: World, user_id: str, chosen: Mapping[str, str], language: str
) -> list[Reply]:
    """Ask for what is still open, or take the person into the registry.

    Parameters
    ----------
    chosen
        `own` (language), `district`, `household` and `page`, as the buttons carry them.
    """
    own = chosen.get("own", "")
    if own not in languages():
        return reply([phrases(language)["ask_language"]], _languages())
    said = phrases(own)
    district_id = chosen.get("district", "")
    if district_id not in scene.districts:
        return reply([said["consent"], said["ask_district"]], _districts(scene, own, chosen))
    household = chosen.get("household", "")
    if household not in HOUSEHOLDS:
        known = {"do": "settings", "own": own, "district": district_id}
        kinds = [press(said[kind], **known, household=kind) for kind in HOUSEHOLDS]
        return reply([said["ask_household"]], kinds)
    try:
        world.keep(user_id, Profile(district_id, own, household))
    except ValueError:  # its text may hold the user id
        return reply([said["not_saved"]], menu(own))
    name = district_name(scene.districts[district_id], own)
    return reply([said["saved"].format(district=name, household=said[household])], menu(own))


def _languages() -> list[object]:
    return [
        press(phrases(name)["language"], do="settings", own=name, lang=name)
        for name in sorted(languages(), key=lambda name: not name.startswith("ja"))
    ]


def _districts(scene: Scene, own: str, chosen: Mapping[str, str]) -> list[object]:
    names = list(scene.districts.items())
    page = int(chosen["page"]) if chosen.get("page", "").isdecimal() else 0
    first = page * PAGE if len(names) > BUTTONS_MAX and page * PAGE < len(names) else 0
    known = {"do": "settings", "own": own}
    shown = names[first : first + PAGE] if len(names) > BUTTONS_MAX else names
    found = [press(clean(name), **known, district=key) for key, name in shown]
    if len(names) > BUTTONS_MAX:
        following = first // PAGE + 1 if first + PAGE < len(names) else 0
        found.append(press(NEXT, **known, page=str(following)))
    return found
