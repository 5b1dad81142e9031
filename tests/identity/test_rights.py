"""Role × place × department decide every act (design promise 10)."""

from dataclasses import replace

import pytest

from shared.identity import (
    PERMISSIONS,
    ROLES,
    UNNAMED,
    Forbidden,
    Principal,
    Role,
    Scope,
    allows,
    require,
    sees,
    service_principal,
)
from shared.tickets import TICKET, Ticket, Transition, acts, apply
from tests.tickets.samples import MONDAY, registered, sample_rules

STAFF = {"agent", "dispatcher", "supervisor"}
CALLER = STAFF | {"system", "service"}
DESK = STAFF | {"service"}
WORKERS = {"department"}
ROUTERS = {"dispatcher", "supervisor", "service"}

# Typed by hand: who may do what.
MAY: dict[str, set[str]] = {
    "register": CALLER, "reclassify": STAFF, "answer": STAFF, "tell": DESK, "supplement": CALLER,
    "urge": CALLER, "own": STAFF, "raise": {"service"}, "feedback": DESK,
    "feedback_attempt": DESK, "not_satisfied": DESK,
    "reopen": CALLER, "cancel": CALLER, "request_cancel": CALLER, "merge": STAFF,
    "join": DESK, "part": DESK,
    "hold": {"service"}, "link": {"service"}, "unlink": {"service"}, "flag": {"service"},
    "dispatch": ROUTERS, "accept": WORKERS, "decline": WORKERS,
    "transfer": WORKERS | ROUTERS, "set_out": WORKERS, "start": WORKERS, "arrive": WORKERS,
    "control": WORKERS,
    "note": WORKERS | STAFF, "appoint": WORKERS | DESK, "ask_extension": WORKERS,
    "quote": WORKERS, "consent": WORKERS | STAFF,
    "extend": {"supervisor"}, "refuse_extension": {"supervisor"},
    "suspend": WORKERS, "resume": WORKERS | {"service"}, "resolve": WORKERS,
    "hand_over": WORKERS, "confirm_cancel": WORKERS, "withdraw": {"service"},
    "warn": {"service"}, "breach": {"service"},
}  # fmt: skip


def sent(estate: str = "jinyuan", by: str = "somebody") -> Ticket:
    """A repair that engineering has."""
    ticket = replace(registered(), principal=by)
    order = acts.Dispatch(by="service:router", department="engineering", assignee="li")
    assert ticket.estate == estate
    return apply(ticket, order, MONDAY, sample_rules()).ticket


def who(role: Role, *, places: str = "*", departments: str = "*") -> Principal:
    return Principal("somebody", role, frozenset(places.split()), frozenset(departments.split()))


def may(principal: Principal, transition: Transition, ticket: Ticket | None = None) -> bool:
    order = ticket.work_orders[0] if ticket and ticket.work_orders else None
    try:
        require(principal, transition, ticket=ticket, order=order)
    except Forbidden:
        return False
    return True


@pytest.mark.parametrize("transition", Transition)
def test_a_transition_is_for_these_roles_and_no_other(transition: Transition) -> None:
    allowed = {role for role in ROLES if may(who(role), transition, sent())}

    assert allowed == MAY[transition.value]


@pytest.mark.parametrize(
    ("places", "estate", "within"),
    [
        ("*", "jinyuan", True),
        ("jinyuan", "jinyuan", True),
        ("binjiang jinyuan", "jinyuan", True),
        ("binjiang", "jinyuan", False),
        ("", "jinyuan", False),
        ("*", None, True),
        ("jinyuan", None, False),
        ("", None, False),
    ],
)
def test_a_place_is_within_reach_or_not(places: str, estate: str | None, *, within: bool) -> None:
    assert who("agent", places=places).reaches(estate) is within


@pytest.mark.parametrize("role", sorted(STAFF))
def test_nobody_acts_outside_their_places(role: Role) -> None:
    ticket = sent()

    assert may(who(role, places="jinyuan"), Transition.NOTE, ticket)
    assert not may(who(role, places="binjiang cuihu"), Transition.NOTE, ticket)
    assert not sees(who(role, places="binjiang"), ticket)


