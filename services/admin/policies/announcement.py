"""What is said of a policy to those who must confirm it: that it is published, once more when they
have not confirmed in time, then to who stands above them. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from shared.contracts import Step
from shared.contracts.admin import PolicyPublished, PolicyReminded, PolicyUnconfirmed

Stage = Literal["published", "reminded", "reported", "ended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """How far it is for one version, which counts from `begins` on. `readers` are who must confirm;
    at `next_at` somebody looks again.
    """

    id: str
    version: int = 0
    begins: datetime
    at: datetime
    readers: tuple[str, ...]
    stage: Stage = "published"
    next_at: datetime | None = None


def publish(
    policy: str,
    begins: datetime,
    readers: tuple[str, ...],
    now: datetime,
    *,
    within: timedelta,
    listed: Collection[str],
) -> Step[Announcement]:
    """Tell those of the readers who are `listed` on the duty list: nobody else can be told."""
    made = Announcement(id=policy, begins=begins, at=now, readers=readers, next_at=now + within)
    told = tuple(id for id in readers if id in listed)
    return Step(made, (PolicyPublished(policy=policy, begins=begins, recipients=told),))


def go_on(
    found: Announcement,
    missing: Collection[str],
    above: Mapping[str, tuple[str, ...]],
    now: datetime,
    *,
    within: timedelta,
) -> Step[Announcement]:
    """What follows when its time is over and these have not confirmed: they are reminded, and the
    second time who stands `above` them is told. When all have, it has ended.
    """
    left = tuple(id for id in found.readers if id in missing)
    facts = {"policy": found.id, "begins": found.begins}
    if not left or found.stage not in {"published", "reminded"}:
        return end(found)
    if found.stage == "published":
        reminded = replace(found, stage="reminded", next_at=now + within)
        return Step(reminded, (PolicyReminded(**facts, recipients=left),))
    said = tuple(
        PolicyUnconfirmed(**facts, recipients=(superior,), missing=people)
        for superior, people in above.items()
    )
    return Step(replace(found, stage="reported", next_at=None), said)


def end(found: Announcement) -> Step[Announcement]:
    """Nothing more is said of it: all have confirmed, or it was withdrawn before it began."""
    return Step(replace(found, stage="ended", next_at=None))
