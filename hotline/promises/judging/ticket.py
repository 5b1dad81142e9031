"""Everything that is judged of one ticket and its papers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from hotline.promises.facts import Papers
from hotline.promises.findings import Finding
from hotline.promises.judging.clocks import judge_clocks
from hotline.promises.judging.effects import judge_following
from hotline.promises.judging.messages import judge_telling
from hotline.promises.judging.work import judge_emergency, judge_work
from hotline.promises.kinds import CACHE_OLD, CHANGE_MISSING, SECOND_TICKET


def judge_ticket(papers: Papers, before: datetime) -> Iterator[Finding]:
    """All that is wrong with one ticket."""
    yield from judge_record(papers)
    yield from judge_work(papers.ticket, before)
    yield from judge_emergency(papers, before)
    yield from judge_clocks(papers, before)
    yield from judge_telling(papers, before)
    yield from judge_following(papers, before)


def judge_record(papers: Papers) -> Iterator[Finding]:
    """Whether the document agrees with itself and with its reservation."""
    ticket = papers.ticket
    if _is_second(papers):
        yield Finding(SECOND_TICKET, ticket.number, f"the other is {papers.key_names}")
    if papers.kept_status != ticket.status.value:
        why = f"kept {papers.kept_status}, is {ticket.status.value}"
        yield Finding(CACHE_OLD, ticket.number, why)
    if papers.kept_next_due != ticket.next_due:
        yield Finding(CACHE_OLD, ticket.number, "next_due")
    # Each change is one version and at least one entry.
    if ticket.version > len(ticket.timeline):
        why = f"version {ticket.version}, {len(ticket.timeline)} entries"
        yield Finding(CHANGE_MISSING, ticket.number, why)


def _is_second(papers: Papers) -> bool:
    """Whether its key names another ticket, and did so when it was registered."""
    if papers.key_names is None or papers.key_since is None:
        return False
    ticket = papers.ticket
    return papers.key_names != ticket.number and ticket.registered_at >= papers.key_since
