import copy
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from services.notifier.domain import Notice, recipients
from services.notifier.links import brought_by, opened_by
from services.notifier.messages import Message, new_message
from services.notifier.rendering import render
from shared.codes.spoken import spoken_time
from shared.contracts import Event
from shared.contracts.notifier import CALLER
from shared.policy.policy import Policy, build_policy, load_documents
from shared.policy.templates import FIELDS, LANGUAGES, PURPOSES, Language, faults_in_words
from tests.notifier import samples

EVENTS: list[Event] = [
    samples.registered(), samples.dispatched(), samples.warned(), samples.breached(),
    samples.alerted(), samples.slowed(), samples.resolved(), samples.reopened(), samples.asked(),
    samples.noted(), samples.follow_up_opened(), samples.follow_up_missed(), samples.quoted(),
    samples.consented(),
]  # fmt: skip


@pytest.fixture(scope="module")
def policy() -> Policy:
    return build_policy("v1", load_documents())


def message(event: Event, language: Language = "zh", **facts: Any) -> Message:
    first = recipients(event)[0]
    notice = Notice(
        first.cause, first.purpose, first.recipient, 1, first.estate, {**first.facts, **facts}
    )
    return new_message(notice, lane="routine", language=language, now=samples.DUE)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_every_message_cites_its_ticket(event: Event, language: Language, policy: Policy) -> None:
    subject, body = render(message(event, language), policy, name="王女士", link="https://x/s/1")

    assert "26-1" in subject
    assert "26-1" in body
    # A caller is addressed by name; what staff read at a glance begins with what and where.
    is_to_caller = message(event).recipient == CALLER
    assert ("王女士" in body) is is_to_caller
    assert "{{" not in body


def test_a_receipt_tells_the_promise_in_the_estates_own_time(policy: Policy) -> None:
    _, zh = render(message(samples.registered()), policy, name="王女士", link="")
    _, en = render(message(samples.registered(), "en"), policy, name="", link="")

    assert "11月23日 16:30 前处理完毕" in zh
    assert "锦园电梯" in zh
    assert "by 23 Nov 16:30" in en
    assert "Dear" not in en


def test_an_estate_speaks_in_its_own_words_and_its_own_time() -> None:
    words = {"subject": "锦园 {{ number }}", "body": "{{ due }} 前"}
    layer = {
        "templates": {"messages": {"receipt": {"zh": words}}},
        "calendar": {"time_zone": "Asia/Tokyo"},
    }
    policy = build_policy("v2", load_documents() | {"local": {"jinyuan": layer}})

    here = render(message(samples.registered()), policy, name="", link="")
    there = render(message(samples.registered(estate="cuihu")), policy, name="", link="")

    assert here == ("锦园 26-1", "11月23日 17:30 前")
    assert "11月23日 16:30" in there[1]


def test_an_undecided_request_is_promised_a_look_only(policy: Policy) -> None:
    undecided = samples.registered(promised={"accept": samples.DUE}, type=None, area=None)

    _, body = render(message(undecided), policy, name="", link="")

    assert "我们将在 11月23日 16:30 前与您联系" in body
    assert "处理完毕" not in body


@pytest.mark.parametrize(
    ("elsewhere", "language", "says"),
    [
        (True, "zh", "照片拍摄地点不符"),
        (True, "en", "the photo was taken elsewhere"),
        (False, "zh", "报完工但未解决"),
        (False, "en", "reported as done, and is not"),
    ],
)
def test_a_false_completion_says_where_the_photo_was_taken(
    elsewhere: bool,  # noqa: FBT001 - a table of cases
    language: Language,
    says: str,
    policy: Policy,
) -> None:
    event = samples.raised(reason="false_completion", place_differs=elsewhere)

    _, body = render(message(event, language), policy, name="", link="")

    assert says in body
    assert ("elsewhere" in body or "拍摄" in body) is elsewhere


