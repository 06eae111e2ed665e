"""A PostgreSQL server of the tests' own: on a socket in a temporary folder, gone afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

DEBIAN = Path("/usr/lib/postgresql")
ACCOUNT = "postgres"  # the server refuses to run as root
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",  # kills are tested, not power cuts
    "full_page_writes": "off",
    "synchronous_commit": "on",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "restart_after_crash": "on",
}


def programs() -> Path:
    """Give the folder of initdb and postgres; skip loudly where there is none."""
    found = [
        folder
        for folder in (*map(Path, os.environ["PATH"].split(os.pathsep)), *_debian())
        if (folder / "initdb").is_file() and (folder / "postgres").is_file()
    ]
    if not found:
        pytest.skip("no PostgreSQL: run  make debian")
    return found[0]


class Server:
    """One server; `new_url` gives an empty database."""

    def __init__(self) -> None:
        self._bin = programs()
        self._user = ACCOUNT if os.geteuid() == 0 else None
        self._made = 0
        self.folder = Path(tempfile.mkdtemp(prefix="kawamori-pg-"))
        if self._user:
            shutil.chown(self.folder, self._user)
        self._run("initdb", "-D", self._data, "-U", ACCOUNT, "-A", "trust", "--no-sync",
                  "--locale=C", "-E", "UTF8")  # fmt: skip
        self._process = self._start()

    def new_url(self) -> str:
        """Make an empty database; give its SQLAlchemy URL."""
        self._made += 1
        name = f"test{self._made}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://{ACCOUNT}@/{name}?host={self.folder}"

    def connect(self) -> psycopg.Connection:
        """Connect to the server's own database."""
        return psycopg.connect(
            f"host={self.folder} user={ACCOUNT} dbname={ACCOUNT}", autocommit=True
        )

    def backends(self) -> list[int]:
        """Give the process ids of the backends that serve other connections than this one."""
        with self.connect() as connection:
            rows = connection.execute(
                "SELECT pid FROM pg_stat_activity "
                "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            ).fetchall()
        return [row[0] for row in rows]

    def restart(self) -> None:
        """Stop at once, connections cut, and start again."""
        self.stop()
        self.start()

    def stop(self) -> None:
        """Stop at once, connections cut."""
        self._stop()

    def start(self) -> None:
        """Start again after a stop."""
        self._process = self._start()

    def close(self) -> None:
        """Stop and leave nothing; what goes is not written out first."""
        self._stop(signal.SIGQUIT)
        shutil.rmtree(self.folder)

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def _start(self) -> subprocess.Popen[bytes]:
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [self._bin / "postgres", "-D", self._data, "-k", str(self.folder), *settings],
                stdout=log, stderr=log, user=self._user, cwd=self.folder,
            )  # fmt: skip
        until = time.monotonic() + 60
        while True:
            try:
                self.connect().close()
                return process
            except psycopg.OperationalError as error:
                if process.poll() is not None or time.monotonic() > until:
                    told = (self.folder / "log").read_text()
                    raise RuntimeError(f"PostgreSQL does not start: {told}") from error
                time.sleep(0.05)

    def _stop(self, how: signal.Signals = signal.SIGINT) -> None:
        self._process.send_signal(how)  # SIGINT is "fast": connections are cut
        self._process.wait(60)

    def _run(self, name: str, *arguments: str) -> None:
        subprocess.run(
            [self._bin / name, *arguments], user=self._user, cwd=self.folder, check=True,
            capture_output=True,
        )  # fmt: skip


def _debian() -> list[Path]:
    return sorted(DEBIAN.glob("*/bin"), reverse=True)
