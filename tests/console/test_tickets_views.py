"""Pure: what a ticket's page makes of what the services answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from services.console.clients.names import Names
from services.console.clients.shapes.whole import TicketSeen
from services.console.frame.paper import words_of
from services.console.frame.times import deadline
from services.console.tickets.acts import ACTS, BY_NAME, wish_of
from services.console.tickets.forms import forms_of
from services.console.tickets.keeping import WORST_FIRST, Keeping
from services.console.tickets.promises import clocks_of, promises_of
from services.console.tickets.saying import Saying
from services.console.tickets.story import rounds_of
from services.console.tickets.views import total_of
from shared.codes import names
from shared.identity import PERMISSIONS
from shared.tickets import Transition
from tests.console.test_views import NOW

T = words_of("services.console.tickets", "zh")
SAYING = Saying(T, Names(), NOW, "zh", {"kim": "金敏"})


def ticket(**more: Any) -> TicketSeen:
    facts = {"number": "RBVBFBN5", "version": 3, "status": "registered", "registered_at": NOW}
    return TicketSeen.model_validate({**facts, "round": 1, **more})


def line(transition: str, by: str = "kim", minutes: int = 0, **more: Any) -> dict[str, Any]:
    return {"at": NOW + timedelta(minutes=minutes), "transition": transition, "by": by, **more}


def test_every_transition_has_a_sentence_in_both_languages() -> None:
    for language in ("zh", "en"):
        known = words_of("services.console.tickets", language)
        assert [code for code in names("transitions") if f"did_{code}" not in known] == []


def test_every_form_has_its_words_and_rights() -> None:
    transitions = {each.value for each in Transition}
    for act in ACTS:
        assert f"act_{act.name}" in T
        assert act.opens <= transitions
        assert act.actions <= PERMISSIONS.keys()
        assert all(f"field_{each.name}" in T for each in act.fields)


def test_nobody_is_said_to_have_accepted_what_counts_as_part_of_something_else() -> None:
    shown = rounds_of(
        ticket(timeline=[line("register"), line("accept", note="incident", order="o-1")]), SAYING
    )

    said = shown[0].lines[0]
    assert said.did == T["did_accept_as_part"]
    assert (said.words, said.reason) == (None, "")


def test_rounds_stand_newest_first_and_so_do_their_lines() -> None:
    rounds = rounds_of(
        ticket(
            round=2,
            timeline=[
                line("register"), line("tell", minutes=1), line("reopen", minutes=2, note="又坏了"),
                line("tell", minutes=3),
            ],
        ),
        SAYING,
    )  # fmt: skip

    assert [(each.n, each.is_present) for each in rounds] == [(2, True), (1, False)]
    assert [each.did for each in rounds[0].lines] == ["告知了来电人", "重新开启"]
    assert rounds[0].lines[1].words == "又坏了"
    assert rounds[0].lines[1].kept == "said"
    assert rounds[0].lines[0].who == "金敏"


@pytest.mark.parametrize(
    ("entry", "words", "reason", "side"),
    [
        (line("warn", "service:router", note="accept/2"), None, "接单 2 级", "system"),
        (line("warn", "service:router", note="resolve/0"), None, "办结", "system"),
        (line("raise", "service:router", note="repeated/3"), None, "业主多次来电", "system"),
        (line("link", "service:router", note="I-2026"), None, "", "system"),
        (line("join", note="RBVBFBN5"), None, "", "desk"),
        (line("reclassify", "service:intake", note="survey/x1"), None, "回访不满意", "system"),
        (line("accept", "kim", note="linked_now", order="o"), "linked_now", None, "department"),
        (line("note", "kim", note="other", order="o"), None, "其他原因", "department"),
        (line("supplement", "kim", note="二楼也不亮"), "二楼也不亮", None, "caller"),
    ],
)
def test_codes_are_named_and_words_are_kept(
    entry: dict[str, Any], words: str | None, reason: str | None, side: str
) -> None:
    [only] = rounds_of(ticket(timeline=[entry]), SAYING)[0].lines

    assert (only.words, only.reason, only.side) == (words, reason, side)


def test_what_happened_several_times_in_a_row_stands_there_once_with_its_number() -> None:
    lines = [line("register"), *(line("tell", minutes=n) for n in range(1, 9)), line("urge")]

    [shown] = rounds_of(ticket(timeline=lines), SAYING)

    assert [(each.n, each.did, each.count) for each in shown.lines] == [
        (10, "记下来电人催办", 1), (9, "告知了来电人", 8), (1, "登记了这张单", 1),
    ]  # fmt: skip
    assert (shown.lines[1].at, shown.lines[1].since) == ("14:38", "14:31")
    assert shown.count == 10


def test_words_that_differ_are_not_folded() -> None:
    lines = [line("supplement", note="一"), line("supplement", note="二", minutes=1)]

    assert [each.words for each in rounds_of(ticket(timeline=lines), SAYING)[0].lines] == [
        "二", "一",
    ]  # fmt: skip


def test_who_gets_the_work_is_named_where_it_is_given_out() -> None:
    names = replace(Names(), departments={"engineering": {"zh": "工程部", "en": "Engineering"}})
    orders = [{"id": "o", "round": 1, "department": "engineering", "status": "accepted"}]
    lines = [line("dispatch", "service:router", order="o"), line("accept", order="o")]

    seen = rounds_of(ticket(timeline=lines, work_orders=orders), replace(SAYING, names=names))

    assert [(each.did, each.department) for each in seen[0].lines] == [
        ("接了单", "工程部"), ("派给工程部", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("id", "zh", "en"),
    [
        ("kim", "金敏", "金敏"),
        ("agent", "坐席", "Agent"),
        ("unnamed", "未具名的来源", "an unnamed source"),
        ("service:router", "系统", "The system"),
        ("system:wechat", "系统 wechat", "system wechat"),
        ("operator:administrator", "运维", "the operator"),
        ("xiao.he", "xiao.he", "xiao.he"),
    ],
)
def test_whoever_has_no_name_is_called_by_what_they_are(id: str, zh: str, en: str) -> None:
    assert SAYING.who(id) == zh
    english = replace(SAYING, t=words_of("services.console.tickets", "en"), language="en")
    assert english.who(id) == en


def test_a_note_is_internal_unless_it_is_for_the_caller() -> None:
    lines = rounds_of(
        ticket(timeline=[line("note", note="等货"), line("note", note="明天到", public=True)]),
        SAYING,
    )[0].lines

    assert [each.kept for each in lines] == ["public", "internal"]


@pytest.mark.parametrize(
    ("clock", "state"),
    [
        (None, "open"),
        ({"segments": [{"kind": "run", "start": NOW}]}, "open"),
        ({"segments": [{"kind": "pause", "start": NOW}]}, "paused"),
        ({"segments": [], "stopped_at": NOW + timedelta(hours=1)}, "kept"),
        ({"segments": [], "stopped_at": NOW + timedelta(hours=3)}, "late"),
    ],
)
def test_a_promise_says_whether_it_was_kept(clock: Any, state: str) -> None:
    due = NOW + timedelta(hours=2)
    promise = {"at": NOW, "by": "kim", "how": "phone", "times": {"resolve": due}, "told": True}
    clocks = {"resolve": clock} if clock else {}

    [shown] = promises_of(ticket(promised=[promise], clocks=clocks), SAYING)

    assert [(each.said, each.state) for each in shown.times] == [("16:30 前完工", state)]
    assert (shown.who, shown.how, shown.told, shown.is_first) == ("金敏", "电话", True, True)


LATER: Final = NOW + timedelta(hours=3)


@pytest.mark.parametrize(
    ("others", "state"),
    [
        ([("accepted", NOW)], "kept"),
        ([("accepted", NOW), ("accepted", LATER)], "late"),
        ([("accepted", NOW), ("dispatched", None)], "open"),
        ([("accepted", NOW), ("declined", LATER)], "kept"),
    ],
)
def test_what_several_departments_were_to_do_is_kept_when_all_have(
    others: list[tuple[str, Any]], state: str
) -> None:
    """In whatever order they stand."""
    due = NOW + timedelta(hours=2)
    promise = {"at": NOW, "by": "kim", "how": "phone", "times": {"accept": due}, "told": True}
    orders = [
        {"id": f"o-{n}", "round": 1, "department": "d", "status": status,
         "clocks": {"accept": {"stopped_at": at} if at else {"segments": []}}}
        for n, (status, at) in enumerate(others)
    ]  # fmt: skip

    for each in (orders, orders[::-1]):
        [shown] = promises_of(ticket(promised=[promise], work_orders=each), SAYING)

        assert [time.state for time in shown.times] == [state]


AT_FIRST: Final = {"at": NOW, "by": "kim", "how": "phone", "told": True}
ANEW: Final = NOW + timedelta(minutes=30)
SOON: Final = NOW + timedelta(hours=1)
PAST: Final = NOW + timedelta(hours=2)


def states_of(name: str, **facts: Any) -> list[str]:
    """What became of each promise's time named so."""
    seen = ticket(**facts)
    keeping = Keeping(seen, LATER)
    return [
        keeping.state(n, name) for n, promise in enumerate(seen.promised) if name in promise.times
    ]


