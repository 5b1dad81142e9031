"""The channels there are, and by which of them somebody is reached. Staff have two at most; whoever
is to hear by several gets the one message by each of them, one after the other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from services.notifier.senders import Sender
from shared.contracts.notifier import CALLER
from shared.policy.duty import Person
from shared.policy.ladder import Channel


@dataclass(frozen=True, slots=True)
class Channels:
    """One for callers (`text`), two for staff. Until there is a sender of text messages `text` is
    the sandbox, and without a mail server mail stays there too: outside a trial that is nobody.
    """

    text: Sender
    mail: Sender | None
    webhook: Sender

    @property
    def senders(self) -> tuple[Sender, ...]:
        """All there are."""
        return tuple(s for s in (self.text, self.mail, self.webhook) if s is not None)

    @property
    def to_callers(self) -> tuple[str, ...]:
        """What leads to callers now."""
        return _open(self.text)

    @property
    def to_staff(self) -> tuple[str, ...]:
        """What leads to staff now: to each who has an address of that kind."""
        return _open(self.webhook, self.mail or self.text)

    def lead_to(self, person: Person) -> bool:
        """Whether any of them leads to somebody of the duty list, as far as that is known before
        anything is sent.
        """
        if person.webhook is not None:
            return True
        return person.can_be_mailed and (self.mail or self.text).is_open

    def of(self, name: str) -> Sender:
        """The channel that attempts call so."""
        return next(sender for sender in self.senders if sender.channel == name)

    def reaching(self, person: Person | None, wanted: Iterable[Channel]) -> tuple[str, ...]:
        """By which of the wanted channels somebody is reached, in that order; nothing where that is
        one at most: then they are told as always.
        """
        if person is None:
            return ()
        staff: dict[Channel, Sender | None] = {
            "mail": (self.mail or self.text) if person.mail else None,
            "webhook": self.webhook if person.webhook is not None else None,
        }
        found = [sender.channel for name in wanted if (sender := staff[name]) is not None]
        return tuple(dict.fromkeys(found)) if len(set(found)) > 1 else ()

    def all_of(self, recipient: str, person: Person | None) -> tuple[Sender, ...]:
        """The channels of a recipient, the first choice first: staff by their webhook where they
        have one, and by mail where there is a server; callers by text. `person` is who they are on
        the duty list.
        """
        if recipient == CALLER:
            return (self.text,)
        mail = self.mail or self.text
        if person is None or person.webhook is None:
            return (mail,)
        return (self.webhook, mail) if person.can_be_mailed else (self.webhook,)

    def choose(self, recipient: str, person: Person | None, tried: Collection[str] = ()) -> Sender:
        """The one to try now: the first that has not taken it in vain, else the first."""
        channels = self.all_of(recipient, person)
        return next((s for s in channels if s.channel not in tried), channels[0])

    def has_another(self, recipient: str, person: Person | None, tried: Collection[str]) -> bool:
        """Whether any channel is left that has not taken it in vain."""
        return any(s.channel not in tried for s in self.all_of(recipient, person) if s.is_open)


def _open(*senders: Sender) -> tuple[str, ...]:
    return tuple(sender.channel for sender in senders if sender.is_open)
