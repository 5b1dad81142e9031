"""Who may do what: one table. The checks of the endpoints, the filters of lists and the page of the docs
are derived from it (design promise 10).

What is done to tickets and work orders stands in the table of the lifecycle, which is taken over
row by row; the rest stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.identity.principal import Role
from shared.tickets import TABLE, Transition


class Scope(StrEnum):
    """How far an action reaches, besides the role."""

    WORK = "work"
    """The principal's places; of a department only what it has work orders of, of a system only
    what it reported itself.
    """
    PLACE = "place"
    """The principal's places."""
    GROUP = "group"
    """The group as a whole: for those alone who reach all of it."""
    ANYWHERE = "anywhere"
    """Nothing of any place is shown or changed."""


@dataclass(frozen=True, slots=True)
class Permission:
    """One row: these roles may do this, so far. `says` is what the docs say of it."""

    action: str
    roles: frozenset[str]
    scope: Scope
    says: str


_DESK: Final[tuple[Role, ...]] = ("agent", "dispatcher", "supervisor")
_FLOOR: Final[tuple[Role, ...]] = (*_DESK, "department", "manager")
STAFF_ROLES: Final[tuple[Role, ...]] = (
    *_FLOOR,
    "privacy_officer",
    "auditor",
    "administrator",
)
"""Everybody with an account of their own."""


def _own(action: str, scope: Scope, says: str, *roles: Role) -> Permission:
    return Permission(action, frozenset(roles), scope, says)


_W, _P, _G, _A = Scope.WORK, Scope.PLACE, Scope.GROUP, Scope.ANYWHERE

