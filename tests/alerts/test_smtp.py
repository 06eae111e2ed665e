"""Handing a mail over to a server that takes commands in one piece (PIPELINING)."""

from __future__ import annotations

import smtplib
import socket
import threading

import pytest

from alerts.channels.smtp import Connections, hand_over

HELLO = b"250-x\r\n250 PIPELINING\r\n"


class Server:
    """Answers the n-th piece it reads with the n-th answer, then closes."""

    def __init__(self, *answers):
        self.answers, self.heard = answers, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self.talk, daemon=True)
        self.thread.start()

    def talk(self):
        peer, _ = self.listener.accept()
        with peer:
            peer.sendall(b"220 x\r\n")
            for answer in (HELLO, *self.answers):
                self.heard.append(peer.recv(65536))
                peer.sendall(answer)

    def client(self):
        client = smtplib.SMTP(*self.listener.getsockname(), timeout=5)
        client.ehlo()
        return client

    def close(self):
        self.thread.join(5)
        self.listener.close()


@pytest.fixture
def talk():
    servers = []

    def hand(*answers):
        servers.append(Server(*answers))
        client = servers[-1].client()
        try:
            hand_over(client, "s@city.example", "a@example.org", b"To: a\r\n\r\ntext\r\n")
        finally:
            client.close()
            servers[-1].close()
        return servers[-1].heard[1:]

    return hand


def test_envelope_goes_in_one_piece_and_the_mail_in_a_second(talk):
    heard = talk(b"250 ok\r\n250 ok\r\n354 go\r\n", b"250 ok\r\n")
    assert heard == [
        b"MAIL FROM:<s@city.example>\r\nRCPT TO:<a@example.org>\r\nDATA\r\n",
        b"To: a\r\n\r\ntext\r\n.\r\n",
    ]


def test_a_refused_recipient_gets_nothing_though_the_server_waits_for_a_mail(talk):
    with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        talk(b"250 ok\r\n550 unknown\r\n354 go\r\n", b"554 nobody\r\n", b"250 reset\r\n")
    assert caught.value.recipients["a@example.org"][0] == 550


def test_a_refused_recipient_where_data_is_refused_too(talk):
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        talk(b"250 ok\r\n451 later\r\n503 nobody\r\n", b"250 reset\r\n")


def test_a_refused_sender_is_named_as_such(talk):
    with pytest.raises(smtplib.SMTPSenderRefused) as caught:
        talk(b"550 no\r\n503 first\r\n503 first\r\n", b"250 reset\r\n")
    assert caught.value.smtp_code == 550


def test_a_mail_put_off_after_its_text(talk):
    with pytest.raises(smtplib.SMTPDataError) as caught:
        talk(b"250 ok\r\n250 ok\r\n354 go\r\n", b"452 full\r\n", b"250 reset\r\n")
    assert caught.value.smtp_code == 452


def test_a_server_that_goes_away_midway(talk):
    with pytest.raises(smtplib.SMTPServerDisconnected):
        talk(b"250 ok\r\n250 ok\r\n354 go\r\n")


def test_a_broken_connection_is_not_kept():
    server = Server()
    client = server.client()
    connections = Connections(server.client)
    client.close()
    connections.give_back(client)
    server.close()
    assert not connections._idle
