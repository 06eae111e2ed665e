"""Signing a CAP document and checking a signature: XMLDSig, enveloped, RSA or ECDSA with SHA-256.

The key belongs to the city and is handed in as bytes; nothing here reads or keeps one.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree
from signxml.algorithms import SignatureMethod
from signxml.exceptions import InvalidInput, InvalidSignature
from signxml.signer import XMLSigner
from signxml.verifier import XMLVerifier

from alerts.cap.reading import read_document


def sign(data: bytes, *, key_pem: bytes, certificate_pem: bytes) -> bytes:
    """Give the document with its signature as the last child of alert, as the schema allows."""
    key = load_pem_private_key(key_pem, password=None)
    curved = isinstance(key, EllipticCurvePrivateKey)
    kind = SignatureMethod.ECDSA_SHA256 if curved else SignatureMethod.RSA_SHA256
    signed = XMLSigner(signature_algorithm=kind).sign(
        read_document(data), key=key_pem, cert=certificate_pem.decode()
    )
    return bytes(etree.tostring(signed, xml_declaration=True, encoding="UTF-8"))


def check_signature(data: bytes, *, certificate_pem: bytes) -> bytes:
    """Give the part of the document that is signed; read nothing else of it.

    Raises
    ------
    ValueError
        If it is not signed by that certificate, or was changed since.
    """
    try:
        verified = XMLVerifier().verify(
            etree.tostring(read_document(data)), x509_cert=certificate_pem.decode()
        )
    except (InvalidSignature, InvalidInput) as error:
        raise ValueError(f"the signature does not hold: {error}. Do not use it.") from error
    found = verified[0] if isinstance(verified, list) else verified
    return bytes(found.signed_data)