# One row a line reads as the table it is.
# fmt: off
OWN: Final[tuple[Permission, ...]] = (
    _own("ticket.see", _W, "Read tickets, one by one and in lists", *_FLOOR, "privacy_officer"),
    _own("ticket.register_anywhere", _A, "Register a routine request of a place beyond the own ones, and read the receipt of what one registered; the ticket itself is not seen there", *_DESK),
    _own("caller.look_up", _P, "Ask who calls from a number or a flat: masked, on record, and so many an hour", *_DESK),
    _own("case.see", _W, "See the open tickets one sees through, and hand them over", *_DESK),
    _own("case.hand_over", _W, "Hand over what somebody else sees through", "supervisor"),
    _own("follow_up.see", _P, "Read the desk's follow-up tasks: the own, those of the places, those that are overdue", *_DESK, "manager"),
    _own("follow_up.make", _P, "Ask for a follow-up task by hand, with a time and a reason", *_DESK),
    _own("follow_up.do", _P, "Say that a follow-up task is done, with what came of it", *_DESK),
    _own("call.see", _A, "Read calls: the own and the desk's, the number masked; of nobody who withholds it", *_DESK, "manager"),
    _own("call.dispose", _A, "Say what an answered call was that no ticket came of, or which ticket it was about", *_DESK),
    _own("call_back.see", _A, "Read which callers are to be rung back, the number masked", *_DESK, "manager"),
    _own("call_back.do", _A, "Take a call back, and say what came of it", *_DESK),
    _own("load.see", _A, "Read load by the quarter hour: what was offered, how it was served, how many agents it takes", "supervisor", "manager"),
    _own("line.see", _A, "Read the hotline's own lines: whether each works, whom to ring, when its contract ends", *_DESK, "manager"),
    _own("line.check", _A, "Say that one has rung a line oneself, and whether it worked", *_DESK, "manager"),
    _own("line.manage", _G, "Enter lines, whom to ring and until when the contract is, and announce work on them", "supervisor", "manager"),
    _own("text.classify", _A, "Ask what words would be taken for", *_FLOOR),
    _own("board.see", _W, "Read the board of open work", *_FLOOR),
    _own("proof.add", _W, "Send a photo of what was done of one's own work", "department"),
    _own("proof.see", _W, "Read which photos there are of a work order, and open them on record; a department only of its own work, and no firm outside the group", *_FLOOR),
    _own("manual_queue.see", _P, "Read what waits for a person's decision", *_DESK, "manager"),
    _own("emergency.see", _W, "Read an emergency and who was alerted", *_FLOOR),
    _own("emergency.acknowledge", _W, "Take an alert", *_FLOOR),
    _own("emergency.check", _W, "Tick off the checklist of an emergency", *_FLOOR),
    _own("emergency.log", _W, "Write down what happens in an emergency", *_FLOOR),
    _own("emergency.attend", _W, "Be on site; who is there says that people are safe, that it is over, or that it was none", "department", "supervisor", "manager"),
    _own("emergency.review", _W, "Say what was learned of an emergency that is over", "supervisor", "manager"),
    _own("incident.see", _P, "Read outages that many report: offered, running and over", *_FLOOR),
    _own("incident.link", _P, "Take a request for part of an outage, or for a matter of its own", *_DESK, "manager"),
    _own("incident.decide", _P, "Confirm or dismiss an outage, say where it is and when it is over, and announce it", "dispatcher", "supervisor", "manager"),
    _own("incident.release", _P, "Let go an announcement to many that somebody else wrote", "supervisor", "manager"),
    _own("roster.see", _P, "Read duty lists, shifts and what is covered; a department only its own", *_FLOOR),
    _own("roster.manage", _P, "Change who is on a duty list, how they are reached, and how many are needed when; read these addresses", "supervisor", "manager"),
    _own("telephone.lose", _P, "Say that somebody's telephone is lost: their links end, and new ones go out by the addresses left; a department of its own people alone, by their lead or the person", *_DESK, "manager", "department", "administrator"),
    _own("shift.plan", _P, "Put people on shift, one by one or by a pattern, and take them off", "supervisor", "manager"),
    _own("shift.own", _P, "See the own shifts, offer them, take what is offered, leave a note for who comes next", *_FLOOR),
    _own("leave.ask", _A, "Ask for leave, and see the own", *_FLOOR),
    _own("leave.decide", _P, "Grant or refuse leave, but one's own", "supervisor", "manager"),
    _own("message.see", _P, "Read what people were told, the person masked", *_DESK, "manager", "administrator"),
    _own("message.brake", _P, "Hold, release or stop messages; for all places those alone who reach all of them", "supervisor", "manager"),
    _own("survey.see", _P, "Read surveys and their answers", "agent", "supervisor", "manager"),
    _own("survey.record", _P, "Record an answer given on the phone", "agent", "supervisor"),
    _own("person.reveal", _W, "Open the caller or the contact of one ticket, with a reason; a department only of its own work in progress", *_DESK, "department"),
    _own("person.trace", _G, "See who has seen a person", "privacy_officer", "auditor"),
    _own("reading_alarm.see", _P, "Read what was unusual in how somebody opened persons", "supervisor", "privacy_officer"),
    _own("reading_alarm.answer", _P, "Answer such an alarm, but one's own", "supervisor", "privacy_officer"),
    _own("privacy_request.see", _P, "Read what people asked about their own data, and by when it is due", "supervisor", "privacy_officer", "auditor"),
    _own("privacy_request.make", _P, "Take such a request, and check who asks", "agent", "supervisor", "privacy_officer"),
    _own("privacy_request.decide", _P, "Grant or refuse such a request, but one's own", "privacy_officer"),
    _own("privacy_copy.open", _G, "Open the copy of somebody's data that was made for them", "privacy_officer"),
    _own("legal_hold.see", _G, "Read what must not be erased, and why", "privacy_officer", "auditor"),
    _own("legal_hold.set", _G, "Set and lift such a hold", "privacy_officer"),
    _own("parked.see", _G, "Read what could not be handled, without its body", "supervisor", "administrator"),
    _own("parked.replay", _G, "Send a parked message to its queue again", "supervisor", "administrator"),
    _own("parked.discard", _G, "End a parked message that nobody needs, with a reason", "supervisor", "administrator"),
    _own("session.own", _A, "See and end the own session, set up the own second factor", *STAFF_ROLES),
    _own("colleague.see", _P, "Read who somebody of the staff is by their id: name, role, departments and places, never how they are reached; of those alone with whom one shares a place", *STAFF_ROLES),
    _own("session.continue", _A, "Begin the session of a browser for whoever signs in there, at the address it names, and continue it", "console"),
    _own("session.check", _A, "Ask which sessions have ended", "console"),
    _own("account.see", _G, "Read accounts and their reach", "administrator", "auditor"),
    _own("account.manage", _G, "Create, change, freeze and thaw accounts", "administrator"),
    _own("key.see", _G, "Read which systems have keys, never the keys", "administrator", "auditor"),
    _own("key.manage", _G, "Give, rotate and take back keys of systems", "administrator"),
    _own("profile.see", _G, "Read agents' training, certificates and skills", "supervisor", "manager", "administrator"),
    _own("profile.manage", _G, "Change agents' training, certificates and skills", "supervisor", "administrator"),
    _own("policy.see", _A, "Read policies: what is in force, drafts, what differs", *STAFF_ROLES),
    _own("policy.draft", _G, "Draft a policy, change, try, submit and withdraw it", "supervisor", "manager", "administrator"),
    _own("policy.approve", _G, "Approve or refuse what somebody else submitted or put in force at once", "manager"),
    _own("policy.break_glass", _G, "Put a change in force at once, for hours", "supervisor", "administrator"),
    _own("policy.confirm", _A, "Confirm having read a policy", *STAFF_ROLES),
    _own("audit.see", _G, "Read the audit", "auditor", "privacy_officer"),
)
# fmt: on


def action_of(transition: Transition) -> str:
    """The action that carries out a transition."""
    return f"ticket.{transition.value}"


_LIFECYCLE: Final = tuple(
    Permission(action_of(row.transition), row.roles, Scope.WORK, f"Transition `{row.transition}`")
    for row in TABLE
)
PERMISSIONS: Final[Mapping[str, Permission]] = {row.action: row for row in (*_LIFECYCLE, *OWN)}
"""Every action there is, by name."""
