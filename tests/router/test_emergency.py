"""A running emergency: alerted, acknowledged or the next, replanned, ended; each once."""

from __future__ import annotations

from datetime import timedelta

from services.router.emergencies.emergency import (
    Emergency,
    Review,
    acknowledge,
    alert_next,
    arrive,
    begin_again,
    confirm,
    downgrade,
    end,
    recuse,
    release,
    replan,
    review,
    start,
)
from services.router.emergencies.storage import EMERGENCIES
from shared.contracts import Step
from shared.contracts.router import (
    EmergencyAlerted,
    EmergencyDowngraded,
    EmergencyReplanned,
    EmergencySlowed,
)
from tests.support.tickets import MONDAY

WITHIN = timedelta(seconds=60)


def running(estate: str | None = "jinyuan") -> Emergency:
    return start("23456789", "fire", estate, ("a", "b"), MONDAY, WITHIN).value


def test_it_starts_with_one_alert_to_all_at_once() -> None:
    step = start("23456789", "fire", "jinyuan", ("a", "b"), MONDAY, WITHIN)

    assert [event.name for event in step.events] == ["emergency.started", "emergency.alerted"]
    assert step.value.next_due == MONDAY + WITHIN


def test_the_next_is_called_when_nobody_acknowledged_in_time() -> None:
    assert alert_next(running(), ("c",), MONDAY + timedelta(seconds=59), WITHIN) is None

    step = alert_next(running(), ("c",), MONDAY + WITHIN, WITHIN)

    assert step is not None
    (event,) = step.events
    assert isinstance(event, EmergencyAlerted)
    assert (event.step, event.recipients) == (1, ("c",))
    assert step.value.version == running().version


SLOW = timedelta(minutes=10)


def slowed() -> Emergency:
    step = alert_next(running(), ("c",), MONDAY + WITHIN, SLOW, superiors=("boss",))
    assert step is not None
    return step.value


def test_a_chain_that_was_called_in_vain_goes_on_more_slowly_and_its_superior_hears_once() -> None:
    step = alert_next(running(), ("c",), MONDAY + WITHIN, SLOW, superiors=("boss",))

    assert step is not None
    alerted, said = step.events
    assert isinstance(alerted, EmergencyAlerted)
    assert isinstance(said, EmergencySlowed)
    assert (said.step, said.recipients, said.next_at) == (1, ("boss",), MONDAY + WITHIN + SLOW)
    assert (step.value.slowed_at, step.value.next_due) == (MONDAY + WITHIN, said.next_at)
    assert step.value.has_called("boss")

    again = alert_next(step.value, ("d",), MONDAY + WITHIN + SLOW, SLOW, superiors=("other",))
    assert again is not None
    assert [type(event) for event in again.events] == [EmergencyAlerted]
    assert (again.value.slowed_at, again.value.superiors) == (MONDAY + WITHIN, ("boss",))


def test_a_slow_chain_ends_when_somebody_acknowledges_it() -> None:
    step = acknowledge(slowed(), "boss", MONDAY + WITHIN)

    assert step is not None
    assert (step.value.next_due, step.value.slowed_at) == (None, MONDAY + WITHIN)


def test_the_superior_of_a_slow_chain_hears_that_it_is_none_after_all() -> None:
    assert told(downgrade(slowed(), MONDAY + SLOW, plans=2)) == ((), ("a", "b", "c", "boss"))


def test_whoever_is_alerted_anew_is_waited_for_as_at_first() -> None:
    later = MONDAY + timedelta(minutes=5)
    kind = replan(slowed(), "gas_leak", "jinyuan", ("a",), later, WITHIN, plans=2)
    anew = begin_again(slowed(), "fire", "jinyuan", ("b",), later, WITHIN, round=2, plans=1)
    other = recuse(slowed(), frozenset({"a"}), ("d",), later, WITHIN)

    for step in (kind, anew, other):
        assert step is not None
        assert (step.value.slowed_at, step.value.next_due) == (None, later + WITHIN)


def test_a_document_of_before_is_one_whose_chain_never_slowed_down() -> None:
    doc = {k: v for k, v in EMERGENCIES.to_doc(running()).items()
           if k not in {"slowed_at", "superiors"}}  # fmt: skip

    assert EMERGENCIES.from_doc({"_id": "23456789", "version": 1, **doc}) == running()