def test_an_alert_says_what_where_and_how_to_acknowledge(policy: Policy) -> None:
    asked = message(samples.alerted(), building="3")
    _, body = render(asked, policy, name="许志强", link="https://x/w/1")

    for words in ("26-1", "不扒门", "我已接警", "https://x/w/1", "400-000-0000"):
        assert words in body
    assert body.splitlines()[0] == "【紧急】电梯困人｜锦园 3 号楼｜请立即赶赴现场"


@pytest.mark.parametrize(
    ("language", "first"),
    [
        ("zh", "锦园 3 号楼｜电梯困人（紧急）｜11月23日 16:30 前办结"),
        ("en", "Jinyuan Gardens, building 3 | Lift entrapment (Emergency) | done by 23 Nov 16:30"),
    ],
)
def test_work_begins_with_what_where_and_how_soon_and_has_its_link(
    language: Language, first: str, policy: Policy
) -> None:
    danger = {"urgency": "emergency", "emergency_kind": "elevator_entrapment"}
    given = message(samples.dispatched(**danger), language, building="3")
    _, body = render(given, policy, name="许志强", link="https://x/w/1")

    assert body.splitlines()[0] == first
    assert "https://x/w/1" in body.splitlines()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_link_is_there_also_where_a_group_s_own_words_leave_it_out(language: Language) -> None:
    own = {"subject": "{{ number }}", "body": "{{ kind }}"}
    layer = {"templates": {"messages": {"alert": {"zh": own, "en": own}}}}
    policy = build_policy("v2", load_documents() | {"local": {"jinyuan": layer}})

    _, body = render(message(samples.alerted(), language), policy, name="", link="https://x/w/1")

    assert body.endswith("https://x/w/1")


def test_no_message_sends_anybody_to_a_place_that_is_not_there() -> None:
    for purpose, both in load_documents()["templates"]["messages"].items():
        for words in both.values():
            for door in ("工作台", "在系统中", "console", "workbench", "in the system"):
                assert door not in words["body"], purpose


def test_an_alert_from_an_unknown_place_says_so(policy: Policy) -> None:
    _, body = render(message(samples.alerted(estate=None)), policy, name="", link="")

    assert "不明" in body


def test_ids_that_the_policy_no_longer_knows_speak_for_themselves(policy: Policy) -> None:
    event = samples.dispatched(area="moat", type="duel", department="guards")

    _, body = render(message(event), policy, name="", link="")

    assert "duel／moat" in body
    assert "guards" in body


def test_a_subject_is_one_line_whatever_the_facts_hold(policy: Policy) -> None:
    event = samples.warned(area="lift\r\nBcc: everybody@example.com")

    subject, _ = render(message(event), policy, name="", link="")

    assert "\n" not in subject
    assert "\r" not in subject


def test_fen_are_said_as_yuan_and_what_the_owner_said_in_words(policy: Policy) -> None:
    subject, body = render(message(samples.quoted()), policy, name="", link="")
    agreed, _ = render(message(samples.consented(given=False)), policy, name="", link="")

    assert "90.50 元" in subject
    assert "90.50 元" in body
    assert "业主不同意" in agreed
    assert render(message(samples.quoted(total=5)), policy, name="", link="")[0].endswith("0.05 元")


@pytest.mark.parametrize(("language", "said"), [("zh", "11月23日 16:30"), ("en", "23 Nov 16:30")])
def test_times_are_said_as_people_say_them(language: Language, said: str, policy: Policy) -> None:
    assert spoken_time(samples.DUE, policy.calendar.zone, language) == said


def _spoil(purpose: str, language: str, part: str, words: str) -> Callable[[Any], None]:
    def change(messages: Any) -> None:
        messages[purpose][language][part] = words

    return change


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (_spoil("receipt", "zh", "body", "{{ numer }}"), "receipt.zh.body.*unknown field 'numer'"),
        (_spoil("alert", "en", "subject", "{% if %}"), "alert.en.subject: cannot be used"),
        (lambda m: m["warning"].pop("en"), "warning.en: is missing"),
        (lambda m: m.pop("feedback"), "feedback.zh: is missing.*feedback.en: is missing"),
        (lambda m: m.update(promotion=m["receipt"]), "promotion"),
    ],
)
def test_a_faulty_template_stops_the_policy_by_name(
    change: Callable[[Any], None], fault: str
) -> None:
    documents = copy.deepcopy(load_documents())
    change(documents["templates"]["messages"])

    with pytest.raises(ValidationError, match=fault):
        build_policy("v2", documents)


