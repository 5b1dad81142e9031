"""The work page as HTML: the view in the reader's language and the estate's time."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from fastapi.responses import HTMLResponse

from shared.policy.policy import Policy
from shared.policy.templates import Language
from shared.runtime.web.pages import Paper, in_path, words
from shared.runtime.web.work.call import HEARD, CallAct, CallView, to_say
from shared.runtime.web.work.view import (
    DECLINE_REASONS,
    ITEM_KINDS,
    ITEM_ROWS,
    MORE_TIME_REASONS,
    PAUSE_REASONS,
    PAYERS,
    Act,
    WorkView,
)

PACKAGE: Final = "shared.runtime.web.work"
KEY_BYTES: Final = 9
_CHOICES: Final = {
    "decline_reasons": DECLINE_REASONS,
    "pause_reasons": PAUSE_REASONS,
    "more_time_reasons": MORE_TIME_REASONS,
    "item_kinds": ITEM_KINDS,
    "item_rows": ITEM_ROWS,
    "payers": PAYERS,
}


@dataclass(frozen=True, slots=True)
class Typed:
    """A form as it came: its act, what stood in it, and what was wrong with it, as a code."""

    act: Act | CallAct
    fields: Mapping[str, str]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class WorkPaper:
    """Renders the page under `root`, for everybody who has work. Flat and number are shown at
    `person_url`; empty where that is under the same name.
    """

    paper: Paper
    root: str
    person_url: str = ""

    @classmethod
    def under(cls, root: str, policy: Callable[[], Policy], person_url: str = "") -> WorkPaper:
        """With the names of the policy in force."""
        paper = Paper(PACKAGE, root, policy, scripted=True, forms_to=person_url)
        return cls(paper, root, person_url)

    def page(
        self,
        view: WorkView,
        token: str,
        language: Language,
        policy: Policy,
        *,
        said: str = "",
        recorded: str = "",
        typed: Typed | None = None,
        sure: Typed | None = None,
        pictures: Sequence[str] = (),
        person_form: str | None = None,
        status: int = 200,
    ) -> HTMLResponse:
        """The work and what can be done now. `person_form` is the token of the form that asks for
        flat and number, where there is one. `said` is a sentence on top, as a code; `recorded`
        says there what is on record now, as a code too; `typed` is the
        form that could not be read, shown again with its fault; `sure` what is asked once more;
        `pictures` small photos, in base64.
        """
        zone = policy.calendar.zone

        def when(moment: datetime) -> str:
            return _spoken(moment, view.now, zone, language)

        return self.paper.page(
            "work.html",
            language,
            status,
            policy=policy,
            pictures=bool(pictures),
            view=view,
            said=said,
            recorded=recorded,
            typed=typed,
            sure=sure,
            shots=pictures,
            when=when,
            earliest=f"{view.now.astimezone(zone):%Y-%m-%dT%H:%M}",
            address=f"{self.root}/{in_path(token)}",
            person_form=person_form,
            person_at=f"{self.person_url}{self.root}/{in_path(token)}/person",
            key=secrets.token_urlsafe(KEY_BYTES),
            **_CHOICES,
        )

    def call_page(
        self,
        view: CallView,
        token: str,
        language: Language,
        policy: Policy,
        *,
        person_form: str | None,
        said: str = "",
        typed: Typed | None = None,
        sure: Typed | None = None,
        status: int = 200,
    ) -> HTMLResponse:
        """Whom to tell what by telephone, and what may be said of the call. `person_form` is the
        token of the form that asks for the number; the rest is as for work.
        """
        zone = policy.calendar.zone

        def when(moment: datetime) -> str:
            return _spoken(moment, view.now, zone, language)

        return self.paper.page(
            "call.html",
            language,
            status,
            policy=policy,
            view=view,
            to_say=WordsToSay(view, zone).in_(language),
            person_form=person_form,
            person_at=f"{self.person_url}{self.root}/{in_path(token)}/person",
            said=said,
            typed=typed,
            sure=sure,
            heard=HEARD,
            when=when,
            address=f"{self.root}/{in_path(token)}",
            key=secrets.token_urlsafe(KEY_BYTES),
        )

    def recorded(self, language: Language) -> HTMLResponse:
        """What was done is on record, and the work is the reader's no more."""
        return self.paper.trouble("recorded", language, status=200)

    def trouble(
        self, said: str, language: Language, *, status: int, wait: int | None = None
    ) -> HTMLResponse:
        """Why there is nothing to see, in both languages."""
        return self.paper.trouble(said, language, status=status, wait=wait)


@dataclass(frozen=True, slots=True)
class WordsToSay:
    """What to say to the caller of a call, with its times as people of that zone say them."""

    view: CallView
    zone: ZoneInfo

    def in_(self, language: Language) -> list[str]:
        """A paragraph each."""

        def when(moment: datetime) -> str:
            return _spoken(moment, self.view.now, self.zone, language)

        return list(to_say(self.view, words(PACKAGE, language), language, when))


def _spoken(moment: datetime, now: datetime, zone: ZoneInfo, language: Language) -> str:
    """今天 16:30, 11月23日 16:30; or today 16:30, 23 Nov 16:30."""
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        day = "今天" if language == "zh" else "today"
    else:
        day = f"{local.month}月{local.day}日" if language == "zh" else f"{local.day} {local:%b}"
    return f"{day} {local:%H:%M}"
