"""Signed documents, with a key made for the test."""

from __future__ import annotations

import pytest

from alerts.cap.document import document
from alerts.cap.signature import check_signature, sign


@pytest.fixture
def keys(doubles) -> tuple[bytes, bytes]:
    return doubles.make_key()


def test_a_signed_document_is_found_whole(notice, keys) -> None:
    key, certificate = keys
    signed = sign(document(notice(only=["ja"])), key_pem=key, certificate_pem=certificate)
    assert "避難指示".encode() in check_signature(signed, certificate_pem=certificate)


def test_a_changed_word_breaks_the_signature(notice, keys) -> None:
    key, certificate = keys
    signed = sign(document(notice(only=["ja"])), key_pem=key, certificate_pem=certificate)
    changed = signed.replace("避難指示".encode(), "避難解除".encode())
    assert changed != signed
    with pytest.raises(ValueError, match="does not hold"):
        check_signature(changed, certificate_pem=certificate)


def test_another_citys_certificate_does_not_hold(notice, keys, doubles) -> None:
    key, certificate = keys
    signed = sign(document(notice(only=["ja"])), key_pem=key, certificate_pem=certificate)
    with pytest.raises(ValueError, match="does not hold"):
        check_signature(signed, certificate_pem=doubles.make_key()[1])


def test_an_unsigned_document_is_refused(notice, keys) -> None:
    with pytest.raises(ValueError, match="does not hold"):
        check_signature(document(notice(only=["ja"])), certificate_pem=keys[1])
