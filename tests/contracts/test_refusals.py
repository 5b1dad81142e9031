"""What use cases refuse, and the answers that are made of it."""

from __future__ import annotations

import orjson
import pytest

from shared.contracts.refusals import Away, NotNow, NotSignedIn, NotThere, Refused, TooOften
from shared.runtime.problems import STATUS, problem_of
from shared.tickets import NoSuchOrder


@pytest.mark.parametrize("kind", Refused.__subclasses__())
def test_every_refusal_has_an_answer_of_its_own(kind: type[Refused]) -> None:
    assert kind.__doc__
    assert problem_of(kind("code", "Title", "remedy")).status == STATUS[kind]
    assert len(set(STATUS.values())) == len(STATUS)


def test_the_facts_stand_behind_the_words_in_their_order() -> None:
    refused = NotNow("over", "It is over", "read it again", state=None, shifts=["s-1"])

    assert orjson.dumps(problem_of(refused).body) == (
        b'{"type":"urn:hotline:problem:over","title":"It is over","status":409,'
        b'"detail":"read it again","state":null,"shifts":["s-1"]}'
    )


def test_without_a_way_out_nothing_is_said_of_one() -> None:
    assert "detail" not in problem_of(Away("away", "It is away")).body


def test_whoever_has_to_wait_is_told_how_long_and_whoever_is_nobody_how_to_sign_in() -> None:
    assert problem_of(TooOften("locked", "Wait", wait=7)).headers == {"Retry-After": "7"}
    assert problem_of(NotSignedIn("nobody", "Who?")).headers == {"WWW-Authenticate": "Bearer"}


def test_what_the_ticket_does_not_have_looks_like_what_is_missing() -> None:
    assert problem_of(NoSuchOrder("1-w1")).body == problem_of(NotThere()).body
