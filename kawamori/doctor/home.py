"""The desk's own files and settings: whose they are, who may write them, what is misspelt."""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlsplit

from alerts.glossary import languages
from kawamori.damaged import DAMAGED
from kawamori.doctor.finding import Found, Patient, ok, red, unknown
from kawamori.feeds.config import read_feeds
from kawamori.settings import unknown_settings

INODES_MIN = 20_000  # a year of one city's cycles, reports aside
SEEN = 2000  # entries looked at: the first to be wrong tells of all
NAMED = 5


def owners(patient: Patient) -> Found:
    """See that everything below home and out belongs to whom the home belongs to."""
    strange: dict[str, list[str]] = {}
    home = patient.settings.home
    if not home.is_dir():
        return  # its own check says it
    owner = home.stat().st_uid
    for path in _entries(patient):
        if (uid := path.lstat().st_uid) != owner:
            strange.setdefault(_user(uid), []).append(path.name)
    if strange:
        told = "; ".join(f"of {user}: {_some(names)}" for user, names in strange.items())
        yield red("owner", f"not of {_user(owner)}, to whom {home} belongs, {told}: cycles may "
                  "not be able to write them", f"chown -R {_user(owner)}: {home.resolve()}; run "
                  "commands as that user (docs/operations.md).")  # fmt: skip
    else:
        yield ok("owner", f"all of {_user(owner)}")
    if home.stat().st_mode & (stat.S_IWOTH | stat.S_IWGRP):
        yield red("folder HOME", "others may put files into it: a city, a roster, a model",
                  f"chmod 700 {home.resolve()}")  # fmt: skip


def writable(patient: Patient) -> Found:
    """See that this user may write into the folders below home that cycles write to."""
    if not patient.settings.home.is_dir():
        return
    shut = [path.name for path in _entries(patient)
            if path.is_dir() and not os.access(path, os.W_OK | os.X_OK)]  # fmt: skip
    if shut:
        yield red("folders below HOME", f"not writable: {_some(shut)}",
                  "Run this as the service's user; if so: chmod u+rwx on each.")  # fmt: skip


def damaged(patient: Patient) -> Found:
    """Tell files of readings that could not be read and were put aside."""
    home = patient.settings.home
    found = sorted(path for folder in ("archive", "rain")
                   for path in (home / folder).glob(f"**/*{DAMAGED}"))  # fmt: skip
    if found:
        yield red("damaged readings", f"put aside, so missing: {_some([p.name for p in found])}",
                  f"Bring {found[0].parent} back from the back-up of files, look at the disk, then "
                  "remove them.")  # fmt: skip


def inodes(patient: Patient) -> Found:
    """Look at how many files the disks still take: one may be full of small ones."""
    for name, folder in (("HOME", patient.settings.home), ("OUT", patient.settings.out)):
        if not folder.is_dir():
            continue
        told = os.statvfs(folder)
        if told.f_files and told.f_favail < INODES_MIN:  # some file systems have no limit
            yield red(f"inodes {name}", f"room for {told.f_favail} files, needs {INODES_MIN}",
                      "kawamori compact CITY, kawamori thin; df -i names the disk.")  # fmt: skip


def common(patient: Patient) -> Found:
    """See that the common rules lie where the program looks for them."""
    folder = patient.settings.bundles
    lacking = [name for name in ("policy.toml", "sheltering.toml", "travel.toml")
               if not (folder / name).is_file()]  # fmt: skip
    if lacking:
        yield red("common rules", f"{folder} must hold {', '.join(lacking)}",
                  "Install from a checkout (pip install -e), or name its data folder in "
                  "KAWAMORI_BUNDLES.")  # fmt: skip
    else:
        yield ok("common rules", f"{folder}")


def spelling(patient: Patient) -> Found:
    """Tell KAWAMORI_ names that are no setting: they are passed over in silence."""
    known = [f"KAWAMORI_{name.upper()}" for name in type(patient.settings).model_fields]
    for name in unknown_settings():
        near = get_close_matches(name, known, n=1)
        yield red(f"settings {name}", "no setting has this name: it changes nothing",
                  f"Write {near[0]}." if near else "Remove it.")  # fmt: skip
    if strange := sorted(set(patient.settings.languages) - set(languages())):
        yield red("settings KAWAMORI_LANGUAGES", f"languages without texts: {_some(strange)}",
                  f"Known are {', '.join(sorted(languages()))}.")  # fmt: skip


def addresses(patient: Patient) -> Found:
    """See that the addresses that go into messages can be opened."""
    settings = patient.settings
    for name in ("console_url", "public_url", "unsubscribe_url", "district_map_url",
                 "district_picture_url", "oidc_issuer"):  # fmt: skip
        url = urlsplit(getattr(settings, name))
        if url.geturl() and not (url.scheme == "https" and url.hostname):
            yield red(f"settings KAWAMORI_{name.upper()}", "it must be an address https://…",
                      "Correct it: LINE, OIDC and browsers open no other.")  # fmt: skip
    if list(settings.rosters.glob("*.toml")) and not settings.duty_secret.get_secret_value():
        yield unknown("duty links", "KAWAMORI_DUTY_SECRET is empty: alerts come without a link "
                      "to acknowledge", "Set a long random secret (docs/duty.md).")  # fmt: skip


def feed_tokens(patient: Patient) -> Found:
    """Tell tokens that belong to no feed: the one that needs it is asked without."""
    names = set()
    for city_id in patient.cities:
        try:
            names |= {feed.name for feed in read_feeds(patient.city(city_id))}
        except (ValueError, OSError):
            return  # its own check says it; the names are not all known
    if strange := sorted(set(patient.settings.feed_tokens) - names):
        yield red(
            "settings KAWAMORI_FEED_TOKENS",
            f"no feed is named {_some(strange)}",
            f"Name the feeds as in city.toml: {_some(sorted(names)) or 'none yet'}.",
        )


def _entries(patient: Patient) -> Iterator[Path]:
    """Give what lies in the home and one folder deeper, some thousand at most."""
    seen = 0
    for path in sorted(patient.settings.home.iterdir()):
        yield path
        if path.is_dir() and os.access(path, os.R_OK | os.X_OK):
            for below in path.iterdir():
                seen += 1
                if seen > SEEN:
                    return
                yield below


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _some(items: list[str]) -> str:
    more = f" and {len(items) - NAMED} more" if len(items) > NAMED else ""
    return ", ".join(items[:NAMED]) + more
