"""Signed documents, with a key made for the test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from alerts.cap.document import document
from alerts.cap.signature import check_signature, sign


def make_key() -> tuple[bytes, bytes]:
    """Give a new key and its own certificate, PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "試験市")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private, certificate.public_bytes(serialization.Encoding.PEM)


@pytest.fixture(scope="module")
def keys() -> tuple[bytes, bytes]:
    return make_key()


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


def test_another_citys_certificate_does_not_hold(notice, keys) -> None:
    key, certificate = keys
    signed = sign(document(notice(only=["ja"])), key_pem=key, certificate_pem=certificate)
    with pytest.raises(ValueError, match="does not hold"):
        check_signature(signed, certificate_pem=make_key()[1])


def test_an_unsigned_document_is_refused(notice, keys) -> None:
    with pytest.raises(ValueError, match="does not hold"):
        check_signature(document(notice(only=["ja"])), certificate_pem=keys[1])
