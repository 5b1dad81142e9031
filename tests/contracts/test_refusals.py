"""What use cases refuse, and the answers that are made of it."""

from __future__ import annotations

import orjson
import pytest

from shared.contracts.refusals import Away, NotNow, NotSignedIn, NotThere, Refused, TooOften
from shared.runtime.problems import STATUS, problem_of
from shared.tickets import NoSuchOrder, NotAllowed, OrderStatus, TicketStatus, Transition

NAMED_AS_THEY_ARE = {"closed", "cancelled", "of an earlier round"}
"""Statuses that are plain words already."""


@pytest.mark.parametrize("kind", Refused.__subclasses__())
def test_every_refusal_has_an_answer_of_its_own(kind: type[Refused]) -> None:
    assert kind.__doc__
    assert problem_of(kind("code", "Title", "remedy")).status == STATUS[kind]
    assert len(set(STATUS.values())) == len(STATUS)


def test_the_facts_stand_behind_the_words_in_their_order() -> None:
    refused = NotNow("over", "It is over", "read it again", state=None, shifts=["s-1"])

    assert orjson.dumps(problem_of(refused).body) == (
        '{"type":"urn:hotline:problem:over","title":"It is over","status":409,'
        '"detail":"read it again","title_zh":"当前状态下不能这样做","detail_zh":"请重新查看",'
        '"state":null,"shifts":["s-1"]}'.encode()
    )


@pytest.mark.parametrize(
    ("transition", "status", "said", "in_chinese"),
    [
        (Transition.NOTE, "closed", "reopen it first", "请先重新开启"),
        (Transition.NOTE, "merged", "it is over for good: register", "请另行登记"),
        (Transition.NOTE, "declined", "read the ticket", "请查看工单"),
        (Transition.NOTE, "resolved", "/feedback or /reopen", "业主不满意的"),
        (Transition.NOTE, "of an earlier round", "the one that counts now", "请查看工单"),
        (Transition.REOPEN, "cancelled", "it is over for good: register", "请另行登记"),
        (Transition.REOPEN, "merged", "it is over for good: register", "请另行登记"),
        (Transition.RESOLVE, "dispatched", "possible now: accept, decline", "现在可以：接单、拒单"),
    ],
)
def test_who_asks_out_of_turn_reads_how_it_stands_and_what_to_do(
    transition: Transition, status: str, said: str, in_chinese: str
) -> None:
    body = problem_of(NotAllowed(transition, status=status, last_by="agent-7")).body

    assert body["detail"].startswith("it is ")
    assert said in body["detail"]
    assert body["detail_zh"].startswith("现在的状态：")
    assert in_chinese in body["detail_zh"]


def test_no_act_at_any_status_is_refused_without_a_sentence() -> None:
    statuses = {*TicketStatus, *OrderStatus, "of an earlier round"}
    for transition in Transition:
        for status in statuses:
            error = NotAllowed(transition, status=str(status), last_by="agent-7")
            state, _, way = problem_of(error).body["detail"].partition("; ")
            assert state != f"it is {status}" or status in NAMED_AS_THEY_ARE
            assert way, (transition, status)


def test_what_is_missing_is_named_by_its_kind_and_by_nothing_else() -> None:
    def told(path: str) -> tuple[str, str]:
        body = problem_of(NotThere(), path=path).body
        return body["title"], body["title_zh"]

    assert told("/v1/tickets/{number}/urge") == (
        "There is no such ticket, or it is not yours",
        "没有这个工单，或者它不在您的权限范围内",
    )
    assert told("/v1/work-orders/{id}")[0].startswith("There is no such work order,")
    assert told("/v1/messages/brakes/{id}/release")[0].startswith("There is no such brake,")
    assert told("/v1/api-keys/{id}")[0].startswith("There is no such key,")
    assert told("")[0] == NotThere.NOTHING


def test_other_words_about_what_is_missing_stay_as_they_are() -> None:
    body = problem_of(NotThere(title="This estate is not yours"), path="/v1/incidents").body

    assert body["title"] == "This estate is not yours"
    assert body["title_zh"] == "这个小区不在您的范围内"


def test_without_a_way_out_nothing_is_said_of_one() -> None:
    assert "detail" not in problem_of(Away("away", "It is away")).body


def test_whoever_has_to_wait_is_told_how_long_and_whoever_is_nobody_how_to_sign_in() -> None:
    assert problem_of(TooOften("locked", "Wait", wait=7)).headers == {"Retry-After": "7"}
    assert problem_of(NotSignedIn("nobody", "Who?")).headers == {"WWW-Authenticate": "Bearer"}


def test_what_the_ticket_does_not_have_looks_like_what_is_missing() -> None:
    assert problem_of(NoSuchOrder("1-w1")).body == problem_of(NotThere()).body
