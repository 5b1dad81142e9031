"""Every message to one of the staff says what, where and how soon in its first line, and names only
doors that are there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import pytest

from services.notifier.domain import Notice, recipients
from services.notifier.messages import Message, new_message
from services.notifier.quotations import quoted
from services.notifier.rendering import render
from shared.codes.spoken import CLOCKS
from shared.contracts import Event
from shared.contracts.notifier import CALLER, Purpose
from shared.identity.principal import service_principal
from shared.policy.policy import Policy, build_policy, load_documents
from shared.policy.templates import FIELDS, LANGUAGES, PURPOSES, Language
from shared.tickets.acts import DANGER
from tests.notifier import samples
from tests.notifier.test_domain import EVERY_KIND

TO_CALLERS: Final = frozenset(
    {"receipt", "answered", "feedback", "reopened", "survey", "visit", "extended", "outage",
     "progress", "merged", "receipts"}
)  # fmt: skip
NOT_OF_AN_EVENT: Final[tuple[Purpose, ...]] = ("digest", "together")
"""Made of other messages; a test of their own reads their first line."""
TO_STAFF: Final[Mapping[str, Event]] = {
    f"{notice.purpose}:{event.name}": event
    for event in EVERY_KIND
    for notice in recipients(event)
    if notice.recipient != CALLER
}
WHAT: Final = re.compile(
    "电梯|给排水|电梯困人|燃气|排班|班|消息|查阅|项时限|规定|链接|线路|"
    "[Ll]ift|[Ww]ater|[Gg]as|roster|shift|message|the link of|opens callers' data|deadlines|rules|"
    "line "
)
WHERE: Final = re.compile("锦园|集团|地点|来自|Jinyuan|Yuanheng|places|from ")
HOW_SOON: Final = re.compile(
    "11月2[34]日|立即|尽快|今天|停止|天内|within|2[34] Nov|at once|soon|today|now"
)
NO_DOORS: Final = (
    "工作台",
    "在系统中",
    "系统内",
    "console",
    "workbench",
    "in the system",
    "log in",
)
MORE_TIME: Final = re.compile("申请延期|asks? for more time")


@pytest.fixture(scope="module")
def policy() -> Policy:
    return build_policy("v1", load_documents())


def message(event: Event, language: Language, purpose: str | None = None, **facts: Any) -> Message:
    """What the first of the staff is told of an event, with the building of its ticket."""
    first = next(
        notice
        for notice in recipients(event)
        if notice.recipient != CALLER and purpose in {None, notice.purpose}
    )
    notice = Notice(
        first.cause, first.purpose, first.recipient, first.round, first.estate,
        {**first.facts, "building": "3", **facts},
    )  # fmt: skip
    return new_message(notice, lane="routine", language=language, now=samples.DUE)


def test_every_purpose_is_somebodys_and_those_to_staff_are_all_walked() -> None:
    walked = {key.partition(":")[0] for key in TO_STAFF}

    assert walked == set(PURPOSES) - TO_CALLERS - set(NOT_OF_AN_EVENT) - {"watch"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", TO_STAFF)
def test_the_first_line_says_what_where_and_how_soon(
    key: str, language: Language, policy: Policy
) -> None:
    told = message(TO_STAFF[key], language, key.partition(":")[0])

    subject, body = render(told, policy, name="许志强", link="https://x/w/1")

    first = body.splitlines()[0]
    for said in (WHAT, WHERE, HOW_SOON):
        assert said.search(first), (said.pattern, first)
    assert told.number in subject + body or told.purpose in SHIFTS
    for door in NO_DOORS:
        assert door not in body


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("purpose", NOT_OF_AN_EVENT)
def test_what_tells_several_says_how_many_where_they_stand_and_how_soon(
    purpose: Purpose, language: Language, policy: Policy
) -> None:
    fields = dict.fromkeys(FIELDS, "") | {"count": "4", "lines": "1. x"}

    _, body = policy.templates.words(purpose, language).render(fields)

    first = body.splitlines()[0]
    assert "4" in first
    assert re.search("下|below", first)
    assert HOW_SOON.search(first)
    assert not any(door in body for door in NO_DOORS)


SHIFTS: Final[frozenset[Purpose]] = frozenset(
    {"gap", "shift_offered", "shift_taken", "shift_struck", "shift_cut"}
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("clock", CLOCKS)
def test_each_limit_has_a_text_of_its_own_and_more_time_is_asked_for_where_it_can_be(
    clock: str, language: Language, policy: Policy
) -> None:
    def words(clock: str) -> str:
        told = message(samples.warned(clock=clock), language)
        return render(told, policy, name="", link="")[1].split("\n\n")[1]

    others = {words(other) for other in CLOCKS if other != clock}

    assert words(clock) not in others
    assert bool(MORE_TIME.search(words(clock))) is (clock == "resolve")


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_an_emergency_nobody_is_told_to_ask_for_more_time(
    language: Language, policy: Policy
) -> None:
    danger = samples.warned(urgency="emergency", emergency_kind="elevator_entrapment")

    _, body = render(message(danger, language), policy, name="", link="")

    assert not MORE_TIME.search(body)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_waits_in_the_manual_queue_has_nobody_to_accept_it(
    language: Language, policy: Policy
) -> None:
    undecided = samples.warned(clock="accept", department=None, work_order=None)

    _, body = render(message(undecided, language), policy, name="", link="")

    assert "接单消息" not in body
    assert "link" not in body
    assert ("派给责任部门" in body) or ("give it to one" in body)


def line(transition: str, note: str | None, by: str = "agent", **more: Any) -> dict[str, Any]:
    return {"at": samples.DUE, "transition": transition, "note": note, "by": by, **more}


TIMELINE: Final = [
    line("supplement", "水从厨房来", public=False),
    line("reopen", "还在漏", public=False),
    line("note", "配件已到", public=True),
]


@pytest.mark.parametrize("language", LANGUAGES)
def test_work_that_begins_again_says_so_with_the_caller_s_words(
    language: Language, policy: Policy
) -> None:
    again = message(samples.dispatched(round=2), language)
    first = message(samples.dispatched(), language)

    _, body = render(again, policy, name="", link="", quoted=quoted(again, TIMELINE))

    assert "2" in body.splitlines()[0].split("｜" if language == "zh" else " | ")[2]
    assert "还在漏" in body
    assert quoted(first, TIMELINE) == {}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", ["follow_up/2ab34cd", DANGER])
def test_work_that_begins_again_by_a_danger_says_so_and_quotes_no_code(
    code: str, language: Language, policy: Policy
) -> None:
    again = message(samples.dispatched(round=3), language)
    timeline = [*TIMELINE, line("not_satisfied", code, by=service_principal("intake").id)]

    _, body = render(again, policy, name="", link="", quoted=quoted(again, timeline))

    assert ("险情" in body) or ("told of a danger" in body)
    assert code not in body.replace("told of a danger", "")
    assert "还在漏" not in body, "that was said of the round before"


@pytest.mark.parametrize("language", LANGUAGES)
def test_work_that_begins_again_by_a_survey_quotes_nothing_said_before(
    language: Language, policy: Policy
) -> None:
    again = message(samples.dispatched(round=3), language)
    timeline = [*TIMELINE, line("reopen", None, by=service_principal("intake").id)]

    _, body = render(again, policy, name="", link="", quoted=quoted(again, timeline))

    assert "还在漏" not in body
    assert ("没有解决。" in body) or ("not solved." in body)


def test_what_a_caller_adds_is_quoted_and_a_cancellation_is_confirmed_by_the_link(
    policy: Policy,
) -> None:
    added = message(samples.supplemented(), "zh")
    cancel = message(samples.cancel_requested(), "zh")

    _, body = render(added, policy, name="", link="", quoted=quoted(added, TIMELINE))
    _, wants = render(cancel, policy, name="", link="", quoted=quoted(cancel, TIMELINE))

    assert "水从厨房来" in body
    assert "确认取消" in wants
    assert "水从厨房来" not in wants


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_asked_for_more_time_reads_which_way_it_went(
    language: Language, policy: Policy
) -> None:
    given = message(samples.extended(assignee=samples.ASSIGNEE, asked=True), language)
    refused = message(samples.extension_refused(), language)

    _, yes = render(given, policy, name="", link="")
    _, no = render(refused, policy, name="", link="")

    assert yes != no
    assert ("不同意延期" in no) or ("no more time" in no)
    assert ("11月23日 16:30" in no) or ("23 Nov 16:30" in no)


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_gets_more_time_unasked_is_not_told_that_it_was_asked_for(
    language: Language, policy: Policy
) -> None:
    given = message(samples.extended(assignee=samples.ASSIGNEE), language)

    _, body = render(given, policy, name="", link="")

    assert not [word for word in ("申请", "asked") if word in body]
    assert ("主管延长" in body) or ("supervisor has extended" in body)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("sign", ["more_than_usual", "ended_tickets", "not_their_work", "one_flat"])
def test_an_alarm_names_the_reader_and_what_is_unusual_in_words(
    sign: str, language: Language, policy: Policy
) -> None:
    _, body = render(message(samples.reading_alarm(sign=sign), language), policy, name="", link="")

    assert "jy-customer-service-1" in body
    assert sign not in body