@pytest.mark.parametrize(
    ("departments", "within"),
    [("engineering", True), ("*", True), ("security engineering", True), ("security", False),
     ("", False)],
)  # fmt: skip
def test_a_department_acts_on_its_own_orders(departments: str, *, within: bool) -> None:
    worker = who("department", places="jinyuan", departments=departments)

    assert may(worker, Transition.ACCEPT, sent()) is within
    assert sees(worker, sent()) is within


def test_a_department_of_the_ticket_does_not_act_on_another_s_order() -> None:
    ticket = sent()
    order = acts.Dispatch(by="service:router", department="security", assignee="wu")
    both = apply(ticket, order, MONDAY, sample_rules()).ticket
    guard = who("department", departments="security")

    assert sees(guard, both)
    require(guard, Transition.ACCEPT, ticket=both, order=both.work_orders[1])
    with pytest.raises(Forbidden):
        require(guard, Transition.ACCEPT, ticket=both, order=both.work_orders[0])


def test_a_department_does_not_see_what_no_department_has() -> None:
    assert not sees(who("department"), registered())
    assert sees(who("dispatcher"), registered())


def test_a_system_sees_what_it_reported_itself_and_nothing_else() -> None:
    ticket = registered()
    own = Principal(ticket.timeline[0].by, "system")

    assert sees(own, ticket)
    assert may(own, Transition.CANCEL, ticket)
    for foreign in (who("system"), UNNAMED):
        assert not sees(foreign, ticket)
        assert not may(foreign, Transition.CANCEL, ticket)


def test_a_ticket_whose_document_does_not_say_who_reported_it_is_read_and_is_no_system_s() -> None:
    doc = TICKET.to_doc(registered())
    del doc["principal"]

    old = TICKET.from_doc(doc)

    assert not any(sees(Principal(id, "system"), old) for id in ("agent-7", "None", "unnamed"))
    assert sees(who("agent"), old)


def test_our_own_services_reach_everything_and_an_unnamed_system_only_reports() -> None:
    router = service_principal("router")

    assert all(may(router, t, sent()) == ("service" in MAY[t.value]) for t in Transition)
    assert {t.value for t in Transition if may(UNNAMED, t)} == {
        t for t, roles in MAY.items() if "system" in roles
    }


EVERYBODY = {str(role) for role in ROLES} - {"system", "console", "service"}

