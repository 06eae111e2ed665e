"""E-mail: one MIME entity per message, its text and the same as HTML.

To, Message-ID, unsubscribe link and sender are each mail's: whole header lines in front of the
common bytes. SMTP knows no idempotency key. A Message-ID stays the same for a key and recipient,
so that a mail program can fold a repeat; within a batch only those not yet accepted are tried
again.
"""

from __future__ import annotations

import re
import smtplib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache
from typing import NoReturn
from uuid import UUID, uuid5

from alerts.channels.smtp import Connections, hand_over
from alerts.mail_page import mail_page
from alerts.types import Batch, Message, PermanentError, Receipt, RetryableError

ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")
UNAVAILABLE = 421  # RFC 5321: the service closes the connection


@dataclass
class _Progress:
    """Positions of one try."""

    accepted: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    later: list[int] = field(default_factory=list)
    codes: set[int] = field(default_factory=set)


class EmailChannel:
    """Sends over connections that `connect` opens (and logs in); threads may share it.

    `clock` stamps the Date header. `unsubscribe` gives a recipient's one-click link (RFC 8058).
    With `verp` the envelope sender names the recipient (bousai+a=example.org@city.example), so
    that a bounce tells whose it is. After `budget_s` the rest of a slice waits for the next try:
    budget plus the connection's time-out must stay below the lease, or another worker takes over.
    """

    name = "email"
    form = "mail"
    width = 8  # connections
    slice_size = 5  # a kill leaves at most width x slice_size mails in doubt

    def __init__(
        self,
        connect: Callable[[], smtplib.SMTP],
        *,
        sender: str,
        clock: Callable[[], datetime],
        unsubscribe: Callable[[str], str] | None = None,
        verp: bool = False,
        budget_s: float = 30.0,
    ) -> None:
        if not ADDRESS.fullmatch(sender):
            raise ValueError(f"sender must be one plain mail address, got {sender!r}.")
        self._connections = Connections(connect)
        self._sender = sender
        self._clock = clock
        self._unsubscribe = unsubscribe
        self._verp = verp
        self._budget = timedelta(seconds=budget_s)

    def send(self, batch: Batch, message: Message) -> Receipt:
        """Send one mail to each pending recipient.

        Raises
        ------
        RetryableError
            If a 4xx, a time-out or a broken connection left some unsent: `pending` names them.
        PermanentError
            If login or sender are refused, or nobody in the whole batch was accepted.
        """
        everyone = range(len(batch.recipients))
        pending = list(everyone if batch.pending is None else batch.pending)
        text = f"Date: {format_datetime(self._clock())}\r\n".encode() + _mime(self._sender, message)
        progress = _Progress()
        client: smtplib.SMTP | None = None
        try:
            client = self._connections.take()
            self._send_each(client, batch, text, pending, progress)
            self._connections.give_back(client)
        except (smtplib.SMTPException, OSError) as error:  # its text may hold an address
            if client is not None:
                client.close()
            if isinstance(error, smtplib.SMTPAuthenticationError | smtplib.SMTPSenderRefused):
                self._unwelcome(error, pending, progress)
            self._broken(error, pending, progress)
        return self._receipt(batch, progress)

    def close(self) -> None:
        """End the kept connections."""
        self._connections.close()

    def _send_each(
        self,
        client: smtplib.SMTP,
        batch: Batch,
        text: bytes,
        pending: Iterable[int],
        progress: _Progress,
    ) -> None:
        until = self._clock() + self._budget
        for position in pending:
            recipient = batch.recipients[position]
            if self._clock() > until:
                progress.later.append(position)
                continue
            if not ADDRESS.fullmatch(recipient):
                progress.refused.append(position)
                continue
            mail = self._headers(batch.key, recipient).encode("ascii") + text
            try:
                hand_over(client, self.return_path(recipient), recipient, mail)
            except smtplib.SMTPRecipientsRefused as error:
                code = error.recipients[recipient][0]
                self._settle(position, code, progress)
            except smtplib.SMTPDataError as error:
                self._settle(position, error.smtp_code, progress)
            else:
                progress.accepted.append(position)

    def message_id(self, key: str, recipient: str) -> str:
        """Give the Message-ID of one mail: the same for the same key and recipient."""
        return f"<{uuid5(UUID(key), recipient)}@{self._sender.partition('@')[2]}>"

    def return_path(self, recipient: str) -> str:
        """Give the address that bounces of this recipient's mail go to."""
        if not self._verp:
            return self._sender
        local, _, domain = self._sender.partition("@")
        return f"{local}+{recipient.replace('@', '=')}@{domain}"

    def _headers(self, key: str, recipient: str) -> str:
        lines = f"To: {recipient}\r\nMessage-ID: {self.message_id(key, recipient)}\r\n"
        if self._unsubscribe is not None:
            lines += (
                f"List-Unsubscribe: <{self._unsubscribe(recipient)}>\r\n"
                "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
            )
        return lines

    def _settle(self, position: int, code: int, progress: _Progress) -> None:
        progress.codes.add(code)
        (progress.refused if code >= 500 else progress.later).append(position)
        if code == UNAVAILABLE:
            raise smtplib.SMTPServerDisconnected("closing")

    def _unwelcome(
        self, error: smtplib.SMTPResponseException, pending: Iterable[int], progress: _Progress
    ) -> NoReturn:
        if error.smtp_code < 500:
            self._broken(error, pending, progress)
        login = isinstance(error, smtplib.SMTPAuthenticationError)
        raise PermanentError(
            f"SMTP {'login' if login else 'sender'} refused: {error.smtp_code} "
            f"({len(progress.accepted)} accepted before)"
        ) from None

    def _broken(self, error: Exception, pending: Iterable[int], progress: _Progress) -> NoReturn:
        code = getattr(error, "smtp_code", None)
        if isinstance(code, int) and code > 0:
            progress.codes.add(code)
        settled = {*progress.accepted, *progress.refused}
        later = [position for position in pending if position not in settled]
        raise RetryableError(
            f"SMTP broke off: {type(error).__name__} {sorted(progress.codes)}, {len(later)} unsent",
            pending=later,
            refused=progress.refused,
        ) from None

    def _receipt(self, batch: Batch, progress: _Progress) -> Receipt:
        codes = sorted(progress.codes)
        if progress.later:
            raise RetryableError(
                f"SMTP put off {len(progress.later)} recipients: {codes}",
                pending=progress.later,
                refused=progress.refused,
            )
        if len(progress.refused) == len(batch.recipients):
            raise PermanentError(f"SMTP refused all {len(progress.refused)} recipients: {codes}")
        return Receipt(
            reference=batch.key,
            accepted=len(progress.accepted),
            refused=tuple(progress.refused),
        )


@lru_cache(maxsize=1024)
def _mime(sender: str, message: Message) -> bytes:
    """Give what all mails of a message share; base64, so that no line begins with a dot.

    The text stands alone; the HTML beside it is the same text dressed. The boundary is made from
    the text, so that the same message is always the same bytes.
    """
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["Subject"] = message.subject
    mail["Auto-Submitted"] = "auto-generated"
    text = message.body.decode()
    mail.set_content(text, charset="utf-8", cte="base64")
    mail.add_alternative(mail_page(text, message.language), "html", charset="utf-8", cte="base64")
    mail.set_boundary(f"kawamori-{message.sha256[:32]}")
    return mail.as_bytes()
