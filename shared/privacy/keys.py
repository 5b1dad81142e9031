"""The secrets of one installation, in one file that only its owner may read.

A local key file is the trial's way; production hands the master key to a key service and mounts
the other secrets (docs/architecture.md).
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from typing_extensions import override

LENGTHS: Final[Mapping[str, int]] = {"master": 96, "index": 32, "token": 32, "link": 32}
"""In bytes; that of the master key is what MongoDB's local key provider asks for."""
FILE_NAME: Final = "keys.json"


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """Master key of the sealed data, and the secrets of look-ups, tokens and links."""

    master: bytes
    index: bytes
    token: bytes
    link: bytes

    @override
    def __repr__(self) -> str:
        """Never the keys themselves."""
        return "Keys(…)"


def load_keys(path: Path) -> Keys:
    """Read the key file; FileNotFoundError names the way out, ValueError a damaged file."""
    try:
        raw = json.loads(path.read_text("utf-8"))
        return Keys(**{name: _key(name, raw[name]) for name in LENGTHS})
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{path}: there is no key file; `hotline up` makes one, or set HOTLINE_KEYS to yours"
        ) from error
    except (KeyError, ValueError, TypeError) as error:
        raise ValueError(f"{path}: is not a key file of this product ({error})") from error


def _key(name: str, encoded: str) -> bytes:
    """One key, which must have its length: whoever knows a short secret signs as anybody."""
    key = base64.b64decode(encoded, validate=True)
    if len(key) < LENGTHS[name]:
        raise ValueError(f"{name} is too short")
    return key


def make_keys(path: Path) -> Keys:
    """Read the key file, made first where there is none. It is never written over."""
    if not path.exists():
        made = {k: base64.b64encode(secrets.token_bytes(n)).decode() for k, n in LENGTHS.items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(made), "utf-8")
        try:
            os.link(draft, path)  # fails where another process was first, whose keys then count
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return load_keys(path)
