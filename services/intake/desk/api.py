"""HTTP in: one call each. Of a person it shows nothing but masks."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Literal

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from typing_extensions import override

from services.intake.desk.actions import DeskActions
from services.intake.desk.call_backs import CallBacks
from services.intake.desk.merging import Merging
from services.intake.desk.wishes import Origin, Wishes
from services.intake.registration.api import report_body
from services.intake.registration.reports import Reports
from services.intake.registration.reservations import Conflict
from services.intake.registration.views import RegisteredShown
from shared.contracts import MalformedMessage
from shared.contracts.ids import Code, NamedId
from shared.contracts.json_body import read_any_json_object
from shared.contracts.report import Concerned, Short, TicketType
from shared.identity import action_of
from shared.policy.plan import Reported
from shared.runtime import (
    Actor,
    Body,
    NoteBody,
    Platform,
    Routes,
    WordsRoute,
    decides,
    may,
    principal,
)
from shared.runtime.form_keys import SentKey, form_key_of
from shared.runtime.problem_words import told_in_both
from shared.telemetry import metrics
from shared.tickets import Ticket, Transition
from shared.tickets.numbers import TicketNumber
from shared.triage.classify import Classification
from shared.triage.taxonomy import Taxonomy


class ReclassifyBody(NoteBody):
    """What a person at the desk decided; what is left out stays as it was. Who says that there is
    `no_danger` says why, as a code.
    """

    estate: Short | None = None
    type: TicketType | None = None
    area: Annotated[str, Field(max_length=60)] | None = None
    about: Concerned | None = None
    urgency: Literal["urgent", "normal"] | None = None
    emergency_kind: Annotated[str, Field(max_length=60)] | None = None
    no_danger: bool = False
    reason: Code | None = None


class OwnBody(NoteBody):
    """Who sees it through; whoever asks, when nobody is named."""

    owner: NamedId | None = None


class MergeBody(NoteBody):
    """Under which ticket it goes on, and why, as a code."""

    into: Annotated[TicketNumber, Field(min_length=1, max_length=60)]
    reason: Code


class AnswerBody(NoteBody):
    """What the caller was told."""

    answer: Annotated[str, Field(min_length=1, max_length=4_000)]


class FeedbackBody(NoteBody):
    """How feeding the result back ended; `reason` says, as a code, why it does not satisfy. With
    `not_done` it counts as a false completion.
    """

    outcome: Literal[
        "told",
        "delivered",
        "unreachable",
        "no_contact",
        "by_publisher",
        "by_incident_notice",
        "no_answer",
        "not_satisfied",
    ]
    reason: Code | None = None


class MergedView(BaseModel):
    """A ticket that went on under another one."""

    number: str
    status: str
    round: int
    version: int
    emergency: bool
    into: str


class ClassifyBody(Body):
    """Words to classify."""

    text: Annotated[str, Field(max_length=20_000)]


class _Direct(APIRoute):
    """A route whose endpoint reads the request and writes the answer itself: what FastAPI does for
    all others with declared parameters and models, a busy desk would feel.
    """

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint: Callable[[Request], Coroutine[Any, Any, Response]] = self.endpoint
        return endpoint


def build_registering_api(reports: Reports) -> Routes:
    """Registering tickets."""
    router = Routes("/v1", tags=["tickets"], route_class=_Direct)

    @router.post(
        router.path_of(Transition.REGISTER),
        status_code=201,
        openapi_extra=_report_schema(),
        dependencies=[decides(action_of(Transition.REGISTER))],
        responses={
            200: {
                "model": RegisteredShown,
                "description": "A repeat: the stored ticket's answer, with what is so now",
            },
            201: {"model": RegisteredShown, "description": "A new request"},
        },
    )
    async def create(request: Request) -> Response:
        """Register a request; the answer carries the promised times. 200 for a repeat."""
        actor = await principal(request)
        raw, damage = read_any_json_object(await request.body())
        key = request.headers.get("idempotency-key")
        arrival = reports.read(
            raw,
            name=f"key:{key}" if key else None,
            principal=actor,
            language=_language(request),
            damage=damage,
        )
        try:
            answer, created = await reports.register(arrival, actor)
        except Conflict:
            metrics.REPORTS.labels("http", "conflict").inc()
            raise
        metrics.REPORTS.labels("http", "created" if created else "repeated").inc()
        return Response(
            orjson.dumps(_in_both_languages(answer.to_json())),
            status_code=201 if created else 200,
            headers={"Location": f"/v1/tickets/{answer.number}"},
            media_type="application/json",
        )

    return router


def build_words_api(reports: Reports) -> Routes:
    """What was answered, and what words would be taken for."""
    router = Routes("/v1", tags=["tickets"])

    @router.get(
        "/tickets/{number}/receipt",
        dependencies=[may("ticket.register_anywhere")],
        response_model=RegisteredShown,
        response_model_exclude_unset=True,
    )
    async def receipt(number: TicketNumber, actor: Actor, request: Request) -> dict[str, Any]:
        """What whoever registered a ticket was told, as it is now; also where its place is beyond
        their reach, and the ticket is not theirs to see.
        """
        answer = await reports.receipt(number, actor, language=_language(request))
        return answer.to_json()

    @router.post("/classify", dependencies=[may("text.classify")], response_model=Classification)
    async def classify(body: ClassifyBody) -> Classification:
        """What these words would be taken for; nothing is stored."""
        return reports.classify_text(body.text)

    return router


def build_actions_api(  # noqa: C901 - one small function an endpoint
    platform: Platform,
    desk_actions: DeskActions,
    wishes: Wishes,
    call_backs: CallBacks,
    merging: Merging,
) -> Routes:
    """The table's actions of intake."""
    router = Routes("/v1/tickets/{number}", tags=["actions"], route_class=WordsRoute)

    def shown(ticket: Ticket) -> dict[str, Any]:
        return {
            "number": ticket.number,
            "status": ticket.status.value,
            "round": ticket.round,
            "version": ticket.version,
            "emergency": ticket.is_emergency,
        }

    @router.does(Transition.RECLASSIFY)
    async def reclassify(
        number: TicketNumber, body: ReclassifyBody, actor: Actor
    ) -> dict[str, Any]:
        """Decide place, type or area; the plan is made anew and what was held goes on."""
        estate = platform.policy.group.find_estate(body.estate)
        if body.estate and estate is None:
            raise unknown_estate()
        _check_decided(body, platform.policy.taxonomy)
        changes = Reported(
            text="",
            estate=estate.id if estate else None,
            type=body.type,
            area=body.area,
            kind=body.emergency_kind,
            calm=body.no_danger,
            urgency=body.urgency,
        )
        return shown(
            await desk_actions.reclassify(
                number,
                actor,
                changes=changes,
                concerned=body.about,
                note=body.scrubbed(),
                reason=body.reason,
            )
        )

    @router.does(Transition.ANSWER)
    async def answer(number: TicketNumber, body: AnswerBody, actor: Actor) -> dict[str, Any]:
        """The question is answered; nobody has to go. A note stands below the answer. Here and
        below a danger that the note tells of makes the ticket an emergency at once.
        """
        return shown(await call_backs.answer(number, actor, body.answer, body.note))

    @router.does(Transition.TELL)
    async def tell(
        number: TicketNumber, body: NoteBody, actor: Actor, key: SentKey = None
    ) -> dict[str, Any]:
        """The caller was told the promise or the progress."""
        origin = Origin(noted=True, form_key=form_key_of(key, actor.id, body.scrubbed()))
        return shown(await call_backs.tell(number, actor, body.note, origin=origin))

    @router.does(Transition.SUPPLEMENT)
    async def supplement(
        number: TicketNumber, body: NoteBody, actor: Actor, key: SentKey = None
    ) -> dict[str, Any]:
        """The caller added something: it stands in `note`."""
        form_key = form_key_of(key, actor.id, body.scrubbed())
        return shown(await wishes.supplement(number, actor, body.note, form_key=form_key))

    @router.does(Transition.URGE)
    async def urge(number: TicketNumber, body: NoteBody, actor: Actor) -> dict[str, Any]:
        """The caller asks for haste; again within `next_urge_at` it is the same wish, and other
        words are added.
        """
        ticket, again = await wishes.urge(number, actor, body.note)
        return shown(ticket) | {"next_urge_at": again}

    @router.does(Transition.OWN)
    async def own(number: TicketNumber, body: OwnBody, actor: Actor) -> dict[str, Any]:
        """Somebody of the desk sees it through from now on."""
        ticket = await desk_actions.own(number, actor, body.owner, body.scrubbed())
        return shown(ticket) | {"owner": ticket.owner}

    @router.does(Transition.FEEDBACK)
    async def feedback(number: TicketNumber, body: FeedbackBody, actor: Actor) -> dict[str, Any]:
        """The result was fed back, could not be, or does not satisfy."""
        if body.outcome == "no_answer":
            return shown(await call_backs.no_answer(number, actor, body.note))
        if body.outcome == "not_satisfied":
            return shown(await wishes.not_satisfied(number, actor, body.note, body.reason))
        return shown(await call_backs.feed_back(number, actor, body.outcome, body.note))

    @router.does(Transition.REOPEN)
    async def reopen(number: TicketNumber, body: NoteBody, actor: Actor) -> dict[str, Any]:
        """It is not solved after all: a new round."""
        return shown(await wishes.reopen(number, actor, body.note))

    @router.does(Transition.CANCEL)
    async def cancel(
        number: TicketNumber, actor: Actor, body: NoteBody | None = None
    ) -> dict[str, Any]:
        """Nobody needs it any more; once accepted, the department confirms. A note that tells of a
        danger cancels nothing.
        """
        return shown(await wishes.cancel(number, actor, body.note if body else None))

    @router.does(Transition.MERGE)
    async def merge(number: TicketNumber, body: MergeBody, actor: Actor) -> MergedView:
        """The same caller's same matter goes on under another number, and its caller is told both;
        another household's never does.
        """
        ticket = await merging.merge(
            number, actor, into=body.into, reason=body.reason, note=body.scrubbed()
        )
        return MergedView(**shown(ticket), into=body.into)

    return router