def promised(*times: dict[str, Any]) -> list[dict[str, Any]]:
    """Promises, each half an hour after the one before."""
    return [
        {**AT_FIRST, "at": NOW + timedelta(minutes=30) * n, "times": each}
        for n, each in enumerate(times)
    ]


def order(name: str, clock: dict[str, Any], **more: Any) -> dict[str, Any]:
    facts = {"id": "o-1", "round": 1, "department": "d", "status": "accepted"}
    return {**facts, "clocks": {name: clock}, **more}


RUNS: Final = {"segments": [{"kind": "run", "start": NOW}]}


def test_a_clock_that_stopped_before_a_promise_does_not_keep_it() -> None:
    """The manual queue's clock stops when the request is sorted; the department's comes after."""
    times = [{"accept": SOON}, {"accept": LATER + timedelta(hours=1), "resolve": LATER}]
    queue = {"accept": {"stopped_at": ANEW}}

    def states(orders: list[dict[str, Any]]) -> list[str]:
        return states_of("accept", promised=promised(*times), clocks=queue, work_orders=orders)

    assert states([]) == ["kept", "open"]
    assert states([order("accept", RUNS)]) == ["kept", "open"]
    assert states([order("accept", {"stopped_at": LATER})]) == ["kept", "kept"]
    early = order("accept", {"stopped_at": NOW + timedelta(minutes=5)})
    assert states([early])[1] == "moot"


