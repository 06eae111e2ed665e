"""Every table of the store: importing this module fills `alerts.schema.metadata`.

A test finds tables that are missing here, another one those that no migration makes.
"""

from __future__ import annotations

from alerts import ledger_tables, preflight, recipients
from alerts.bot import seen
from alerts.duty import tables as duty_tables
from alerts.schema import metadata
from kawamori import store
from kawamori.console import accounts, attempts, proposals, sessions
from kawamori.console.api import tokens
from kawamori.feeds import tables as feed_tables

__all__ = ["MODULES", "metadata"]

MODULES = (
    accounts, attempts, duty_tables, feed_tables, ledger_tables, preflight, proposals, recipients,
    seen, sessions, store, tokens,
)  # fmt: skip
