"""Plans, rules and tickets as the tests of the lifecycle start from them."""

from datetime import UTC, datetime, timedelta
from functools import cache

from shared.policy.plan import Plan, Reported, plan
from shared.policy.policy import Policy, build_policy, sample_documents
from shared.readers.tickets import rules_of
from shared.tickets import LifecycleRules, Registration, Ticket, register

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
"""09:00 in Shanghai on an ordinary workday."""


@cache
def sample_policy() -> Policy:
    return build_policy("sample", sample_documents())


@cache
def sample_rules(estate: str | None = None) -> LifecycleRules:
    return rules_of(sample_policy().at(estate))


REPAIR = Reported("三号楼电梯按钮不亮，请来修", "jinyuan")
COMPLAINT = Reported("投诉楼下天天放音乐扰民", "binjiang")
INQUIRY = Reported("请问物业费怎么交", "cuihu")
NO_PLACE = Reported("三号楼电梯按钮不亮，请来修", None)
UNCLEAR = Reported("嗯", "jinyuan")
EMERGENCY = Reported("三号楼电梯困人了，快来人", "jinyuan")
EMERGENCY_NO_PLACE = Reported("电梯困人了，快来人", None)
REPORTED = {
    "repair": REPAIR,
    "complaint": COMPLAINT,
    "inquiry": INQUIRY,
    "no place": NO_PLACE,
    "unclear": UNCLEAR,
    "emergency": EMERGENCY,
    "emergency without place": EMERGENCY_NO_PLACE,
}


@cache
def plan_of(name: str, now: datetime = MONDAY) -> Plan:
    return plan(REPORTED[name], sample_policy(), now)


def registration(
    number: str = "JY0001", *, answered: bool = False, risk: bool = False
) -> Registration:
    return Registration(
        number=number,
        channel="phone",
        estate="jinyuan",
        by="agent-7",
        told=False,
        answered=answered,
        risk=risk,
    )


def registered(name: str = "repair", now: datetime = MONDAY) -> Ticket:
    return register(registration(), plan_of(name, now), now, sample_rules()).ticket


def after(**span: float) -> datetime:
    return MONDAY + timedelta(**span)
