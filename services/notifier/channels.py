"""The channels there are, and by which of them somebody is reached. Staff are told by one; whoever
is to hear by several gets the one message by each of them, one after the other; an alarm is a
message for each of its channels.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from services.notifier.group_chats import is_group_chat
from services.notifier.senders import Absent, DingtalkApp, Robots, Sender, WecomApp
from shared.contracts.notifier import CALLER
from shared.policy.duty import Person
from shared.policy.ladder import Channel


@dataclass(frozen=True, slots=True)
class Channels:
    """One for callers (`text`), up to four for staff, and the robots of group chats. Until there is
    a sender of text messages `text` is the sandbox, and without a mail server mail stays there too:
    outside a trial that is nobody.
    """

    text: Sender
    mail: Sender | None
    webhook: Sender
    wecom: WecomApp | None = None
    dingtalk: DingtalkApp | None = None
    robots: Robots = field(default_factory=lambda: Robots({}))

    @property
    def senders(self) -> tuple[Sender, ...]:
        """All there are."""
        staff = (self.mail, self.webhook, self.wecom, self.dingtalk, self.robots)
        return tuple(sender for sender in (self.text, *staff) if sender is not None)

    @property
    def to_callers(self) -> tuple[str, ...]:
        """What leads to callers now."""
        return _open(self.text)

    @property
    def to_staff(self) -> tuple[str, ...]:
        """What leads to staff now: to each who has an address of that kind."""
        return _open(self.webhook, self.wecom, self.dingtalk, self.mail or self.text)

    @property
    def group_chats(self) -> tuple[str, ...]:
        """The group chats that have a robot: of estates, and of lists as `place/department`."""
        return self.robots.group_chats

    @property
    def faults(self) -> Mapping[str, str]:
        """By channel or robot the provider's code for what is wrong in its setting up, as far as
        the last letter showed.
        """
        chats = (self.wecom, self.dingtalk, self.robots)
        return {name: code for chat in chats if chat for name, code in chat.faults.items()}

    def lead_to(self, person: Person) -> bool:
        """Whether any of them leads to somebody of the duty list, as far as that is known before
        anything is sent.
        """
        own = self._own(person)
        if set(own) - {"mail"}:
            return True
        return person.can_be_mailed and (self.mail or self.text).is_open

    def of(self, name: str) -> Sender:
        """The channel that attempts call so, also where it is set no more."""
        return next((each for each in self.senders if each.channel == name), Absent(name))

    def reaching(self, person: Person | None, wanted: Iterable[Channel]) -> tuple[str, ...]:
        """By which of the wanted channels somebody is reached, in that order; nothing where that is
        one at most: then they are told as always.
        """
        if person is None:
            return ()
        own = self._own(person)
        found = [own[name].channel for name in wanted if name in own]
        return tuple(dict.fromkeys(found)) if len(set(found)) > 1 else ()

    def of_alarm(self, person: Person | None, is_wanted: Callable[[str], bool]) -> tuple[str, ...]:
        """By which of the wanted channels an alarm goes to somebody, the first choice first;
        nothing where that is the one by which they are told of all else.
        """
        own = self._own(person) if person is not None else {}
        there = {name: sender for name, sender in own.items() if sender.is_open}
        found = [sender.channel for name, sender in there.items() if is_wanted(name)]
        channels = tuple(dict.fromkeys(found))
        usual = next((sender.channel for sender in own.values()), None)
        return () if channels == (usual,) else channels

    def all_of(self, recipient: str, person: Person | None) -> tuple[Sender, ...]:
        """The channels of a recipient, the first choice first: a group chat's robot, what staff
        have an address for, and mail for who has none; callers by text. `person` is who they are on
        the duty list.
        """
        if is_group_chat(recipient):
            return (self.robots,)
        if recipient == CALLER:
            return (self.text,)
        own = self._own(person).values() if person is not None else ()
        return tuple(own) or (self.mail or self.text,)

    def choose(self, recipient: str, person: Person | None, tried: Collection[str] = ()) -> Sender:
        """The one to try now: the first that has not taken it in vain, else the first."""
        channels = self.all_of(recipient, person)
        return next((s for s in channels if s.channel not in tried), channels[0])

    def has_another(self, recipient: str, person: Person | None, tried: Collection[str]) -> bool:
        """Whether any channel is left that has not taken it in vain."""
        return any(s.channel not in tried for s in self.all_of(recipient, person) if s.is_open)

    def _own(self, person: Person) -> dict[Channel, Sender]:
        """What somebody has an address for, the first choice first: the webhook that their list
        names, the chat tool that they work with, then mail.
        """
        choices: tuple[tuple[Channel, Sender | None, str | None], ...] = (
            ("webhook", self.webhook, person.webhook),
            ("wecom", self.wecom, person.wecom),
            ("dingtalk", self.dingtalk, person.dingtalk),
            ("mail", self.mail or self.text, person.mail if person.can_be_mailed else None),
        )
        return {name: sender for name, sender, address in choices if sender and address}


def _open(*senders: Sender | None) -> tuple[str, ...]:
    return tuple(sender.channel for sender in senders if sender is not None and sender.is_open)
