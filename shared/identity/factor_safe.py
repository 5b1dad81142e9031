"""Secrets of second factors, sealed: the administration keeps them, and the operator of a trial
reads one to show its code.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SECRETS_OF: Final = "second-factors"
"""What the key of these secrets is derived for."""
_NONCE_BYTES: Final = 12


class FactorSafe:
    """Seals the secrets of second factors, and makes digests of recovery codes.

    Not the vault of persons: only few may open that, and this service is none of them.
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._key = key

    def seal(self, secret: str, account: str) -> bytes:
        """Seal a secret for one account; under another it does not open."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret.encode(), account.encode())

    def open(self, sealed: bytes, account: str) -> str | None:
        """The secret; None where it is damaged, somebody else's, or of another key file."""
        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, rest, account.encode()).decode()
        except InvalidTag:
            return None

    def digest(self, code: str, account: str) -> str:
        """What is kept of a recovery code: keyed, since the code is short enough to be guessed."""
        said = f"recovery\0{account}\0{code}".encode()
        return hmac.new(self._key, said, hashlib.sha256).hexdigest()
