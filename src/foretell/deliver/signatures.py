"""Signatures of vendors' requests: elliptic curves and RSA need the package ``cryptography``, the rest nothing."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from foretell.errors import UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.x509 import Certificate


def require(package: str, what: str) -> None:
    """Make sure that ``package`` of the extra ``channels`` is installed; raises ``EXTRA_MISSING``."""
    if find_spec(package) is None:
        raise UsageError(
            "EXTRA_MISSING",
            f"{what} needs the package {package}",
            next_step="Install it: pip install 'foretell[channels]'.",
        )


def bad_signature(where: str, look: str) -> UsageError:
    """The error for a request that is not the vendor's.

    Args:
        look: what the two sides may not have in common.
    """
    return UsageError(
        "BAD_SIGNATURE", f"the signature in {where} is missing or wrong", next_step=f"Look whether {look}."
    )


@lru_cache(maxsize=64)
def ecdsa_key(text: str) -> EllipticCurvePublicKey:
    """A public key: DER in base 64, with or without the lines of PEM; raises ``BAD_KEY``."""
    require("cryptography", "a webhook signed with an elliptic curve")
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    lines = [line.strip() for line in text.strip().splitlines() if not line.startswith("-----")]
    try:
        key = load_der_public_key(base64.b64decode("".join(lines), validate=True))
    except (ValueError, binascii.Error) as error:
        raise _bad_key() from error
    if not isinstance(key, EllipticCurvePublicKey):
        raise _bad_key()
    return key


def _bad_key() -> UsageError:
    return UsageError(
        "BAD_KEY", "the verification key is no public key of an elliptic curve", next_step="Copy it again, all of it."
    )


def is_ecdsa_signed(key: EllipticCurvePublicKey, told: bytes, signature: str) -> bool:
    """True where ``signature`` (DER in base 64) is that of ``told`` with SHA-256."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256

    given = _decoded(signature)
    try:
        if given is None:
            return False
        key.verify(given, told, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def is_rsa_signed(certificate: Certificate, told: bytes, signature: str, digest: str) -> bool:
    """True where ``signature`` (base 64) is that of ``told`` by the certificate's key, PKCS #1 v1.5.

    Args:
        digest: ``sha1`` or ``sha256``.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256

    key, given = certificate.public_key(), _decoded(signature)
    if not isinstance(key, RSAPublicKey) or given is None:
        return False
    try:
        key.verify(given, told, PKCS1v15(), SHA256() if digest == "sha256" else SHA1())
    except InvalidSignature:
        return False
    return True


def is_hmac_sha1(secret: str, told: bytes, signature: str) -> bool:
    """True where ``signature`` (base 64) is HMAC-SHA1 of ``told`` under ``secret``."""
    expected: Any = base64.b64encode(hmac.new(secret.encode(), told, hashlib.sha1).digest())
    return hmac.compare_digest(expected, signature.strip().encode("utf-8", "replace"))


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