@pytest.mark.parametrize(
    ("clock", "first"),
    [
        (RUNS, "replaced"),
        ({"stopped_at": NOW + timedelta(hours=2)}, "replaced"),
        ({"stopped_at": NOW + timedelta(minutes=10)}, "kept"),
    ],
)
def test_what_was_promised_anew_is_replaced_unless_it_was_kept_before(
    clock: dict[str, Any], first: str
) -> None:
    times = {"resolve": SOON}, {"resolve": LATER + timedelta(hours=1)}

    assert states_of("resolve", promised=promised(*times), clocks={"resolve": clock})[0] == first


def test_what_was_broken_before_it_was_promised_anew_stays_broken_or_late() -> None:
    early = NOW + timedelta(minutes=10)
    times = promised({"resolve": early}, {"resolve": LATER + timedelta(hours=1)})
    done, paused = {"stopped_at": SOON}, {"segments": [{"kind": "pause", "start": NOW}]}

    assert states_of("resolve", promised=times, clocks={"resolve": RUNS}) == ["broken", "open"]
    assert states_of("resolve", promised=times, clocks={"resolve": done}) == ["late", "kept"]
    assert states_of("resolve", promised=times, clocks={"resolve": paused})[0] == "replaced"


@pytest.mark.parametrize(
    ("came", "first"), [(None, "broken"), (5, "kept"), (20, "late"), (40, "broken")]
)
def test_a_visit_that_was_agreed_anew_is_known_by_who_came(came: int | None, first: str) -> None:
    """Its clock gave way to that of the later one."""
    early = NOW + timedelta(minutes=10)
    times = promised({"appointment": early}, {"appointment": LATER})
    anew = {"segments": [{"kind": "run", "start": ANEW}]}
    lines = [line("arrive", minutes=came, order="o-1")] if came else []

    seen = states_of(
        "appointment", promised=times, work_orders=[order("appointment", anew)], timeline=lines
    )

    assert seen[0] == first


