"""What an entry of the audit may hold, and how each is chained to the one before it. Pure.

A writer is a service: its replicas share one chain. An entry is ids and codes, and cannot be made
with anything else.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Self

LONGEST: Final = 120
MOST_DETAILS: Final = 12
"""An entry says what was done; what it was done to stays where it is."""

_WRITER: Final = re.compile(r"[a-z][a-z_]{0,39}")
_WORD: Final = re.compile(r"[a-z][a-z_]{0,39}")
_ACT: Final = re.compile(r"[a-z][a-z_]{0,39}(\.[a-z][a-z_]{0,39})+")
_CODE: Final = re.compile(rf"[A-Za-z0-9._:/-]{{1,{LONGEST}}}")
_MADE_BY_MACHINES: Final = re.compile(
    r"(?<![A-Za-z0-9])"
    r"([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{24,}|[2-9A-HJKMNP-Z]{8})"
    r"(?![A-Za-z0-9])"
)
"""UUIDs, digests and ticket numbers may hold any digits."""
_SOMEBODYS: Final = re.compile(r"\d{7}")
"""The shortest telephone numbers have seven digits."""


class UnfitForAudit(ValueError):
    """Something that is no id or code was to be put on record; names the field, not the value."""

    def __init__(self, field: str, why: str) -> None:
        self.field = field
        self.why = why
        super().__init__(f"{field}: {why}")


class Subject(NamedTuple):
    """What it was done to."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One act: who did what to what, why, and from where.

    `n` counts the writer's entries from 1, `at` is UTC in whole milliseconds. Codes and ids are
    ASCII letters, digits and `. _ : / -`; more than six digits in a row stand only in ticket
    numbers, digests and UUIDs. That keeps out words, names in Chinese, mail addresses and
    telephone numbers. Raises UnfitForAudit for anything else.
    """

    writer: str
    n: int
    at: datetime
    by: str
    role: str
    act: str
    subject: Subject
    why: str | None = None
    source: str | None = None
    details: Mapping[str, str | int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what could be personal, wherever it stands."""
        _require(_WRITER, "writer", self.writer)
        _require(_WORD, "role", self.role)
        _require(_ACT, "act", self.act)
        _require(_WORD, "subject.kind", self.subject.kind)
        _require_code("subject.id", self.subject.id)
        _require_code("by", self.by)
        for name, value in (("why", self.why), ("source", self.source)):
            if value is not None:
                _require_code(name, value)
        _require_count(self.n)
        _require_time(self.at)
        _require_details(self.details)

    @property
    def id(self) -> str:
        """The document's `_id`, which two writers of one place in the chain cannot both get."""
        return entry_id(self.writer, self.n)


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as it hangs in its chain. `keyed`: its digest is made with the installation's key,
    as all are but those of before there was one.
    """

    entry: Entry
    previous: str
    digest: str
    keyed: bool = False

    @classmethod
    def of(cls, entry: Entry, previous: str, key: bytes | None = None) -> Self:
        """The entry behind the one with that digest."""
        return cls(entry, previous, digest(entry, previous, key), key is not None)

    def fits_itself(self, key: bytes) -> bool:
        """Whether its digest is that of what it says."""
        return self.digest == digest(self.entry, self.previous, key if self.keyed else None)


@dataclass(frozen=True, slots=True)
class Anchor:
    """The head of a chain at some time, as it is kept outside the database."""

    writer: str
    n: int
    digest: str
    at: datetime

    @classmethod
    def of(cls, link: Link) -> Self:
        """The head that this link was."""
        return cls(link.entry.writer, link.entry.n, link.digest, link.entry.at)


def entry_id(writer: str, n: int) -> str:
    """What an entry is called."""
    return f"{writer}/{n}"


def genesis(writer: str) -> str:
    """What the first entry of a writer hangs on."""
    return hashlib.sha256(f"estateline audit {writer}".encode()).hexdigest()


def digest(entry: Entry, previous: str, key: bytes | None = None) -> str:
    """SHA-256 over the digest before and all that the entry says; with a key an HMAC, which nobody
    can make anew who has but the database.
    """
    said = f"{previous}\n".encode() + canonical(entry)
    return hmac.digest(key, said, "sha256").hex() if key else hashlib.sha256(said).hexdigest()


def canonical(entry: Entry) -> bytes:
    """The same entry as the same bytes, for ever: JSON with sorted names and no spaces."""
    said = {
        "writer": entry.writer,
        "n": entry.n,
        "at": entry.at.isoformat(timespec="milliseconds"),
        "by": entry.by,
        "role": entry.role,
        "act": entry.act,
        "subject": list(entry.subject),
        "why": entry.why,
        "source": entry.source,
        "details": dict(entry.details),
    }
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()


def to_doc(link: Link) -> dict[str, Any]:
    """The link as it is stored; `made_by` is the store's own mark on what a service inserts."""
    entry = link.entry
    return {
        "_id": entry.id,
        "writer": entry.writer,
        "n": entry.n,
        "at": entry.at,
        "by": entry.by,
        "role": entry.role,
        "act": entry.act,
        "subject": entry.subject._asdict(),
        "why": entry.why,
        "source": entry.source,
        "details": dict(entry.details),
        "previous": link.previous,
        "digest": link.digest,
        "made_by": entry.writer,
        **({"keyed": True} if link.keyed else {}),
    }


def from_doc(doc: Mapping[str, Any]) -> Link:
    """The link of a stored document; ValueError for a document that holds anything else."""
    try:
        entry = Entry(
            writer=doc["writer"],
            n=doc["n"],
            at=doc["at"],
            by=doc["by"],
            role=doc["role"],
            act=doc["act"],
            subject=Subject(doc["subject"]["kind"], doc["subject"]["id"]),
            why=doc["why"],
            source=doc["source"],
            details=doc["details"],
        )
        link = Link(entry, doc["previous"], doc["digest"], doc.get("keyed") is True)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("a field is missing, or is of another kind") from error
    # Whatever else lies in the document would be covered by no digest.
    if to_doc(link) != dict(doc):
        raise ValueError("its id is another entry's, or it holds more than an entry does")
    return link


def _require(pattern: re.Pattern[str], name: str, value: object) -> None:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise UnfitForAudit(name, "is not a code")


def _require_code(name: str, value: object) -> None:
    if not isinstance(value, str) or not _CODE.fullmatch(value):
        raise UnfitForAudit(name, "is not an id or a code")
    if _SOMEBODYS.search(_MADE_BY_MACHINES.sub("", value)):
        raise UnfitForAudit(name, "holds digits that could be somebody's number")


def _require_count(n: object) -> None:
    if not isinstance(n, int) or isinstance(n, bool) or n < 1:
        raise UnfitForAudit("n", "does not count from 1")


def _require_time(at: object) -> None:
    if not isinstance(at, datetime) or at.utcoffset() != timedelta():
        raise UnfitForAudit("at", "is not a time in UTC")
    if at.microsecond % 1000:
        raise UnfitForAudit("at", "is finer than the database keeps")


def _require_details(details: Mapping[str, object]) -> None:
    if len(details) > MOST_DETAILS:
        raise UnfitForAudit("details", f"are more than {MOST_DETAILS}")
    for name, value in details.items():
        _require(_WORD, "details", name)
        is_number = isinstance(value, int) and not isinstance(value, bool)
        _require_code(f"details.{name}", str(value) if is_number else value)
