"""After a storm: what was accepted compared with what was kept, done and sent, by number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

from services.hotline.demo.hands import Json
from shared.store import connect
from tests.support.floor import Postbox

ENDED = frozenset({"closed", "answered", "cancelled", "merged"})


@dataclass(slots=True)
class Audit:
    """What was found; every list holds numbers or ids, so that each can be explained.

    `accepted` counts the answers and confirms senders got, `kept` the tickets there are.
    """

    accepted: int = 0
    kept: int = 0
    lost: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    doubled_routine: list[str] = field(default_factory=list)
    doubled_urgent: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    waiting: Mapping[str, int] = field(default_factory=dict)
    sent: int = 0

    @override
    def __str__(self) -> str:
        return "\n".join(
            (
                f"accepted {self.accepted}, kept {self.kept}, lost {len(self.lost)} {self.lost}",
                f"stuck {len(self.stuck)} {self.stuck}",
                f"mails and messages handed over {self.sent}",
                f"routine doubled {len(self.doubled_routine)} {self.doubled_routine}",
                f"urgent doubled {len(self.doubled_urgent)} {self.doubled_urgent}",
                f"unknown {len(self.unknown)} {self.unknown}",
                f"events not yet published {dict(self.waiting)}",
            )
        )


async def audit(
    url: str, accepted: Collection[str], postbox: Postbox, *, confirmed: int = 0
) -> Audit:
    """Compare what was accepted with the store and the mails that a real server took.

    `accepted` are the numbers that were answered; `confirmed` counts messages that the broker
    took and nobody answered.
    """
    client = connect(url)
    try:
        database = client["hotline"]
        tickets: list[Json] = await database["tickets"].find({}).to_list(None)
        messages: list[Json] = await database["messages"].find({}).to_list(None)
        surveys: list[Json] = await database["surveys"].find({}, {"outbox": 1}).to_list(None)
    finally:
        client.close()
    return judge(set(accepted), confirmed, tickets, messages, surveys, postbox)


def judge(
    accepted: set[str],
    confirmed: int,
    tickets: Sequence[Json],
    messages: Sequence[Json],
    surveys: Sequence[Json],
    postbox: Postbox,
) -> Audit:
    known = {ticket["_id"]: ticket for ticket in tickets}
    lanes = {message["_id"]: message["lane"] for message in messages}
    mailed = Counter(str(mail["Message-ID"]).strip("<>").split("@")[0] for mail in postbox.mails)
    doubled = [id for id, n in mailed.items() if n > 1]
    return Audit(
        accepted=len(accepted) + confirmed,
        kept=len(known),
        lost=sorted(accepted - known.keys()),
        stuck=sorted(n for n, ticket in known.items() if ticket["status"] not in ENDED),
        doubled_routine=sorted(id for id in doubled if lanes.get(id) != "urgent"),
        doubled_urgent=sorted(id for id in doubled if lanes.get(id) == "urgent"),
        unknown=sorted(m["_id"] for m in messages if m["status"] == "unknown"),
        sent=sum(mailed.values()) + sum(m["status"] == "delivered" for m in messages),
        waiting=_waiting(tickets=tickets, messages=messages, surveys=surveys),
    )


def _waiting(**collections: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    counted = {name: sum(len(d["outbox"]) for d in docs) for name, docs in collections.items()}
    return {name: n for name, n in counted.items() if n}
