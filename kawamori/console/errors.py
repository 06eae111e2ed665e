"""What can go wrong at the door and at the desk; `faults.py` says how each is answered."""

from __future__ import annotations


class NotSignedInError(Exception):
    """Nobody is signed in: a page sends to the sign-in, the API answers 401."""


class MustChangeError(Exception):
    """A one-time secret opens nothing but the page to change it."""


class ForbiddenError(Exception):
    """Signed in, but not with a role that this needs."""


class ForgedError(Exception):
    """The CSRF token is missing or of another session."""


class NotStoredError(LookupError):
    """No such run, or no such file in it."""


class ConflictError(Exception):
    """Somebody else was faster, or what was shown is no longer what is stored."""


class RefusedError(ValueError):
    """What was asked is not allowed; the message is for the person who asked."""


class BadQueryError(ValueError):
    """A parameter that a published interface does not know, or with a value it cannot read: 400."""


class TooManyError(Exception):
    """Too many tries from here or for this account; the message says when to come back."""
