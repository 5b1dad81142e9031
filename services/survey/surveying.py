"""The use cases: ask once, keep the first answer, tell who is not satisfied."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final, Literal

from services.survey.domain import Answer, Given, Matter, Survey, survey_id, why_not_ask
from services.survey.errors import NoSuchSurvey
from services.survey.storage import COLLECTION, Surveys
from shared.contracts import Event
from shared.contracts.notifier import MessageFailed
from shared.contracts.survey import SurveyAnswered, SurveyAsked, SurveyDissatisfied
from shared.policy.policy import Policy
from shared.privacy import Sealer, scrub
from shared.store import Contested, Verdict
from shared.store.clock import DatabaseClock
from shared.store.tickets import ATTEMPTS, Tickets
from shared.telemetry import logger, metrics

Verdicts = Literal["stored", "repeated", "already", "expired"]
MOST_ROUNDS: Final = 200
"""A ticket is not reopened as often."""
_FINGERPRINT: Final = b"survey-answer\0"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an answer: stored now, the very one stored before, or too late."""

    kind: Verdicts
    survey: Survey


class Surveying:
    """Asks about ended tickets and takes the answers. `secret` keys the answers' fingerprints."""

    def __init__(
        self,
        surveys: Surveys,
        tickets: Tickets,
        sealer: Sealer,
        clock: DatabaseClock,
        policy: Callable[[], Policy],
        *,
        secret: bytes,
    ) -> None:
        self._surveys = surveys
        self._tickets = tickets
        self._sealer = sealer
        self._clock = clock
        self._policy = policy
        self._secret = secret

    async def ask(self, matter: Matter) -> None:
        """Ask about a matter once; a repeat, however late, changes nothing."""
        ticket = await self._tickets.get(matter.number)
        now = self._clock.now()
        if (why := why_not_ask(matter, ticket, now)) is not None:
            logger.info("survey_not_asked", survey=matter.survey_id, why=why)
            return
        survey = Survey.ask(matter, now)
        asked = SurveyAsked(survey=survey.id, number=matter.number, round=matter.round)
        if await self._surveys.insert(survey, [asked]) is Verdict.WON:
            logger.info("survey_asked", survey=survey.id)

    async def note_unreached(self, event: MessageFailed) -> None:
        """The question reached nobody, so the caller was not asked. They can still be asked on the
        phone; a repeat changes nothing.
        """
        id = survey_id(event.number, event.round)
        for _ in range(ATTEMPTS):
            survey = await self.find(id)
            if survey is None or survey.unreached is not None:
                return
            now = self._clock.now()
            if await self._surveys.save_unreached(survey, event.reason, now) is Verdict.WON:
                logger.info("survey_unreached", survey=id, why=event.reason)
                return
        raise Contested(COLLECTION, id)

    async def find(self, id: str) -> Survey | None:
        """The survey as it is now, if there is one."""
        return await self._surveys.get(id)

    async def get(self, id: str) -> Survey:
        """The survey as it is now; raises NoSuchSurvey."""
        survey = await self.find(id)
        if survey is None:
            raise NoSuchSurvey(id)
        return survey

    async def answer(self, id: str, given: Given, *, recorded_by: str | None = None) -> Outcome:
        """Keep the first answer, by the caller's link or as `recorded_by` heard it on the phone.

        Raises NoSuchSurvey, Contested after five losses.
        """
        fingerprint = self._fingerprint(given, recorded_by)
        for _ in range(ATTEMPTS):
            survey = await self.get(id)
            now = self._clock.now()
            if survey.answer is not None:
                same = hmac.compare_digest(survey.answer.fingerprint, fingerprint)
                return Outcome("repeated" if same else "already", survey)
            if survey.is_expired(now):
                return Outcome("expired", survey)
            answer = await self._kept(given, survey, recorded_by, fingerprint, now)
            won = await self._surveys.save_answer(survey, answer, _events(survey, answer))
            if won is Verdict.WON:
                metrics.SURVEY_ANSWERS.labels(score=answer.score).inc()
                return Outcome("stored", replace(survey, answer=answer, version=survey.version + 1))
        raise Contested(COLLECTION, id)

    async def forget(self, number: str) -> None:
        """Drop the sealed words of a ticket's answers; scores and scrubbed words stay."""
        found, _ = await self._surveys.newest({"number": number}, after=None, limit=MOST_ROUNDS)
        for survey in found:
            if survey.answer is None or survey.answer.sealed is None:
                continue
            wordless = replace(survey.answer, sealed=None)
            if await self._surveys.save_answer(survey, wordless, []) is Verdict.LOST:
                raise Contested(COLLECTION, survey.id)  # the message comes again

    async def _kept(
        self,
        given: Given,
        survey: Survey,
        recorded_by: str | None,
        fingerprint: str,
        now: datetime,
    ) -> Answer:
        """The answer without what tells who spoke; their own words are sealed beside it."""
        sealed: bytes | None = None
        if given.comment:
            sealed = await self._sealer.seal_person(
                {"comment": given.comment}, estate=survey.matter.estate
            )
        rules = self._policy().at(survey.matter.estate).rules
        return Answer(
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
        return hmac.new(self._secret, _FINGERPRINT + plain, hashlib.sha256).hexdigest()


def _events(survey: Survey, answer: Answer) -> list[Event]:
    matter = survey.matter
    events: list[Event] = [
        SurveyAnswered(
            survey=survey.id, number=matter.number, round=matter.round, score=answer.score
        )
    ]
    if answer.dissatisfied:
        events.append(
            SurveyDissatisfied(
                survey=survey.id, number=matter.number, round=matter.round, score=answer.score
            )
        )
    return events
