"""The secrets of one installation, in one file that only its owner may read.

A local key file is the trial's way; production hands the master key to a key service and mounts
the other secrets (docs/architecture/privacy.md).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from typing_extensions import override

from shared.privacy.index import BlindIndex
from shared.privacy.key_wrap import LOCAL, LocalMasters

LENGTHS: Final[Mapping[str, int]] = {"master": 96, "index": 32, "token": 32, "link": 32}
"""In bytes; that of the master key is what MongoDB's local key provider asks for."""
ADDED: Final[Mapping[str, int]] = {"audit": 32}
"""What a key file of before has not."""
_ALL: Final[Mapping[str, int]] = {**LENGTHS, **ADDED}
FILE_NAME: Final = "keys.json"


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """Master key of the sealed data, and the secrets of look-ups, tokens, links and the audit.

    `audit` is empty in a key file that was made before the audit had a key. `old_masters` are there
    while data keys are wrapped anew. `lookups` are the secrets of look-ups by version, once the
    first, which is `index`, has been changed.
    """

    master: bytes
    index: bytes
    token: bytes
    link: bytes
    master_name: str = LOCAL
    old_masters: Mapping[str, bytes] = field(default_factory=dict)
    lookups: Mapping[int, bytes] = field(default_factory=dict)
    audit: bytes = b""

    @override
    def __repr__(self) -> str:
        """Never the keys themselves."""
        return "Keys(…)"

    def derived(self, purpose: str) -> bytes:
        """A secret of its own for a purpose, 32 bytes: what is known of one says nothing of
        another. It lasts as long as the secret of look-ups.
        """
        return hmac.new(self.index, f"derived\0{purpose}".encode(), hashlib.sha256).digest()

    @property
    def audit_key(self) -> bytes:
        """What the digests of the audit are made with."""
        return self.audit or self.derived("audit")

    def blind_index(self) -> BlindIndex:
        """The index with every secret of look-ups that counts."""
        return BlindIndex(self.lookups or self.index)

    @property
    def masters(self) -> LocalMasters:
        """The master keys, as the vault's wrapping is made of."""
        return LocalMasters(self.master_name, self.master, self.old_masters)


def load_keys(path: Path) -> Keys:
    """Read the key file; FileNotFoundError names the way out, ValueError a damaged file."""
    try:
        raw = json.loads(path.read_text("utf-8"))
        old, lookups = raw.get("old_masters", {}), raw.get("lookups", {})
        return Keys(
            **{name: _key(name, raw[name]) for name in LENGTHS},
            master_name=_name(raw.get("master_name", LOCAL)),
            old_masters={_name(name): _key("master", key) for name, key in old.items()},
            lookups={int(version): _key("index", key) for version, key in lookups.items()},
            **{name: _key(name, raw[name]) for name in ADDED if name in raw},
        )
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{path}: there is no key file; `hotline up` makes one, or set HOTLINE_KEYS to yours"
        ) from error
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: is not a key file of this product ({error})") from error


def _key(name: str, encoded: str) -> bytes:
    """One key, which must have its length: whoever knows a short secret signs as anybody."""
    key = base64.b64decode(encoded, validate=True)
    if len(key) < _ALL[name]:
        raise ValueError(f"{name} is too short")
    return key


def _name(name: object) -> str:
    """A master key's name, as the driver takes it: data keys say by it who wrapped them."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError("a master key has no proper name")
    return name


_NAME: Final = re.compile(rf"{LOCAL}(:[a-z0-9]+)?", re.ASCII)


def save_keys(path: Path, keys: Keys) -> None:
    """Write the key file anew, all of it at once: whoever reads it meets the old or the new one."""
    made: dict[str, Any] = {name: _encoded(getattr(keys, name)) for name in LENGTHS}
    if keys.master_name != LOCAL:
        made["master_name"] = keys.master_name
    if keys.old_masters:
        made["old_masters"] = {name: _encoded(key) for name, key in keys.old_masters.items()}
    if keys.audit:
        made["audit"] = _encoded(keys.audit)
    if keys.lookups:
        made["lookups"] = {str(version): _encoded(key) for version, key in keys.lookups.items()}
    draft = _draft(path, made)
    draft.replace(path)


def _encoded(key: bytes) -> str:
    return base64.b64encode(key).decode()


def _draft(path: Path, made: Mapping[str, Any]) -> Path:
    """A file beside it, its owner's alone from the first byte on."""
    draft = path.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(made), "utf-8")
    return draft


def make_keys(path: Path) -> Keys:
    """Read the key file, made first where there is none. It is never written over."""
    if not path.exists():
        made = {name: _encoded(secrets.token_bytes(n)) for name, n in _ALL.items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = _draft(path, made)
        try:
            os.link(draft, path)  # fails where another process was first, whose keys then count
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return load_keys(path)
