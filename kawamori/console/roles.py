"""Who may do what: the one table of roles.

A page asks for the least role that may open it. An account holds one or more roles; each of them
includes those listed beside it.
"""

from __future__ import annotations

from collections.abc import Iterable

INCLUDES: dict[str, frozenset[str]] = {
    "viewer": frozenset({"viewer"}),
    "shelter": frozenset({"shelter", "viewer"}),  # staff of one or more shelters
    "officer": frozenset({"officer", "viewer"}),
    "approver": frozenset({"approver", "officer", "viewer"}),
    "admin": frozenset({"admin", "approver", "officer", "viewer"}),
}
ROLES = tuple(INCLUDES)


def check_roles(roles: Iterable[str]) -> tuple[str, ...]:
    """Give the roles in the order of the table, or raise ValueError naming the known ones."""
    asked = set(roles)
    if not asked or asked - set(ROLES):
        raise ValueError(f"roles must be one or more of {list(ROLES)}, got {sorted(asked)}.")
    return tuple(role for role in ROLES if role in asked)


def may(held: Iterable[str], wanted: Iterable[str]) -> bool:
    """Tell whether somebody who holds roles may do what any one of the wanted roles may."""
    reach = frozenset[str]().union(*(INCLUDES[role] for role in held))
    return bool(reach & set(wanted))
