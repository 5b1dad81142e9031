"""The pages' own files, each named by its content: a new page never meets an old one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent / "static"
_MADE: Final = Path(__file__).parents[3] / "build" / "console"
HTMX: Final = "htmx.js"
JOINED: Final = {"frame.js": ("console.js", "live.js", "drafts.js")}
"""What is sent as one: every page of somebody who has signed in needs all of it."""
KINDS: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FOR_EVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its bytes, its kind, and where it is."""

    name: str
    content: bytes
    kind: str

    @property
    def path(self) -> str:
        """Its address, with its content's digest."""
        return f"/static/{self.name}?v={hashlib.sha256(self.content).hexdigest()[:12]}"


@cache
def assets() -> dict[str, Asset]:
    """Every file, by name; raises FileNotFoundError with the way out where htmx is missing."""
    files = {file.name: file for file in _HERE.iterdir() if file.suffix in KINDS}
    htmx = _MADE / HTMX
    if not htmx.is_file():
        raise FileNotFoundError(f"{htmx} is not there; `make setup` unpacks it")
    contents = {name: file.read_bytes() for name, file in {**files, HTMX: htmx}.items()}
    contents |= {name: b"".join(contents[part] for part in parts) for name, parts in JOINED.items()}
    return {
        name: Asset(name, content, KINDS[Path(name).suffix]) for name, content in contents.items()
    }
