"""Settings from the environment (prefix KAWAMORI_): the only place that reads it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

REPOSITORY = Path(__file__).resolve().parents[1]
PREFIX = "KAWAMORI_"
BESIDE = {"KAWAMORI_DEBUG"}  # read by the command line alone


class Settings(BaseSettings):
    """Where things lie and how channels are reached; secrets never appear in `repr`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", hide_input_in_errors=True)

    data: Path | None = None  # folder of real series and lists; None = fictional town only
    assisted: Path | None = (
        None  # private: counts of 避難行動要支援者 by 町丁字 (CSV); None = unknown
    )
    bundles: Path = REPOSITORY / "data"  # committed facts, policies, cases
    home: Path = Path(".kawamori")  # built cities, map assets, the store
    out: Path = Path("out")  # one folder per run
    database_url: SecretStr | None = None  # with its password; None = SQLite file in `home`

    mail_from: str = "kawamori@example.jp"
    smtp_host: str = ""  # empty = no mail channel
    smtp_port: int = 25
    smtp_timeout_s: float = 10.0
    smtp_tls: bool = False  # STARTTLS with a certificate the system trusts
    smtp_user: str = ""  # empty = no login
    smtp_password: SecretStr = SecretStr("")
    mail_verp: bool = False  # envelope sender names the recipient; the server must take + addresses
    unsubscribe_url: str = ""  # empty = no link; the page gets ?token=
    unsubscribe_secret: SecretStr = SecretStr("")
    line_host: str = "https://api.line.me"
    line_token: SecretStr = SecretStr("")  # empty = no LINE channel
    line_timeout_s: float = 10.0
    languages: tuple[str, ...] = ()  # of texts, beside Japanese and those of the registry
    district_map_url: str = ""  # https://…/{district_id}: shelter map for citizens; empty = none
    district_picture_url: str = ""  # https://…/{district_id}.png: a picture of it, shown by LINE
    line_channel_secret: SecretStr = SecretStr("")  # signs what LINE tells the bot; empty = no bot
    duty_secret: SecretStr = SecretStr("")  # signs links to acknowledge; empty = no such links
    public_url: str = ""  # https://…, reached from outside: LINE fetches maps there

    vapid_key: SecretStr = SecretStr("")  # P-256, base64url; empty = no web push
    webhook_urls: tuple[str, ...] = ()  # JSON list; each gets every approved text, signed
    webhook_secret: SecretStr = SecretStr("")
    webhook_private: bool = False  # also http and private networks, for a relay of the city's own
    post_timeout_s: float = 10.0  # of web push and webhooks
    cap_sender: str = ""  # e.g. kawamori@city.example.jp; empty = no CAP feed
    cap_key: Path | None = None  # PEM; None = documents are unsigned, and the feed says so
    cap_certificate: Path | None = None  # PEM of the same key

    feed_tokens: dict[str, SecretStr] = {}  # by name of a feed: sent to it as a bearer's
    cycle_max_min: float = Field(default=8.0, gt=0)  # a longer cycle is killed, and the staff told

    backups_kept: int = Field(default=7, ge=1)  # nightly ones in `home`/backups

    session_idle_min: float = 60.0  # a console left alone signs out
    events_s: float = 300.0  # a stream of events ends, the browser comes again if it still may
    citizen_kept_s: float = 5.0  # the citizens' page looks for changes so often; 0 = each time
    session_h: float = 12.0  # a shift: after it everybody signs in again
    console_url: str = ""  # as browsers see it, https://…: only OIDC needs it
    oidc_issuer: str = ""  # empty = local accounts only
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_roles: dict[str, str] = {}  # claim `groups` value -> role of the console

    metrics_token: SecretStr = SecretStr("")  # opens /metrics for a scraper; empty = only staff
    log: Literal["json", "text"] = "text"  # form of the program's log

    dask_address: str = ""  # tcp://host:8786; empty = trainings run on this machine

    @property
    def cities(self) -> Path:
        """Give the folder of built city bundles."""
        return self.home / "cities"

    @property
    def models(self) -> Path:
        """Give the folder of trained models."""
        return self.home / "models"

    @property
    def champions(self) -> Path:
        """Give the folder of promoted models: CITY.json says which, `models` holds them."""
        return self.home / "champions"

    @property
    def rosters(self) -> Path:
        """Give the folder of duty rosters, CITY.toml each: private, never in a bundle."""
        return self.home / "rosters"

    @property
    def backups(self) -> Path:
        """Give the folder where back-ups are looked for, *.zip."""
        return self.home / "backups"

    @property
    def drills(self) -> Path:
        """Give the folder of drills that were asked for: each with a store of its own."""
        return self.home / "drills"

    @property
    def assets(self) -> Path:
        """Give the folder of fetched map and chart scripts."""
        return self.home / "assets"

    @property
    def cap_feed(self) -> Path:
        """Give the folder of published CAP documents."""
        return self.home / "cap"

    @property
    def store_url(self) -> str:
        """Give the SQLAlchemy URL of the store."""
        if self.database_url is not None and self.database_url.get_secret_value():
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.home / 'kawamori.sqlite'}"

    def real_data(self) -> Path:
        """Give the folder of real data, or raise FileNotFoundError saying what to set."""
        if self.data is None or not self.data.is_dir():
            raise FileNotFoundError(
                f"KAWAMORI_DATA must name the folder of real series and lists, got {self.data}. "
                "Set it, or use the fictional town: kawamori drill drill-town"
            )
        return self.data


def unknown_settings() -> list[str]:
    """Give the names of the environment that look like settings and are none: misspelt."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | BESIDE
    named = {name.upper() for name in os.environ if name.upper().startswith(PREFIX)}
    return sorted(named - known)
