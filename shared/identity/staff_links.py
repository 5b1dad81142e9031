"""The link of one of the staff as any service reads it: to what, and whose. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from shared.identity.tokens import read_generation, read_link, sign_link, with_generation

StaffLinkKind = Literal["work", "alert", "task"]
MOST_TRIES: Final = 3
"""So many wrong answers to whose telephone it is kill a link: of four digits one in three thousand
is found by chance."""
_KINDS: Final[tuple[StaffLinkKind, ...]] = get_args(StaffLinkKind)


@dataclass(frozen=True, slots=True)
class StaffLink:
    """A link to a work order (`work`), a ticket's emergency (`alert`) or the task to tell a caller
    something by telephone (`task`), made for a person.
    """

    kind: StaffLinkKind
    matter: str
    person: str
    generation: int = 0

    @property
    def number(self) -> str | None:
        """The ticket; None where only the task knows it."""
        match self.kind:
            case "work":
                return self.matter.rpartition("-")[0]
            case "alert":
                return self.matter
            case "task":
                return None

    @property
    def order(self) -> str | None:
        """The work order; None of all else."""
        return self.matter if self.kind == "work" else None

    @property
    def holder(self) -> str:
        """The person, with the generation of their links."""
        return with_generation(self.person, self.generation)

    @property
    def id(self) -> str:
        """The same for the same link: what is counted of it."""
        return f"{self.kind}/{self.matter}/{self.holder}"


def read_staff_link(token: str, secret: bytes) -> StaffLink | None:
    """What a token was made for; None where it was not signed here for one of the staff."""
    for kind in _KINDS:
        if subject := read_link(kind, token, secret):
            matter, _, holder = subject.partition("/")
            person, generation = read_generation(holder)
            return StaffLink(kind, matter, person, generation) if person else None
    return None


def form_token(link: StaffLink, secret: bytes) -> str:
    """What a form on the page of a link carries, so that only whoever had the page can send it."""
    return sign_link("form", link.id, secret)


def form_token_of(token: str, secret: bytes) -> str | None:
    """The same for the page at the address with this token; None where that is no link of ours. The
    form goes to intake: whoever shows the page has no right to open a person.
    """
    link = read_staff_link(token, secret)
    return form_token(link, secret) if link is not None else None


def is_form_token(token: str, link: StaffLink, secret: bytes) -> bool:
    """Whether a form came from the page of this link."""
    return read_link("form", token, secret) == link.id


def device_token(link: StaffLink, secret: bytes) -> str:
    """What marks a telephone on which the link's person has said who they are. It ends with the
    generation of their links, so a lost telephone is marked no more.
    """
    return sign_link("device", link.holder, secret)


def is_device_token(token: str, link: StaffLink, secret: bytes) -> bool:
    """Whether a telephone was marked as this person's."""
    return read_link("device", token, secret) == link.holder