def test_once_acknowledged_nobody_else_is_called() -> None:
    step = acknowledge(running(), "a", MONDAY)
    assert step is not None

    assert alert_next(step.value, ("c",), MONDAY + timedelta(hours=1), WITHIN) is None
    assert acknowledge(step.value, "b", MONDAY) is None


def test_who_arrives_has_it() -> None:
    step = arrive(running(), "a", MONDAY)

    assert step is not None
    assert step.value.next_due is None
    assert arrive(step.value, "a", MONDAY) is None


def test_when_the_place_becomes_known_its_own_people_are_alerted_too() -> None:
    taken = acknowledge(running(None), "a", MONDAY)
    assert taken is not None

    step = replan(taken.value, "fire", "cuihu", ("a", "d"), MONDAY, WITHIN)

    assert step is not None
    assert step.value.estate == "cuihu"
    assert step.value.alerts[-1].recipients == ("d",)
    assert step.value.acknowledged_by is None
    assert replan(step.value, "fire", "cuihu", ("d",), MONDAY, WITHIN) is None


def told(step: Step[Emergency] | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who is alerted by a step, and who is told that they are not needed."""
    assert step is not None
    alerted = [event.recipients for event in step.events if isinstance(event, EmergencyAlerted)]
    kinds = (EmergencyReplanned, EmergencyDowngraded)
    spared = [event.recipients for event in step.events if isinstance(event, kinds)]
    return sum(alerted, ()), sum(spared, ())


def test_of_another_kind_all_whom_it_concerns_are_alerted_and_others_told_that_it_does_not() -> (
    None
):
    called = alert_next(running(), ("chain-1",), MONDAY + WITHIN, WITHIN)
    assert called is not None
    taken = acknowledge(called.value, "b", MONDAY + WITHIN)
    assert taken is not None
    later = MONDAY + timedelta(minutes=5)

    step = replan(
        taken.value, "gas_leak", "jinyuan", ("a", "c"), later, WITHIN, plans=2, chain=("chain-1",)
    )

    assert told(step) == (("a", "c", "chain-1"), ("b",))
    assert step is not None
    now = step.value
    assert (now.kind, now.plans, now.acknowledged_by) == ("gas_leak", 2, None)
    assert now.next_due == later + WITHIN
    assert {getattr(event, "kind", None) for event in step.events} == {"gas_leak"}
    for old in (1, 2):
        assert replan(now, "fire" if old == 1 else "gas_leak", "jinyuan", ("a",), later, WITHIN,
                      plans=old) is None  # fmt: skip


def test_who_still_has_the_work_is_not_stood_down_and_who_loses_it_elsewhere_is() -> None:
    same = replan(
        running(), "gas_leak", "jinyuan", ("c",), MONDAY, WITHIN, plans=2,
        at_work=("a",), had_work=("a", "b"),
    )  # fmt: skip
    elsewhere = replan(
        running(), "gas_leak", "cuihu", ("c",), MONDAY, WITHIN, plans=2,
        at_work=("c",), had_work=("b", "d"),
    )  # fmt: skip

    assert told(same) == (("c",), ("b",))
    assert told(elsewhere) == (("c",), ("a", "b", "d"))
    assert same is not None
    assert elsewhere is not None
    said = [e for step in (same, elsewhere) for e in step.events
            if isinstance(e, EmergencyReplanned)]  # fmt: skip
    assert [(e.elsewhere, e.estate_before) for e in said] == [
        (False, "jinyuan"), (True, "jinyuan"),
    ]  # fmt: skip


def test_who_is_there_goes_on_whatever_it_turns_out_to_be() -> None:
    there = arrive(running(), "a", MONDAY)
    assert there is not None
    safe = release(there.value, MONDAY)
    assert safe is not None

    step = replan(safe.value, "gas_leak", "jinyuan", ("c",), MONDAY, WITHIN, plans=2)

    assert told(step) == (("c", "a"), ("b",))
    assert step is not None
    assert (step.value.on_site, step.value.released_at) == (("a",), None)


def test_who_came_to_something_else_does_not_keep_the_chain_from_ringing() -> None:
    there = arrive(running(), "a", MONDAY)
    assert there is not None
    later = MONDAY + timedelta(minutes=5)

    step = replan(there.value, "gas_leak", "jinyuan", ("c",), later, WITHIN, plans=2)

    assert step is not None
    assert (step.value.acknowledged_at, step.value.next_due) == (None, later + WITHIN)
    assert alert_next(step.value, ("d",), later + WITHIN, WITHIN) is not None
    late = arrive(step.value, "b", later, has_it=False)
    assert late is not None
    assert (late.value.on_site, late.value.next_due) == (("a", "b"), later + WITHIN)
    taken = acknowledge(late.value, "a", later)
    assert taken is not None
    assert taken.value.next_due is None


def test_at_another_place_with_nobody_new_to_ask_who_is_there_has_it() -> None:
    there = arrive(running(), "a", MONDAY)
    assert there is not None
    taken = acknowledge(there.value, "b", MONDAY)
    assert taken is not None

    step = replan(taken.value, "fire", "cuihu", ("a",), MONDAY, WITHIN, plans=2)

    assert told(step) == ((), ("b",))
    assert step is not None
    assert (step.value.on_site, step.value.next_due) == (("a",), None)


def test_when_who_has_it_is_not_needed_any_more_the_next_is_called() -> None:
    taken = acknowledge(running(), "b", MONDAY)
    assert taken is not None

    step = replan(taken.value, "fire", "cuihu", ("a",), MONDAY, WITHIN, plans=2)

    assert told(step) == ((), ("b",))
    assert step is not None
    assert (step.value.acknowledged_by, step.value.next_due) == (None, MONDAY + WITHIN)


def test_of_what_is_none_after_all_everybody_is_told_who_was_called_and_is_not_there() -> None:
    there = arrive(running(), "a", MONDAY)
    assert there is not None

    assert told(downgrade(there.value, MONDAY, plans=2)) == ((), ("b",))


def test_what_is_over_stays_over() -> None:
    step = end(running(), "ended", MONDAY)

    assert step is not None
    for again in (
        end(step.value, "ended", MONDAY),
        acknowledge(step.value, "a", MONDAY),
        replan(step.value, "gas_leak", "cuihu", ("d",), MONDAY, WITHIN),
        alert_next(step.value, ("c",), MONDAY + WITHIN, WITHIN),
    ):
        assert again is None


def again(before: Emergency, *, round: int, plans: int) -> Emergency | None:
    step = begin_again(
        before, "fire", "jinyuan", ("b",), MONDAY + WITHIN, WITHIN, round=round, plans=plans
    )
    return step.value if step else None


def test_a_new_round_calls_help_again_once_whether_the_last_is_known_to_be_over_or_not() -> None:
    over = end(running(), "ended", MONDAY)
    assert over is not None

    for before in (running(), over.value):
        anew = again(before, round=2, plans=1)
        assert anew is not None
        assert (anew.ended_at, anew.acknowledged_at) == (None, None)
        assert [alert.recipients for alert in anew.alerts] == [("a", "b"), ("b",)]
        assert len(anew.calls) == 1
        assert again(anew, round=2, plans=1) is None
    assert again(over.value, round=1, plans=1) is None


def test_what_was_taken_for_no_emergency_and_is_one_after_all_calls_help_again() -> None:
    step = downgrade(running(), MONDAY, plans=2)
    assert step is not None

    assert again(step.value, round=1, plans=2) is None
    anew = again(step.value, round=1, plans=3)

    assert anew is not None
    assert downgrade(anew, MONDAY, plans=2) is None, "that plan is not the last any more"


def test_what_a_machine_reports_is_suspected_until_a_person_confirms_it_once() -> None:
    assert (running().confirmed_at, running().confirmed_by) == (None, None)

    step = confirm(running(), "he", MONDAY + timedelta(seconds=30))

    assert step is not None
    assert (step.value.confirmed_by, step.events) == ("he", ())
    assert confirm(step.value, "cai", MONDAY) is None


def test_what_a_person_reports_is_confirmed() -> None:
    step = start("23456789", "fire", "jinyuan", ("a",), MONDAY, WITHIN, confirmed_by="he")

    assert (step.value.confirmed_by, step.value.confirmed_at) == ("he", MONDAY)


def test_an_emergency_is_reviewed_once_and_only_when_it_is_over() -> None:
    assert review(running(), "chief", "late", "门岗不知道维保电话", MONDAY) is None
    over = end(running(), "ended", MONDAY, by="li")
    assert over is not None

    reviewed = review(over.value, "chief", "late", "门岗不知道维保电话", MONDAY)

    assert reviewed is not None
    assert reviewed.value.review == Review("chief", MONDAY, "late", "门岗不知道维保电话")
    assert review(reviewed.value, "other", "handled_well", None, MONDAY) is None
