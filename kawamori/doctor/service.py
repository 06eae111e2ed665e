"""What runs by itself and whom it talks to: timers, the mail server, tokens of programs."""

from __future__ import annotations

import shutil
import smtplib
import subprocess
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from kawamori.doctor.finding import Found, Patient, ok, red, unknown

SYSTEMD = Path("/run/systemd/system")  # is there where systemd runs
UNITS = ("kawamori-serve.service", "kawamori-watch.timer", "kawamori-dispatch.timer",
         "kawamori-backup.timer")  # fmt: skip
CITY_UNITS = ("kawamori-cycle@{}.timer", "kawamori-nightly@{}.timer")
SOON = timedelta(days=7)


def timers(patient: Patient) -> Found:
    """Ask systemd which of the desk's units are enabled and at work."""
    units = [*UNITS, *(unit.format(name) for name in patient.cities for unit in CITY_UNITS)]
    program = shutil.which("systemctl")
    if program is None or not SYSTEMD.is_dir():
        yield unknown("timers", "no systemd runs here: nothing can be said of them",
                      "See that cron has the lines of docs/operations.md.")  # fmt: skip
        return
    wrong = {verb: _not(program, verb, units) for verb in ("active", "enabled")}
    off = [unit for unit in units if any(unit in found for found in wrong.values())]
    if off:
        yield red("timers", f"not at work, or not after a restart: {', '.join(off)}",
                  f"systemctl enable --now {' '.join(off)}")  # fmt: skip
    else:
        yield ok("timers", f"{len(units)} units are at work")


def _not(program: str, verb: str, units: Sequence[str]) -> list[str]:
    """Give the units that are not `active`, or not `enabled`, as systemctl tells in their order."""
    asked = subprocess.run([program, f"is-{verb}", *units], capture_output=True, text=True,
                           timeout=10, check=False)  # fmt: skip
    said = dict(zip(units, asked.stdout.split(), strict=False))
    return [unit for unit in units if said.get(unit) != verb]


def mail_server(patient: Patient) -> Found:
    """Open a connection to the mail server, with TLS and login as for a message; send nothing."""
    settings = patient.settings
    if not settings.smtp_host:
        return
    from kawamori.mail import connect

    where = f"{settings.smtp_host}:{settings.smtp_port}"
    try:
        client = connect(settings)
        try:
            client.noop()
        finally:
            client.close()
    except smtplib.SMTPAuthenticationError as error:
        yield red("mail server", f"{where} refuses the login ({error.smtp_code})",
                  "Correct KAWAMORI_SMTP_USER and KAWAMORI_SMTP_PASSWORD.")  # fmt: skip
    except (smtplib.SMTPException, OSError) as error:
        yield red("mail server", f"{where} does not answer as it should: {type(error).__name__}",
                  "Correct KAWAMORI_SMTP_HOST, _PORT and _TLS, or the firewall; staff and "
                  "citizens get no mail.")  # fmt: skip
    else:
        yield ok("mail server", f"{where} answers")


def tokens(patient: Patient) -> Found:
    """Tell tokens of programs that have ended or soon will: their readers get nothing then."""
    if patient.engine is None:
        return
    from kawamori.console.api.tokens import api_token

    query = select(api_token.c.name, api_token.c.expires).where(api_token.c.revoked_at.is_(None))
    with patient.engine.connect() as connection:
        rows = [(str(name), expires) for name, expires in connection.execute(query)]
    ended = sorted(name for name, expires in rows if expires <= patient.now)
    soon = sorted(name for name, expires in rows if patient.now < expires <= patient.now + SOON)
    for names, told in ((ended, "have ended"), (soon, "end within a week")):
        if names:
            yield red("tokens", f"tokens of programs {told}: {', '.join(names)}",
                      "kawamori tokens issue NEW_NAME --by WHO, give it to the program, then: "
                      "kawamori tokens revoke OLD_NAME --by WHO")  # fmt: skip
