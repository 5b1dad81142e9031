"""The page of a call at the address of a link: what to say, and what came of it."""

from __future__ import annotations

from typing import Final

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from services.router.field.call_views import call_view_of
from services.router.field.call_visits import CallVisits
from services.router.field.forms import Form, Unreadable
from services.router.field.visits import NoSuchWork
from shared.contracts import MalformedMessage
from shared.contracts.refusals import NotNow, NotThere
from shared.identity import Forbidden
from shared.identity.staff_links import form_token_of
from shared.policy.templates import Language
from shared.runtime import Platform
from shared.runtime.web import in_path
from shared.runtime.web.work import CALL_ACTS, CallAct, Typed, WorkPaper
from shared.tickets import NotAllowed

_ACTS: Final[dict[str, CallAct]] = {act: act for act in CALL_ACTS}
_SURE_FIRST: Final[CallAct] = "unreachable"
_NOT_NOW: Final = (NotNow, NotThere, NotAllowed, Forbidden, MalformedMessage)


class CallPages:
    """What whoever is to ring a caller sees at the address of a link."""

    def __init__(
        self, platform: Platform, visits: CallVisits, root: str, person_url: str = ""
    ) -> None:
        self._platform = platform
        self._visits = visits
        self._root = root
        self._paper = WorkPaper.under(root, lambda: platform.policy, person_url)

    def has(self, token: str) -> bool:
        """Whether a link leads here."""
        return self._visits.is_call(token)

    async def show(
        self,
        token: str,
        language: Language,
        *,
        said: str = "",
        typed: Typed | None = None,
        sure: Typed | None = None,
        status: int = 200,
    ) -> Response:
        """The call, and what may be said of it now."""
        work = await self._visits.see(token)
        policy = self._platform.policy.at(work.ticket.estate)
        view = call_view_of(work, policy, self._platform.store.clock.now())
        form = form_token_of(token, self._platform.keys.link)
        has_to_ring = bool(work.can) and not work.takes_effect
        return self._paper.call_page(
            view,
            token,
            language,
            policy,
            person_form=form if has_to_ring else None,
            said=said,
            typed=typed,
            sure=sure,
            status=status,
        )

    async def act(self, token: str, act: str, request: Request, language: Language) -> Response:
        """Say what came of the call, then show the page again: loading it anew sends nothing twice.
        What is refused is said on the page itself.
        """
        wanted = _ACTS.get(act)
        if wanted is None:
            raise NoSuchWork
        form = Form.read(await request.body())
        try:
            if wanted == _SURE_FIRST and not form.is_sure:
                return await self._ask(token, wanted, form, language)
            await self._visits.do(token, wanted, form)
        except Unreadable as fault:
            typed = Typed(wanted, form.fields, fault.code)
            return await self.show(token, language, typed=typed, status=422)
        except _NOT_NOW:
            typed = Typed(wanted, form.fields)
            return await self.show(token, language, said="changed", typed=typed, status=409)
        return RedirectResponse(f"{self._root}/{in_path(token)}?lang={language}", status_code=303)

    async def _ask(self, token: str, act: CallAct, form: Form, language: Language) -> Response:
        """Whether they are sure; only of what is possible, so that nobody confirms in vain."""
        work = await self._visits.see(token)
        if act not in work.can or work.takes_effect:
            return await self.show(token, language, said="changed", status=409)
        return await self.show(token, language, sure=Typed(act, form.fields))
