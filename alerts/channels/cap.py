"""CAP: an approved draft becomes a signed document in a folder, which a feed offers to readers.

A document is named by the key of its batch: sending again finds it there and publishes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from alerts.cap.publication import in_force, issued, published, write_whole
from alerts.cap.rules import Bounds, Setting, faults
from alerts.cap.signature import sign
from alerts.types import CAP_FORM, Batch, Message, PermanentError, Receipt, RetryableError

JAPAN: Bounds = (122.0, 20.0, 154.0, 46.0)  # the city's own bounds were held against the draft
FEED = "feed"  # the one recipient of a document: whoever reads the feed


@dataclass(frozen=True)
class SigningKey:
    """The city's key and certificate, PEM; never shown."""

    key_pem: bytes = field(repr=False)
    certificate_pem: bytes = field(repr=False)


class CapChannel:
    """Publishes into `folder`; without a key the documents are unsigned, and the feed says so."""

    name = "cap"
    form = CAP_FORM

    def __init__(
        self,
        folder: Path,
        *,
        sender: str,
        clock: Callable[[], datetime],
        key: SigningKey | None = None,
    ) -> None:
        self._folder = folder
        self._sender = sender
        self._clock = clock
        self._key = key

    def send(self, batch: Batch, message: Message) -> Receipt:
        """Publish the draft under the batch's key.

        Raises
        ------
        RetryableError
            If the folder cannot be read or written (full, not mounted).
        PermanentError
            If the document breaks a rule, or the key does not fit.
        """
        path = self._folder / f"{batch.key}.xml"
        try:
            if not path.exists():
                write_whole(path, self._document(batch.key, message))
        except OSError as error:
            raise RetryableError(f"the CAP folder failed: {type(error).__name__}") from None
        return Receipt(reference=batch.key, accepted=len(batch.recipients))

    def close(self) -> None:
        """Give back nothing: there are no connections."""

    def _document(self, identifier: str, message: Message) -> bytes:
        now = self._clock()
        try:
            standing = in_force(published(self._folder), now)
            data = issued(
                message.body,
                identifier=identifier,
                sender=self._sender,
                sent=now,
                standing=standing,
            )
            broken = faults(data, Setting(now=now, bounds=JAPAN))
        except ValueError as error:
            raise PermanentError(f"CAP message {message.message_id}: {error}") from None
        if broken:
            raise PermanentError(f"CAP message {message.message_id}: " + "; ".join(broken))
        return data if self._key is None else self._signed(data, self._key)

    def _signed(self, data: bytes, key: SigningKey) -> bytes:
        try:
            return sign(data, key_pem=key.key_pem, certificate_pem=key.certificate_pem)
        except (ValueError, TypeError) as error:  # its text may quote the key file
            raise PermanentError(f"the CAP key cannot sign: {type(error).__name__}") from None