def test_work_that_counts_as_taken_with_another_ticket_is_not_said_to_be_kept() -> None:
    joined, over = NOW + timedelta(minutes=1), NOW + timedelta(minutes=40)
    clocks = {"accept": {"stopped_at": joined}, "arrive": {"stopped_at": over}}
    facts: dict[str, Any] = {
        "promised": promised({"accept": SOON, "arrive": SOON}),
        "work_orders": [{**order("accept", {}), "clocks": clocks}],
    }
    as_part = line("accept", minutes=1, note="incident", order="o-1")
    came = line("arrive", minutes=40, order="o-1")

    def both(*lines: dict[str, Any]) -> list[str]:
        return [
            *states_of("accept", **facts, timeline=list(lines)),
            *states_of("arrive", **facts, timeline=list(lines)),
        ]

    assert both(as_part) == ["part", "part"]
    assert both(as_part, came) == ["part", "kept"]
    assert both({**as_part, "note": None}) == ["kept", "kept"]


def test_what_goes_on_under_another_number_is_seen_to_there() -> None:
    facts: dict[str, Any] = {
        "promised": promised({"accept": SOON, "resolve": SOON}),
        "clocks": {"resolve": {"stopped_at": ANEW}},
        "status": "merged",
        "over_at": ANEW,
    }

    assert states_of("resolve", **facts) == ["part"]
    assert states_of("accept", **facts) == ["part"]
    assert states_of("accept", **{**facts, "status": "cancelled"}) == ["moot"]


def test_a_promise_of_an_earlier_round_is_not_measured_by_the_clocks_of_this_one() -> None:
    facts: dict[str, Any] = {
        "round": 2,
        "promised": promised({"accept": SOON, "resolve": SOON}, {"resolve": PAST}),
        "clocks": {"resolve": {"segments": [{"kind": "run", "start": SOON}]}},
        "work_orders": [order("accept", {"stopped_at": NOW + timedelta(minutes=5)})],
        "timeline": [line("register"), line("reopen", minutes=120)],
    }

    assert states_of("accept", **facts) == ["kept"]
    assert states_of("resolve", **facts) == ["replaced", "past"]


def test_what_was_broken_before_it_was_cancelled_stays_broken() -> None:
    over = NOW + timedelta(hours=2)
    accepted = order("accept", {"stopped_at": ANEW}, status="cancelled")
    waited = order("accept", {"stopped_at": over}, status="cancelled")
    taken_back = {**waited, "reason": "not_planned"}
    cancelled: dict[str, Any] = {"status": "cancelled", "over_at": over}

    def became(due: Any, *orders: dict[str, Any], **more: Any) -> list[str]:
        times = promised({"accept": due, "resolve": due})
        return states_of("accept", promised=times, work_orders=list(orders), **cancelled, **more)

    assert became(SOON, waited) == ["broken"]
    assert became(SOON, taken_back) == ["broken"]
    assert became(SOON) == ["broken"]
    assert became(SOON, accepted) == ["kept"]
    assert became(LATER, waited) == ["moot"]
    assert became(LATER, taken_back) == ["moot"]
    early = {**waited, "clocks": {"accept": {"stopped_at": ANEW}}}
    confirmed = line("confirm_cancel", minutes=30, order="o-1")
    assert became(SOON, early, timeline=[confirmed]) == ["moot"]


def test_that_somebody_looks_at_it_is_not_called_accepted() -> None:
    queue = {"accept": {"stopped_at": ANEW, "due": SOON}}
    waits = [order("accept", RUNS, status="dispatched")]
    times = promised({"accept": SOON}, {"accept": PAST, "resolve": PAST})

    shown = promises_of(ticket(promised=times, clocks=queue, work_orders=waits), SAYING)

    assert [[(each.said, each.state) for each in line.times] for line in shown] == [
        [("15:30 前专人查看", "kept")],
        [("16:30 前接单", "open"), ("16:30 前完工", "open")],
    ]


def test_the_queues_clock_is_named_by_what_ends_it() -> None:
    running = {**RUNS, "due": SOON}
    waits = [order("accept", running, status="dispatched")]

    shown = clocks_of(
        ticket(clocks={"accept": running, "resolve": running}, work_orders=waits), SAYING
    )

    assert [each.name for each in shown] == ["专人查看", "完工", "接单"]


