"""The work page as a value: what is next, what stands behind More, and that all of it has words."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any, Final

import pytest
from typing_extensions import override

from shared.runtime.web import LANGUAGES, words
from shared.runtime.web.work import (
    ACTS,
    DECLINE_REASONS,
    ITEM_KINDS,
    MORE_TIME_REASONS,
    PACKAGE,
    PAUSE_REASONS,
    PAYERS,
    SURE_FIRST,
    Act,
    Advised,
    Again,
    Cost,
    Danger,
    Named,
    Pause,
    PlanStep,
    Said,
    Time,
    Typed,
    WorkPaper,
    WorkView,
)
from shared.tickets import OrderStatus
from tests.support.tickets import MONDAY, policy
from tests.support.work_page import forms_of, next_of

NOW: Final = MONDAY
LIFT: Final = Named("电梯困人", "Lift entrapment")
DANGER: Final = Danger(
    advice=(Advised("say", Named("不扒门", "Do not force the doors")),),
    steps=(PlanStep("power_off", Named("断电", "Power off"), is_done=False),),
    taken="nobody",
    reader_is_there=False,
    is_released=False,
    is_over=False,
)


def view(*can: Act, **more: Any) -> WorkView:
    return WorkView(number="23456789", what=LIFT, now=NOW, can=frozenset(can), **more)


def full() -> WorkView:
    """Everything that can stand on a page at once."""
    return view(
        *ACTS,
        estate=Named("锦园", "Jinyuan Gardens"),
        building="3",
        place="大堂",
        words="电梯门关不上\n里面有人",
        added=(Said(NOW, "灯也坏了"),),
        notes=(Said(NOW, "等电工"), Said(NOW, "明早到", public=True)),
        is_drill=True,
        status="in_progress",
        promised=(Time("resolve", NOW + timedelta(days=1)),),
        clocks=(Time("arrive", NOW - timedelta(minutes=3)), Time("resolve", NOW)),
        again=Again(2, "根本没修"),
        wants_cancel=True,
        pause=Pause("parts", NOW + timedelta(hours=1)),
        cost=Cost(67_100, "owner", asked=True, agreed=None),
        photos=2,
        photos_can_be_seen=True,
        danger=DANGER,
    )


def html_of(shown: WorkView, language: Any = "zh", **more: Any) -> str:
    paper = WorkPaper.under("/w", policy)
    return bytes(paper.page(shown, "token", language, policy(), **more).body).decode()


@pytest.mark.parametrize(
    ("can", "wanted"),
    [
        (("accept", "decline", "note"), "accept"),
        (("acknowledge", "accept", "arrive"), "acknowledge"),
        (("set_out", "arrive", "pause"), "set_out"),
        (("arrive", "done", "photo"), "arrive"),
        (("release", "end", "done"), "release"),
        (("end", "done", "note"), "end"),
        (("photo", "done"), "done"),
        (("resume", "note"), "resume"),
        (("note", "tell"), None),
    ],
)
def test_one_thing_is_next(can: tuple[Act, ...], wanted: str | None) -> None:
    shown = view(*can)

    assert shown.next_act == wanted
    assert next_of(html_of(shown)) == wanted


def test_a_photo_is_next_only_where_one_is_wanted() -> None:
    assert view("photo", lacks_photo=True).next_act == "photo"
    assert view("photo").next_act is None


def test_more_holds_the_rest_and_nothing_twice() -> None:
    shown = view("acknowledge", "accept", "decline", "check", "photo", "note")

    assert shown.more == ("decline", "note")
    assert next_of(html_of(shown)) == "acknowledge"


def test_who_has_nothing_to_do_is_told_so() -> None:
    shown = view("note", "check")

    assert shown.is_over
    assert "没有需要您做的事" in html_of(shown)


def test_what_is_asked_once_more_is_the_only_thing_to_press() -> None:
    asked = Typed("end", {"key": "k.end"})
    page = html_of(full(), sure=asked)

    assert forms_of(page) == {"end": {"key": "k.end", "sure": "yes"}}
    assert 'name="back" value="yes"' in page


def test_while_a_danger_runs_nobody_is_sent_to_confirm_a_cancellation() -> None:
    page = html_of(view("note", danger=DANGER, wants_cancel=True, waits_for_danger=True))

    assert "险情结束后，才能确认取消" in page
    assert "请在“更多”里确认" not in page


def test_before_the_end_is_said_the_page_says_how_much_of_the_checklist_is_not_done() -> None:
    ticked = PlanStep("call_110", Named("已报110", "110 called"), is_done=True)
    partly = replace(DANGER, steps=(*DANGER.steps, ticked))
    asked = Typed("end", {"key": "k.end"})

    page = html_of(view("end", danger=partly), sure=asked)
    english = html_of(view("end", danger=partly), "en", sure=asked)

    assert "☐ 未做：</strong> 断电" in page
    assert "☑ 已做：</strong> 已报110" in page
    assert "还有 1 项未做" in page
    assert "1 item is not done" in english
    all_done = html_of(view("end", danger=replace(DANGER, steps=(ticked,))), sure=asked)
    assert "项未做" not in all_done


def test_what_the_owner_is_to_read_is_said_to_be_sent_to_wait_or_to_be_kept() -> None:
    note = Said(NOW, "明早到", public=True)
    goes = replace(note, tell_at=NOW)
    waits = replace(note, tell_at=NOW + timedelta(hours=2), fate="waits")

    said = [view(notes=(each,)).recorded_as("tell") for each in (note, goes, waits)]

    assert said == ["tell_kept", "tell", "tell_waits"]
    assert view().recorded_as("done") == "done"


def test_every_form_has_a_key_of_its_own() -> None:
    keys = [fields["key"] for act, fields in forms_of(html_of(full())).items()
            if act not in {"photo", "photos"}]  # fmt: skip

    assert len(keys) == len(set(keys)) > 10
    assert all(len(key) > 12 for key in keys)


def test_times_stand_there_without_a_script_and_say_what_is_late() -> None:
    page = html_of(full())

    # In the span that the script fills in: never "is over" and "late by" beside each other.
    assert '今天 09:57</time> <span class="left late"><em>已过</em></span>' in page
    assert 'data-just="刚过时限"' in page
    assert "11月24日 10:00" in page
    assert "24 Nov 10:00" in html_of(full(), "en")
    assert f'data-now="{NOW.isoformat()}"' in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_has_words_in_both_languages(language: Any) -> None:
    known = words(PACKAGE, language)
    html_of(full(), language)

    named = {
        *(f"act_{act}" for act in ACTS),
        *(f"reason_{code}" for code in (*DECLINE_REASONS, *PAUSE_REASONS, *MORE_TIME_REASONS)),
        *(f"item_{kind}" for kind in ITEM_KINDS),
        *(f"payer_{payer}" for payer in PAYERS),
        *(f"sure_{act}" for act in SURE_FIRST),
        *(f"sure_yes_{act}" for act in SURE_FIRST),
        *(f"recorded_{act}" for act in (*ACTS, "tell_waits", "tell_kept")),
        *(f"status_{status}" for status in OrderStatus),
    }
    assert named <= set(known)
    assert all(text.strip() for name, text in known.items() if name != "again_end")


class _Structure(HTMLParser):
    """What a page is made of, for whoever cannot see it."""

    def __init__(self) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.unlabelled: list[str] = []
        self.empty_buttons = 0
        self._labels = 0
        self._button: list[str] | None = None

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if tag == "label":
            self._labels += 1
        is_field = tag in {"select", "textarea", "input"} and given.get("type") != "hidden"
        if is_field and not self._labels:
            self.unlabelled.append(str(given.get("name")))
        if tag == "button":
            self._button = []

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag == "label":
            self._labels -= 1
        if tag == "button" and self._button is not None:
            self.empty_buttons += not "".join(self._button).strip()
            self._button = None

    @override
    def handle_data(self, data: str) -> None:
        if self._button is not None:
            self._button.append(data)


@pytest.mark.parametrize("language", LANGUAGES)
def test_headings_labels_and_ids_are_in_order(language: Any) -> None:
    structure = _Structure()
    structure.feed(html_of(full(), language))

    assert structure.headings[0] == 1
    assert structure.headings.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(structure.headings, structure.headings[1:], strict=False))
    assert structure.unlabelled == []
    assert structure.empty_buttons == 0
    assert len(structure.ids) == len(set(structure.ids))


def test_what_people_said_is_never_markup() -> None:
    page = html_of(view("note", words="<script>alert(1)</script>"))

    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("tells_superior", "says"), [(True, "正在通知上级"), (False, "无人接警。")]
)
def test_a_superior_is_spoken_of_only_where_there_is_one(
    says: str, *, tells_superior: bool
) -> None:
    danger = replace(DANGER, is_slow=True, tells_superior=tells_superior)

    page = html_of(view(danger=danger))

    assert says in page
    assert "已收到通知" not in page
    assert ("上级" in page) is tells_superior


def test_work_that_comes_again_by_a_danger_says_so_and_not_that_nobody_was_satisfied() -> None:
    page = html_of(view(again=Again(2, is_danger=True)))

    assert "险情" in page
    assert "未满意" not in page
