"""Whether an event comes from one of ours: a proof that only the installation's own secret makes.

It saves the question to the document that said the event. What cannot be undone is asked there all
the same (`Event.must_be_founded`).
"""

from __future__ import annotations

import hmac
from typing import Final

PROOF_HEADER: Final = "hotline-event-proof"
_BYTES: Final = 16


class Proof:
    """Makes and checks proofs of what stands for an event (`Envelope.digest`)."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def of(self, digest: bytes) -> str:
        """The proof, as a header has it."""
        return hmac.digest(self._secret, b"event\0" + digest, "sha256")[:_BYTES].hex()

    def holds(self, digest: bytes, given: object) -> bool:
        """Whether this is the proof; anything may stand in a header."""
        known = self.of(digest).encode()
        return isinstance(given, str) and hmac.compare_digest(given.encode(), known)
