"""Addresses that other people chose: what is let through, what is tried again."""

from __future__ import annotations

import socket

import pytest

from alerts.channels.posting import ForbiddenAddressError, Posted, Poster, post_each
from alerts.types import Batch, PermanentError, RetryableError


def resolves_to(*addresses):
    return lambda _host, port, type: [(0, type, 6, "", (one, port)) for one in addresses]


def batch(*recipients, pending=None):
    return Batch("6f1d6b0e-6a0a-5f0e-9b86-0d0c7a1b4e55", "m", "webhook", recipients, pending)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.0.9", "169.254.169.254", "::1", "fe80::1%eth0",
     "::ffff:10.0.0.1", "fd00::1", "0.0.0.0", "224.0.0.1"],
)  # fmt: skip
def test_a_name_that_leads_into_a_private_network_is_forbidden(address):
    poster = Poster(resolve=resolves_to("93.184.216.34", address))
    with pytest.raises(ForbiddenAddressError, match="private network"):
        poster.post("https://partner.example/hook", b"{}", {})


@pytest.mark.parametrize(
    "url",
    ["http://partner.example/", "ftp://partner.example/", "https:///path", "partner.example",
     "https://user:secret@partner.example/", "file:///etc/passwd"],
)  # fmt: skip
def test_only_https_addresses_without_a_login_are_used(url):
    with pytest.raises(ForbiddenAddressError, match="https://") as caught:
        Poster(resolve=resolves_to("93.184.216.34")).post(url, b"{}", {})
    assert "secret" not in str(caught.value)


def test_the_address_that_was_checked_is_the_one_that_is_used(doubles):
    """A second look-up could give another: there is none."""
    double = doubles.HttpDouble().start()
    looked = []

    def resolve(host, port, type):
        looked.append(host)
        return [(0, type, 6, "", ("127.0.0.1", port))]

    poster = Poster(allow_private=True, resolve=resolve, timeout_s=60)
    url = double.url("/hook").replace("127.0.0.1", "partner.invalid")
    assert poster.post(url, b"{}", {}).status == 201
    assert looked == ["partner.invalid"]
    assert double.posts[0][1]["Host"].startswith("partner.invalid:")
    poster.close()
    double.stop()


def test_a_redirect_is_not_followed(doubles):
    double = doubles.HttpDouble().start()
    double.answers.append((307, {"Location": double.url("/elsewhere")}))
    poster = Poster(allow_private=True, timeout_s=60)
    assert poster.post(double.url("/hook"), b"{}", {}).status == 307
    assert double.tried == 1
    poster.close()
    double.stop()


def answering(status_by_recipient):
    def post(recipient):
        found = status_by_recipient[recipient]
        if isinstance(found, BaseException):
            raise found
        return Posted(found, 30.0 if found == 429 else None)

    return post


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503])
def test_a_service_that_is_busy_is_tried_again_and_the_others_are_not(status):
    with pytest.raises(RetryableError) as caught:
        post_each(batch("a", "b", "c"), answering({"a": 201, "b": status, "c": 410}))
    assert (caught.value.pending, caught.value.refused) == ((1,), (2,))
    assert caught.value.retry_after_s == (30.0 if status == 429 else None)


@pytest.mark.parametrize("status", [301, 400, 403, 404, 410, 413])
def test_one_that_is_gone_or_refuses_is_never_tried_again(status):
    receipt = post_each(batch("a", "b"), answering({"a": 200, "b": status}))
    assert (receipt.accepted, receipt.refused) == (1, (1,))


def test_a_host_that_is_not_found_is_tried_again_and_a_forbidden_one_is_not():
    trouble = {"a": socket.gaierror("no such host"), "b": ForbiddenAddressError("private")}
    with pytest.raises(RetryableError) as caught:
        post_each(batch("a", "b"), answering(trouble))
    assert (caught.value.pending, caught.value.refused) == ((0,), (1,))
    with pytest.raises(PermanentError, match="ForbiddenAddressError"):
        post_each(batch("b"), answering(trouble))


def test_only_those_still_pending_are_posted_to():
    receipt = post_each(batch("a", "b", pending=(1,)), answering({"b": 201}))
    assert receipt.accepted == 1
