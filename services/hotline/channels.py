"""Whether people are reached at all: what `hotline doctor` says of the channels.

Chinese first, as everything that people see.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import httpx

from shared.policy.duty import Person
from shared.store import Store, connect
from shared.store.rosters import DutyReader

NAMED: Final = 20
"""Of the people without a channel so many are named, the rest is counted."""
TRIAL: Final = (
    "试用数据：发给来电人的消息留在沙箱，任何人都收不到。\n"
    "A trial: messages to callers stay in the sandbox and reach nobody."
)
NO_CALLERS: Final = (
    "来电人没有消息渠道：办理结果须由人工电话告知，待办见 /v1/follow-ups（why: tell）。\n"
    "Callers have no channel: a person tells each result by telephone; the tasks are under "
    "/v1/follow-ups (why: tell)."
)
NO_STAFF: Final = (
    "警告：值班表上 {count} 人没有消息渠道，紧急事件也通知不到他们：{named}\n"
    "请为他们设置 webhook，或设置邮件服务器 HOTLINE_NOTIFIER_SMTP_HOST。\n"
    "WARNING: {count} people of the duty list have no channel, not even an alert reaches them: "
    "{named}\n"
    "Give them a webhook, or set HOTLINE_NOTIFIER_SMTP_HOST."
)
UNASKED: Final = (
    "无法得知有哪些消息渠道：通知服务或数据库没有回答。\n"
    "Which channels there are is not known: the notifier or the database does not answer."
)


@dataclass(frozen=True, slots=True)
class Channels:
    """What the notifier says leads to people now."""

    trial: bool
    callers: tuple[str, ...]
    staff: tuple[str, ...]

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any]) -> Self:
        """Read `/healthz/channels`."""
        return cls(answer["trial"], tuple(answer["callers"]), tuple(answer["staff"]))

    def reach(self, person: Person) -> bool:
        """Whether any of them leads to somebody of the duty list."""
        if person.webhook is not None:
            return "webhook" in self.staff
        return bool(person.mail) and any(name != "webhook" for name in self.staff)


def said_of(channels: Channels, unreached: tuple[str, ...]) -> Iterator[str]:
    """What an operator is to know; nothing where everybody is reached."""
    if channels.trial and "sandbox" in channels.callers:
        yield TRIAL
    if not channels.callers:
        yield NO_CALLERS
    if unreached:
        more = f" … +{len(unreached) - NAMED}" if len(unreached) > NAMED else ""
        yield NO_STAFF.format(count=len(unreached), named=", ".join(unreached[:NAMED]) + more)


async def ask_channels(http: httpx.AsyncClient, notifier: str) -> Channels:
    """What the notifier at this address says; raises HTTPError, ValueError or KeyError."""
    answer = await http.get(f"{notifier}/healthz/channels")
    return Channels.from_answer(answer.raise_for_status().json())


async def people_without(channels: Channels, mongo_url: str, database: str) -> tuple[str, ...]:
    """Everybody of the duty list to whom no channel leads, by id."""
    client = connect(mongo_url)
    try:
        store = Store(client, database, service="hotline")
        await store.clock.refresh()
        duty = DutyReader(store)
        await duty.refresh()
    finally:
        client.close()
    return tuple(sorted(p.id for p in duty.current.everybody if not channels.reach(p)))
