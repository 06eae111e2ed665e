"""SMTP connections that stay open between batches, and handing one mail over in few round trips."""

from __future__ import annotations

import smtplib
import time
from collections import deque
from collections.abc import Callable

IDLE_S = 5.0  # after that a kept connection is asked whether it still lives
OK = 250
START_MAIL = 354


class Connections:
    """Connections that `connect` opens (and logs in); threads take one each and give it back."""

    def __init__(self, connect: Callable[[], smtplib.SMTP]) -> None:
        self._connect = connect
        self._idle: deque[tuple[smtplib.SMTP, float]] = deque()

    def take(self) -> smtplib.SMTP:
        """Give a living connection: the last one given back, or a new one."""
        while self._idle:
            try:
                client, since = self._idle.pop()
            except IndexError:  # another thread was faster
                break
            if time.monotonic() - since < IDLE_S or _lives(client):
                return client
            client.close()
        return self._connect()

    def give_back(self, client: smtplib.SMTP) -> None:
        """Keep a connection for the next batch; a broken one is dropped."""
        if client.sock is not None:
            self._idle.append((client, time.monotonic()))

    def close(self) -> None:
        """End every kept session; a server that has gone already needs no goodbye."""
        while self._idle:
            client, _ = self._idle.pop()
            try:
                client.quit()
            except (smtplib.SMTPException, OSError):
                client.close()


def hand_over(client: smtplib.SMTP, sender: str, recipient: str, mail: bytes) -> None:
    """Send one mail whose lines never begin with a dot; raise as `smtplib.SMTP.sendmail` does.

    A server with PIPELINING (RFC 2920) gets MAIL, RCPT and DATA in one piece.
    """
    if not client.does_esmtp or not client.has_extn("pipelining"):
        client.sendmail(sender, [recipient], mail)
        return
    client.send(f"MAIL FROM:<{sender}>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n".encode("ascii"))
    from_answer, to_answer, data_answer = (client.getreply() for _ in range(3))
    refused = from_answer[0] != OK or to_answer[0] not in (OK, 251)
    if data_answer[0] == START_MAIL:  # a refused mail still has to be ended: empty
        client.send(b".\r\n" if refused else mail + b".\r\n")
        data_answer = client.getreply()
    if refused or data_answer[0] != OK:
        client.rset()
    if from_answer[0] != OK:
        raise smtplib.SMTPSenderRefused(*from_answer, sender)
    if refused:
        raise smtplib.SMTPRecipientsRefused({recipient: to_answer})
    if data_answer[0] != OK:
        raise smtplib.SMTPDataError(*data_answer)


def _lives(client: smtplib.SMTP) -> bool:
    try:
        return client.noop()[0] == OK
    except (smtplib.SMTPException, OSError):
        return False
