"""The use cases: ask once, keep the first answer, tell who is not satisfied."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final, Literal

from services.survey.domain import (
    Given,
    Matter,
    Rating,
    Survey,
    ask,
    forget_words,
    had_part_in,
    is_open,
    note_unreached,
    survey_id,
    take_answer,
    why_not_ask,
)
from services.survey.storage import NEWEST, SURVEYS
from shared.contracts import Step
from shared.contracts.notifier import MessageEvent
from shared.contracts.refusals import NotYours
from shared.identity import service_principal
from shared.policy.plan import Reported, plan
from shared.privacy import scrub
from shared.runtime import Platform
from shared.store import Collection
from shared.telemetry import logger, metrics
from shared.tickets.acts import Reopen
from shared.tickets.lifecycle import FOR_GOOD

Verdicts = Literal["stored", "repeated", "already", "expired"]
Follows = Literal["reopened", "emergency", "over_since", "not_reopened"]
"""What comes of it that somebody is dissatisfied, or tells of a danger: the matter is worked on
again, already or in a moment; it is an emergency of its own, since the matter was cancelled or went
on under another number; it was, and is over again; it is too late.
"""
BY_RULE: Final = service_principal("survey")
_FINGERPRINT: Final = b"survey-answer\0"


class NoSuchSurvey(Exception):
    """There is no survey of that id: say the same as for one that is not yours."""

    def __init__(self, id: str) -> None:
        self.id = id
        super().__init__(f"survey {id} does not exist")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an answer: stored now, the very one stored before, or too late."""

    kind: Verdicts
    survey: Survey


class Surveying:
    """Asks about ended tickets and takes the answers."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._surveys = Collection(platform.store, SURVEYS)

    async def ask(self, matter: Matter) -> bool:
        """Ask about a matter once; whether it is new. A repeat, however late, changes nothing."""
        ticket = await self._platform.tickets.get(matter.number)
        now = self._platform.store.clock.now()
        taxonomy = self._platform.policy.at(matter.estate).taxonomy
        if (why := why_not_ask(matter, ticket, now, taxonomy=taxonomy)) is not None:
            logger.info("survey_not_asked", survey=matter.survey_id, why=why)
            return False
        is_new = await self._surveys.insert(ask(matter, now), now)
        if is_new:
            logger.info("survey_asked", survey=matter.survey_id)
        return is_new

    async def note_unreached(self, event: MessageEvent, why: str) -> None:
        """The question reached nobody, so the caller was not asked. They can still be asked on the
        phone; a repeat changes nothing.
        """
        id = survey_id(event.number, event.round)
        noted = await self._surveys.change(id, lambda s, _: note_unreached(s, why))
        if noted is not None and noted.is_change:
            logger.info("survey_unreached", survey=id, why=why)

    async def get(self, id: str) -> Survey:
        """The survey as it is now; raises NoSuchSurvey."""
        survey = await self._surveys.get(id)
        if survey is None:
            raise NoSuchSurvey(id)
        return survey

    async def answer(self, id: str, given: Given, *, recorded_by: str | None = None) -> Outcome:
        """Keep the first answer, by the caller's link or as `recorded_by` heard it on the phone.

        Raises NoSuchSurvey, NotYours for whose own case it is, Contested after five losses.
        """
        if recorded_by is not None:
            await self._check_not_their_own(id, recorded_by)
        fingerprint = self._fingerprint(given, recorded_by)

        async def decide(survey: Survey, now: datetime) -> Step[Survey] | None:
            if not is_open(survey, now):
                return None
            kept = await self._kept(given, survey, recorded_by, fingerprint, now)
            told = Reported(text=given.comment, estate=survey.matter.estate, decided=True)
            danger = plan(told, self._platform.policy, now).emergency_kind
            return take_answer(survey, kept, danger)

        changed = await self._surveys.change(id, decide)
        if changed is None:
            raise NoSuchSurvey(id)
        survey = changed.after
        if changed.is_change:
            metrics.SURVEY_ANSWERS.labels(score=given.score).inc()
            return Outcome("stored", survey)
        if survey.answer is None:
            return Outcome("expired", survey)
        same = hmac.compare_digest(survey.answer.fingerprint, fingerprint)
        return Outcome("repeated" if same else "already", survey)

    async def _check_not_their_own(self, id: str, who: str) -> None:
        """Nobody writes down how well their own case went."""
        matter = (await self.get(id)).matter
        ticket = await self._platform.tickets.get(matter.number)
        if ticket is not None and had_part_in(ticket, matter.round, who):
            raise NotYours(
                "own-case",
                "You saw this ticket through yourself, or ended it",
                "let somebody else at the desk ask the caller and record the answer",
            )

    async def what_follows(self, survey: Survey) -> Follows | None:
        """What comes of an answer that is not content, by the ticket as it is now; None of one that
        is.
        """
        if not survey.begins_again:
            return None
        tickets, matter = self._platform.tickets, survey.matter
        ticket = await tickets.get(matter.number)
        if ticket is None:
            return "not_reopened"
        if survey.danger is not None:  # which is taken up however late it is told
            return "emergency" if ticket.status in FOR_GOOD else "reopened"
        if ticket.round > matter.round:
            return "reopened" if ticket.mark is None else "over_since"
        again = tickets.allows(ticket, Reopen(by=BY_RULE.id, reason="survey"))
        return "reopened" if again else "not_reopened"

    async def forget(self, number: str) -> None:
        """Drop the sealed words of a ticket's answers; scores and scrubbed words stay."""
        async for survey in self._surveys.walk({"number": number}, order=NEWEST):
            await self._surveys.change(survey.id, lambda present, _: forget_words(present))

    async def _kept(
        self,
        given: Given,
        survey: Survey,
        recorded_by: str | None,
        fingerprint: str,
        now: datetime,
    ) -> Rating:
        """The answer without what tells who spoke; their own words are sealed beside it."""
        sealed: bytes | None = None
        if given.comment:
            sealed = await self._platform.sealer.seal_person(
                {"comment": given.comment}, estate=survey.matter.estate
            )
        rules = self._platform.policy.at(survey.matter.estate).rules
        return Rating(
            at=now,
            score=given.score,
            dimensions=given.dimensions,
            comment=scrub(given.comment),
            sealed=sealed,
            dissatisfied=given.score <= rules.dissatisfied_up_to,
            recorded_by=recorded_by,
            fingerprint=fingerprint,
        )

    def _fingerprint(self, given: Given, recorded_by: str | None) -> str:
        """Keyed, so that nobody can try out which words were sealed."""
        plain = json.dumps([asdict(given), recorded_by], sort_keys=True).encode()
        return hmac.new(self._platform.keys.index, _FINGERPRINT + plain, hashlib.sha256).hexdigest()