def _language(request: Request) -> Literal["zh", "en"]:
    """The language that whoever asks reads advice in."""
    wanted = request.headers.get("accept-language") or ""
    return "en" if wanted.lower().startswith("en") else "zh"


def _in_both_languages(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer with the Chinese beside what it says of single fields."""
    if "faults" in answer:
        answer = {**answer, "faults": [told_in_both(fault) for fault in answer["faults"]]}
    return answer


def _check_decided(body: ReclassifyBody, taxonomy: Taxonomy) -> None:
    """Raise MalformedMessage for what does not fit together, and for no area of the policy or kind
    of emergency.
    """
    area, kind = body.area, body.emergency_kind
    if area is not None and not taxonomy.has_area(area):
        raise MalformedMessage("area", "is no area of the policy", "see the taxonomy")
    if kind is not None and not taxonomy.has_kind(kind):
        raise MalformedMessage("emergency_kind", "is no kind of the policy", "see the taxonomy")
    if body.no_danger and kind is not None:
        raise MalformedMessage("no_danger", "does not go with an emergency_kind", "leave one out")
    if body.no_danger and body.reason is None:
        raise MalformedMessage("reason", "is missing", "say why it is no danger, as a code")


def unknown_estate() -> Exception:
    """An estate that the policy does not know."""
    return MalformedMessage("estate", "is not an estate of this group", "see the policy's estates")


def _report_schema() -> dict[str, Any]:
    """The body is read by hand (an emergency is never refused), but documented as the report."""
    text = {"type": "string"}
    return {
        **report_body(),
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "schema": text,
                "description": (
                    "the same key and body are the same request until a day after it was over "
                    "(an emergency: ten minutes after it ended), and a new one later"
                ),
            },
            {
                "name": "Accept-Language",
                "in": "header",
                "schema": text,
                "description": "en… for advice in English, otherwise Chinese",
            },
        ],
    }