def test_every_state_has_its_words_in_both_languages() -> None:
    for language in ("zh", "en"):
        known = words_of("services.console.tickets", language)
        assert [state for state in WORST_FIRST if f"promise_{state}" not in known] == []


def test_nobody_arrives_where_the_question_was_answered() -> None:
    due, over = NOW + timedelta(hours=2), NOW + timedelta(minutes=5)
    times = {"arrive": due, "resolve": due}
    promise = {"at": NOW, "by": "kim", "how": "phone", "times": times, "told": True}
    clocks = {name: {"stopped_at": over} for name in times}

    def states(status: str) -> dict[str, str]:
        [shown] = promises_of(
            ticket(promised=[promise], clocks=clocks, status=status, over_at=over), SAYING
        )
        return {each.said[-2:]: each.state for each in shown.times}

    assert states("answered") == {"到场": "moot", "完工": "kept"}
    assert states("cancelled") == {"到场": "moot", "完工": "moot"}
    assert states("closed") == {"到场": "kept", "完工": "kept"}


def test_the_end_of_a_day_is_heard_as_that_day() -> None:
    midnight = NOW.replace(hour=16, minute=0)

    assert deadline(midnight, NOW, "zh") == "24:00"
    assert deadline(midnight + timedelta(days=1), NOW, "zh") == "12月4日 周五 24:00"
    assert deadline(midnight + timedelta(minutes=1), NOW, "zh") == "12月4日 周五 00:01"


def test_forms_are_those_of_the_rights_and_count_by_what_is_possible() -> None:
    may = {"ticket.tell", "ticket.cancel", "ticket.request_cancel", "ticket.see"}

    forms = forms_of(ticket(can=["tell", "request_cancel"]), may, [], "k", SAYING)

    assert [(form.name, form.is_now, form.asks) for form in forms] == [
        ("tell", True, False), ("cancel", True, True),
    ]  # fmt: skip
    assert forms[0].key != forms[1].key


def test_a_time_is_that_of_the_estate_and_what_does_not_fit_is_left_to_the_service() -> None:
    visit = BY_NAME["appoint"]

    good = wish_of(visit, {"at": "2026-12-03T14:00", "order": "RBVBFBN5-1"}, SAYING)
    bad = wish_of(visit, {"at": "heute", "until": "", "order": "x"}, SAYING)

    assert good.body == {"at": "2026-12-03T06:00:00Z"}
    assert bad.body == {"at": "heute"}


def test_satisfied_is_told_with_a_word_of_it_and_a_reason_goes_with_dissatisfaction_alone() -> None:
    feedback = BY_NAME["feedback"]

    told = wish_of(feedback, {"outcome": "satisfied", "reason": "not_done"}, SAYING)

    assert told.body == {"outcome": "told", "note": "来电人表示满意"}


def test_money_is_said_in_yuan() -> None:
    seen = ticket(
        work_orders=[{
            "id": "o", "round": 1, "department": "d", "status": "accepted",
            "quotes": [{
                "version": 1, "payer": "owner", "by": "kim", "at": NOW,
                "items": [{"kind": "part", "text": "x", "quantity": 3, "unit_price": 1050}],
            }],
        }]
    )  # fmt: skip

    assert total_of(seen.work_orders[0].quotes[0]) == "31.50"


@pytest.mark.parametrize("typed", ["0001-01-01T00:00", "9999-99-99T99:99", "bald", "2026-12-03"])
def test_a_time_that_is_none_is_left_to_the_service(typed: str) -> None:
    said = wish_of(BY_NAME["appoint"], {"at": typed}, SAYING).body["at"]

    assert said == ("2026-12-02T16:00:00Z" if typed == "2026-12-03" else typed)


@pytest.mark.parametrize("quote", ["9" * 5_000, "-1", "x", ""])
def test_an_estimate_that_is_none_is_named_as_none(quote: str) -> None:
    form = {"order": f"RBVBFBN5-1#{quote}", "given": "yes"}

    assert wish_of(BY_NAME["consent"], form, SAYING).body["quote"] == 0