# Typed by hand, like the transitions: what besides them there is to do, and who may.
OWN: dict[str, set[str]] = {
    "ticket.see": STAFF | WORKERS | {"manager", "privacy_officer"},
    "ticket.register_anywhere": STAFF,
    "follow_up.see": STAFF | {"manager"},
    "follow_up.make": STAFF,
    "follow_up.do": STAFF,
    "call.see": STAFF | {"manager"},
    "call.dispose": STAFF,
    "call_back.see": STAFF | {"manager"},
    "call_back.do": STAFF,
    "load.see": {"supervisor", "manager"},
    "line.see": STAFF | {"manager"},
    "line.check": STAFF | {"manager"},
    "line.manage": {"supervisor", "manager"},
    "text.classify": STAFF | WORKERS | {"manager"},
    "caller.look_up": STAFF,
    "case.see": STAFF,
    "case.hand_over": {"supervisor"},
    "emergency.review": {"supervisor", "manager"},
    "incident.see": STAFF | WORKERS | {"manager"},
    "incident.link": STAFF | {"manager"},
    "incident.decide": {"dispatcher", "supervisor", "manager"},
    "incident.release": {"supervisor", "manager"},
    "roster.see": STAFF | WORKERS | {"manager"},
    "roster.manage": {"supervisor", "manager"},
    "telephone.lose": {"agent", "dispatcher", "supervisor", "manager", "administrator"} | WORKERS,
    "shift.plan": {"supervisor", "manager"},
    "shift.own": STAFF | WORKERS | {"manager"},
    "leave.ask": STAFF | WORKERS | {"manager"},
    "leave.decide": {"supervisor", "manager"},
    "proof.add": WORKERS,
    "proof.see": STAFF | WORKERS | {"manager"},
    "board.see": STAFF | WORKERS | {"manager"},
    "manual_queue.see": STAFF | {"manager"},
    "emergency.see": STAFF | WORKERS | {"manager"},
    "emergency.acknowledge": STAFF | WORKERS | {"manager"},
    "emergency.check": STAFF | WORKERS | {"manager"},
    "emergency.log": STAFF | WORKERS | {"manager"},
    "emergency.attend": WORKERS | {"supervisor", "manager"},
    "message.see": STAFF | {"manager", "administrator"},
    "message.brake": {"supervisor", "manager"},
    "survey.see": {"agent", "supervisor", "manager"},
    "survey.record": {"agent", "supervisor"},
    "person.reveal": STAFF | WORKERS,
    "person.trace": {"privacy_officer", "auditor"},
    "reading_alarm.see": {"supervisor", "privacy_officer"},
    "reading_alarm.answer": {"supervisor", "privacy_officer"},
    "privacy_request.see": {"supervisor", "privacy_officer", "auditor"},
    "privacy_request.make": {"agent", "supervisor", "privacy_officer"},
    "privacy_request.decide": {"privacy_officer"},
    "privacy_copy.open": {"privacy_officer"},
    "legal_hold.see": {"privacy_officer", "auditor"},
    "legal_hold.set": {"privacy_officer"},
    "parked.see": {"supervisor", "administrator"},
    "parked.replay": {"supervisor", "administrator"},
    "parked.discard": {"supervisor", "administrator"},
    "session.own": EVERYBODY,
    "session.continue": {"console"},
    "session.check": {"console"},
    "colleague.see": EVERYBODY,
    "account.see": {"administrator", "auditor"},
    "account.manage": {"administrator"},
    "key.see": {"administrator", "auditor"},
    "key.manage": {"administrator"},
    "profile.see": {"supervisor", "manager", "administrator"},
    "profile.manage": {"supervisor", "administrator"},
    "policy.see": EVERYBODY,
    "policy.draft": {"supervisor", "manager", "administrator"},
    "policy.approve": {"manager"},
    "policy.break_glass": {"supervisor", "administrator"},
    "policy.confirm": EVERYBODY,
    "audit.see": {"auditor", "privacy_officer"},
}


def test_every_action_is_for_these_roles_and_no_other() -> None:
    own = set(PERMISSIONS) - {f"ticket.{transition}" for transition in MAY}

    assert {a: {role for role in ROLES if allows(who(role), a)} for a in own} == OWN


def test_only_departments_resolve_and_an_agent_registers() -> None:
    assert {role for role in ROLES if allows(who(role), "ticket.resolve")} == {"department"}
    assert allows(who("agent"), "ticket.register")
    assert not allows(who("department"), "ticket.register")


def test_what_concerns_the_whole_group_is_for_those_who_reach_it() -> None:
    assert PERMISSIONS["parked.see"].scope is Scope.GROUP
    assert allows(who("supervisor"), "parked.see")
    assert not allows(who("supervisor", places="jinyuan"), "parked.see")
    with pytest.raises(Forbidden, match="outside your places"):
        require(who("supervisor", places="jinyuan"), "parked.see")


def test_a_key_with_fewer_actions_than_its_role_has_only_those() -> None:
    key = Principal("system:gate", "system", actions=frozenset({"ticket.register"}))

    assert allows(key, "ticket.register")
    assert not allows(key, "ticket.urge")
    with pytest.raises(Forbidden, match="scope"):
        require(key, "ticket.urge")


def test_a_refusal_by_role_names_who_could() -> None:
    with pytest.raises(Forbidden, match=r"agent may not audit\.see .* auditor, privacy_officer"):
        require(who("agent"), "audit.see")
    with pytest.raises(Forbidden, match="by rule alone"):
        require(who("agent"), Transition.WARN)


def test_a_refusal_says_nothing_of_the_ticket() -> None:
    with pytest.raises(Forbidden) as caught:
        require(who("agent", places="binjiang"), Transition.NOTE, ticket=sent())

    assert "jinyuan" not in str(caught.value)
    assert "JY0001" not in str(caught.value)
