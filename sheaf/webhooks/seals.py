"""Encryption of the few secrets that have to be kept: what receivers of events are told.

The key is derived from the home's signing key, so that a copy of the ledger alone tells nothing.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from sheaf.runtime.signing_keys import KeySet, SigningKeys

_PURPOSE = b"sheaf: seals of the ledger, version 1"


class SealBrokenError(Exception):
    """The ledger was sealed under another home's key, or the row was changed."""


class Seals:
    """Seals and opens small JSON objects, authenticated (Fernet: AES-128-CBC, HMAC-SHA256).

    Args:
        keys: the newest seals, and all of them open; losing one loses what it has sealed. They may
            change while this object lives.
    """

    def __init__(self, keys: SigningKeys) -> None:
        self._keys = keys
        self._made_of: KeySet | None = None

    @property
    def _fernet(self) -> MultiFernet:
        keys = self._keys.now()
        if keys is not self._made_of:
            every = (keys.current, *(one.key for one in keys.previous))
            self._made, self._made_of = MultiFernet([_fernet(one) for one in every]), keys
        return self._made

    def seal(self, values: Mapping[str, Any]) -> bytes:
        """Return an object sealed; twice the same one gives different bytes."""
        return self._fernet.encrypt(json.dumps(values).encode())

    def open(self, sealed: bytes) -> dict[str, Any]:
        """Return the object of a seal.

        Raises:
            SealBrokenError: it was sealed under another key, or changed since.
        """
        try:
            opened: dict[str, Any] = json.loads(self._fernet.decrypt(sealed))
        except InvalidToken as error:
            raise SealBrokenError(
                "a sealed row cannot be opened: SHEAF_HOME has not the key that it was sealed with"
            ) from error
        return opened

    def renewed(self, sealed: bytes) -> bytes:
        """Return a seal under the newest key, whichever of the keys it is under now.

        Raises:
            SealBrokenError: none of the keys opens it.
        """
        try:
            return self._fernet.rotate(sealed)
        except InvalidToken as error:
            raise SealBrokenError("none of the signing keys opens a sealed row") from error


def _fernet(key: bytes) -> Fernet:
    derived = hmac.new(key, _PURPOSE, hashlib.sha256).digest()
    return Fernet(base64.urlsafe_b64encode(derived))
