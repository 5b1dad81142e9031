"""What may be done to an incident: every step gives the next one and its events. Pure.

offered → confirmed | dismissed; confirmed → restored → closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.router.incidents.clusters import Cluster
from services.router.incidents.incident import (
    Announcement,
    Incident,
    Restoration,
    ScopeChange,
    Status,
)
from shared.contracts import Step
from shared.contracts.incidents import (
    IncidentAnnounced,
    IncidentClosed,
    IncidentConfirmed,
    IncidentDismissed,
    IncidentDueSoon,
    IncidentEvent,
    IncidentOffered,
    IncidentOverdue,
    IncidentPromised,
    IncidentRestored,
    IncidentScoped,
    IncidentSpread,
)
from shared.contracts.refusals import NotNow

DUE_SOON: Final = 1
OVERDUE: Final = 2
NUMBERS_AN_EVENT: Final = 200
"""An announcement to more households is several events."""


def offer(
    cluster: Cluster, recipients: Sequence[str], *, emergency: str | None = None
) -> Step[Incident]:
    """Somebody is to decide whether this is one outage. Its id comes from its first request, so it
    is the same for everybody who finds it. Of an `emergency` others share the alert until then.
    """
    incident = Incident(
        id=f"{cluster.estate}-{cluster.area}-{cluster.numbers[0]}",
        estate=cluster.estate,
        area=cluster.area,
        buildings=cluster.buildings,
        status="offered",
        began_at=cluster.began_at,
        households=cluster.households,
        emergency=emergency,
    )
    event = _say(incident, IncidentOffered, recipients, households=cluster.households)
    return Step(incident, (event,))


def share_alert(incident: Incident, emergency: str) -> Step[Incident] | None:
    """Others share the alert of this emergency from now on; None where that is so, or decided."""
    if incident.status != "offered" or incident.emergency is not None:
        return None
    return _step(incident, emergency=emergency)


def grow(
    incident: Incident, cluster: Cluster, recipients: Sequence[str], *, but: Sequence[str] = ()
) -> Step[Incident] | None:
    """What was only offered follows its requests; of what a person confirmed they are told where
    else there are some, each building once, `but` those of other incidents. None when there is
    nothing new.
    """
    if incident.status == "offered":
        wide = () if not cluster.buildings else {*incident.buildings, *cluster.buildings}
        buildings = tuple(sorted(wide)) if incident.buildings else ()
        if buildings == incident.buildings and cluster.households <= incident.households:
            return None
        return _step(incident, buildings=buildings, households=cluster.households)
    known = {*incident.beyond, *incident.restored_in, *but}
    new = [b for b in cluster.buildings if not incident.covers(b) and b not in known]
    if incident.status != "confirmed" or not new:
        return None
    beyond = tuple(sorted({*incident.beyond, *new}))
    return _step(incident, IncidentSpread, recipients, {"beyond": beyond}, beyond=beyond)


def declare(
    estate: str, area: str, buildings: Sequence[str], by: str, now: datetime, zone: ZoneInfo
) -> Step[Incident]:
    """An outage that is known before anybody has called: works that were announced, say."""
    where = _in_order(buildings)
    incident = Incident(
        id=f"{estate}-{area}-{now.astimezone(zone):%Y%m%dT%H%M%S}",
        estate=estate,
        area=area,
        buildings=where,
        status="confirmed",
        began_at=now,
        decided_at=now,
        decided_by=by,
        is_gathered=False,
        scopes=(ScopeChange(now, by, where),),
    )
    return Step(incident, (_say(incident, IncidentConfirmed),))


def confirm(
    incident: Incident,
    by: str,
    now: datetime,
    *,
    buildings: Sequence[str] | None,
    to: Sequence[str],
) -> Step[Incident]:
    """It is one outage, in these buildings (None: as it was offered)."""
    _must_be(incident, "offered")
    where = incident.buildings if buildings is None else _in_order(buildings)
    return _step(
        incident,
        IncidentConfirmed,
        to,
        status="confirmed",
        buildings=where,
        decided_at=now,
        decided_by=by,
        is_gathered=False,
        scopes=(ScopeChange(now, by, where),),
    )


def dismiss(incident: Incident, by: str, now: datetime, *, reason: str) -> Step[Incident]:
    """These requests have nothing in common: those that shared an alert are parted."""
    _must_be(incident, "offered")
    return _step(
        incident,
        IncidentDismissed,
        (),
        {"reason": reason},
        status="dismissed",
        decided_at=now,
        decided_by=by,
        reason=reason,
        is_gathered=incident.emergency is None,
    )


def promise(
    incident: Incident, by: str, now: datetime, *, restore_by: datetime, reason: str | None
) -> Step[Incident]:
    """It will be over by then. What was promised before stays on record."""
    _must_be(incident, "confirmed")
    if restore_by <= now:
        raise NotNow("not-ahead", "This time has passed", "promise a time that is still to come")
    if incident.promises and reason is None:
        raise NotNow(
            "no-reason", "There is a promise already", "say as a code why this one differs: reason"
        )
    promises = (*incident.promises, Restoration(now, by, restore_by, reason))
    facts = {"restore_by": restore_by, "reason": reason}
    return _step(incident, IncidentPromised, (), facts, promises=promises, reminded=0)


def rescope(
    incident: Incident,
    by: str,
    now: datetime,
    *,
    buildings: Sequence[str] | None,
    restored: Sequence[str],
) -> Step[Incident] | None:
    """The outage is in these buildings (None: as before; empty: everywhere), and over in those that
    are `restored`. None when that is known already.
    """
    _must_be(incident, "confirmed")
    where = incident.buildings if buildings is None else _in_order(buildings)
    # Where it is thought to be again it is not over, whatever was said before.
    back = set(where) if buildings is not None else set[str]()
    over = tuple(sorted(({*incident.restored_in} - back) | {*restored}))
    if stray := sorted(b for b in restored if where and b not in where):
        raise NotNow(
            "not-concerned",
            f"The outage is not in {', '.join(stray)}",
            "name buildings of its scope",
        )
    if (where, over) == (incident.buildings, incident.restored_in):
        return None
    facts = {
        "added": _less(where, incident.buildings),
        "removed": _less(incident.buildings, where),
        "restored": _less(over, incident.restored_in),
    }
    return _step(
        incident,
        IncidentScoped,
        (),
        facts,
        buildings=where,
        restored_in=over,
        is_gathered=False,
        beyond=tuple(b for b in incident.beyond if where and b not in where),
        scopes=(*incident.scopes, ScopeChange(now, by, where, over)),
    )


def announce(
    incident: Incident, by: str, now: datetime, *, households: int, alone_up_to: int
) -> Step[Incident]:
    """Tell the households concerned how it stands, and whoever calls later. To more than one person
    may reach alone it waits for another.
    """
    _must_be(incident, "confirmed")
    if incident.notices and incident.notices[-1].released_at is None:
        raise NotNow("waiting", "The last announcement still waits", "release it first")
    alone = households <= alone_up_to
    notice = Announcement(
        len(incident.notices) + 1,
        now,
        by,
        households,
        incident.restore_by,
        released_at=now if alone else None,
        released_by=by if alone else None,
    )
    told = () if alone else incident.told
    return _step(incident, notices=(*incident.notices, notice), told=told)


def release(incident: Incident, by: str, now: datetime) -> Step[Incident]:
    """Let an announcement to many go, by somebody who did not write it."""
    _must_be(incident, "confirmed")
    if not incident.notices or incident.notices[-1].released_at is not None:
        raise NotNow("nothing-waits", "No announcement waits", "announce it first")
    *before, waiting = incident.notices
    if waiting.by == by:
        raise NotNow(
            "own-announcement",
            "Nobody releases what they announced themselves",
            "ask somebody else",
        )
    let_go = replace(waiting, released_at=now, released_by=by)
    return _step(incident, notices=(*before, let_go), told=())


def tell(incident: Incident, numbers: Sequence[str]) -> Step[Incident] | None:
    """The callers of these tickets are told what was announced last; None when all of them were."""
    notice, heard = incident.notice, set(incident.told)
    new = [number for number in numbers if number not in heard]
    if incident.status != "confirmed" or notice is None or not new:
        return None
    told = replace(incident, told=(*incident.told, *new))
    events = tuple(
        _say(told, IncidentAnnounced, notice=notice.n, numbers=part, restore_by=notice.restore_by)
        for part in (new[n : n + NUMBERS_AN_EVENT] for n in range(0, len(new), NUMBERS_AN_EVENT))
    )
    return Step(told, events)


def remind(
    incident: Incident, now: datetime, notice: timedelta, to: Sequence[str], above: Sequence[str]
) -> Step[Incident] | None:
    """Before the promised time passes whoever answers for it is reminded, and when it has passed
    also who stands above, each once a promise. None while there is nothing to say.
    """
    due = incident.restore_by
    if incident.status != "confirmed" or due is None:
        return None
    if now >= due and incident.reminded < OVERDUE:
        people = tuple(dict.fromkeys((*to, *above)))
        return _step(incident, IncidentOverdue, people, {"restore_by": due}, reminded=OVERDUE)
    if now >= due - notice and incident.reminded < DUE_SOON:
        return _step(incident, IncidentDueSoon, to, {"restore_by": due}, reminded=DUE_SOON)
    return None


def note_gathered(incident: Incident) -> Step[Incident]:
    """All requests of the scope are linked, or parted."""
    return _step(incident, is_gathered=True)


def restore(incident: Incident, by: str, now: datetime) -> Step[Incident]:
    """It is over everywhere."""
    _must_be(incident, "confirmed")
    return _step(incident, IncidentRestored, status="restored", restored_at=now, restored_by=by)


def close(incident: Incident, now: datetime) -> Step[Incident] | None:
    """Nothing of its requests is left to do; None when it is not restored, or closed already."""
    if incident.status != "restored":
        return None
    return _step(incident, IncidentClosed, status="closed", closed_at=now)


def _must_be(incident: Incident, status: Status) -> None:
    if incident.status != status:
        raise NotNow(
            f"not-{status}",
            f"This incident is {incident.status}",
            f"this can be done while it is {status}",
        )


def _step(
    incident: Incident,
    kind: type[IncidentEvent] | None = None,
    to: Sequence[str] = (),
    facts: dict[str, Any] | None = None,
    **changed: Any,
) -> Step[Incident]:
    """The next state, and one event of it."""
    after = replace(incident, **changed)
    return Step(after, (_say(after, kind, to, **(facts or {})),) if kind else ())


def _say(
    incident: Incident, kind: type[IncidentEvent], to: Sequence[str] = (), **facts: Any
) -> IncidentEvent:
    return kind(
        # The one that the write makes of it.
        incident=incident.id,
        revision=incident.version + 1,
        estate=incident.estate,
        area=incident.area,
        buildings=incident.buildings,
        recipients=tuple(to),
        **facts,
    )


def _in_order(buildings: Sequence[str]) -> tuple[str, ...]:
    """Each once, so that the same scope is told the same way."""
    return tuple(sorted(set(buildings)))


def _less(some: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    return tuple(each for each in some if each not in others)