@pytest.mark.parametrize(
    "words",
    [
        "{{ link | shout }}",
        "{{ level / 2 }}",
        "{{ ''.__class__.mro() }}",
        "{{ name | center(9) }}",
        "{% set name = number %}{{ name }}",
    ],
)
def test_a_template_of_before_that_does_more_gives_way_to_the_sample_s(words: str) -> None:
    documents = copy.deepcopy(load_documents())
    documents["templates"]["messages"]["alert"]["zh"]["body"] = words

    policy = build_policy("v2", documents)

    sample = build_policy("v1", load_documents()).templates
    assert policy.templates.words("alert", "zh") == sample.words("alert", "zh")
    assert list(faults_in_words(words)) != []


SHIFTS = ("gap", "shift_offered", "shift_taken", "shift_cut", "shift_struck")
NAMED = dict.fromkeys(SHIFTS, "<from>") | {
    "digest": "<count>",
    "together": "<count>",
    "receipts": "<count>",
    "parked": "<reason>",
    "watch": "<words>",
}


def test_every_purpose_has_both_languages_and_every_field_is_explained(policy: Policy) -> None:
    """What is about a ticket names its number, what is about a shift when it begins, and a digest
    how much it tells, what could not be handled why.
    """
    for purpose in PURPOSES:
        for language in LANGUAGES:
            subject, body = policy.templates.words(purpose, language).render(
                {field: f"<{field}>" for field in FIELDS}
            )
            named = NAMED.get(purpose, "<number>")
            assert named in subject
            assert named in body
    assert all(FIELDS.values())


@pytest.mark.parametrize(
    ("language", "what"),
    [("zh", "：电话告知处理结果"), ("en", ": tell the caller the result by telephone")],
)
def test_who_is_to_ring_reads_what_where_and_how_soon_and_has_a_link(
    language: Language, what: str, policy: Policy
) -> None:
    told = message(samples.follow_up_opened(why="tell", reason="tell"), language)

    _, body = render(told, policy, name="", link="https://x/w/1")

    assert body.partition("\n")[0].endswith(what)
    assert "https://x/w/1" in body


def test_a_call_to_make_has_a_link_of_its_own_and_other_tasks_have_none() -> None:
    to_ring = message(samples.follow_up_opened(why="tell", reason="visit"))
    others = [message(samples.follow_up_opened()), message(samples.follow_up_missed(why="tell"))]

    task = samples.follow_up_opened().follow_up
    assert opened_by(to_ring) == ("task", f"{task}/jy-customer-service-1")
    assert [opened_by(other) for other in others] == [None, None]


def test_a_deadline_of_work_brings_its_link_to_who_has_the_work_alone() -> None:
    notices = [*recipients(samples.warned()), *recipients(samples.breached())]
    found = {
        (n.purpose, n.recipient): brought_by(
            new_message(n, lane="routine", language="zh", now=samples.DUE)
        )
        for n in notices
    }

    work = ("work", f"26-1-1/{samples.ASSIGNEE}")
    assert found == {
        ("warning", samples.ASSIGNEE): work,
        ("breach", samples.ASSIGNEE): work,
        ("breach", "jy-engineering-3"): None,
    }


def test_who_is_stood_down_reads_where_they_were_called_to_and_that_it_is_elsewhere(
    policy: Policy,
) -> None:
    moved = samples.replanned(
        before="fire", estate="binjiang", elsewhere=True, estate_before="jinyuan"
    )

    _, zh = render(message(moved), policy, name="", link="")
    _, en = render(message(moved, "en"), policy, name="", link="")
    _, same = render(message(samples.replanned()), policy, name="", link="")

    assert zh.startswith("锦园｜火灾")
    assert "查明在其他地点" in zh
    assert "滨江" not in zh
    assert "at another place" in en
    assert "重新判定" in same
