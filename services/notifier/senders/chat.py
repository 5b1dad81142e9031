"""What the senders to chat tools have in common: within the rate, one POST, and a body that says
what became of it. A status of 200 says nothing: the error code in the body does, and a body
without one leaves it unclear.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

import orjson
from typing_extensions import override

from services.notifier.messages import Handover
from services.notifier.senders.addresses import MayNot
from services.notifier.senders.http import LOST, Http, Progress, outcome_of
from services.notifier.senders.letter import Letter, ProviderReply
from services.notifier.senders.rates import Rates
from services.notifier.senders.tokens import NoToken, Token, Tokens
from shared.contracts import Lane
from shared.telemetry import logger

TAKEN: Final = "0"
SEE_SUBCODE: Final = "88"
"""DingTalk says so where the reason stands in `sub_code`."""
MOST_BYTES: Final = 1900
"""Both tools take 2048 bytes of text: WeCom cuts off the rest, DingTalk refuses. Of DingTalk's the
document around it takes some."""
LAST_LINES: Final = 3
"""What stays at the end of a text that is too long: the link stands there, and the stamp."""
WAITS_ITS_TURN: Final = "rate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """What error codes mean; one that is nowhere here refuses this letter. `set_up` are faults of
    the setting up, which an operator mends: `set_up_means` what becomes of the letter meanwhile.
    """

    busy: frozenset[str] = frozenset({"-1"})
    too_fast: Mapping[str, timedelta] = field(default_factory=dict)
    stale_token: frozenset[str] = frozenset()
    set_up: frozenset[str] = frozenset()
    set_up_means: Handover = Handover.LATER


class ChatSender(ABC):
    """One way into one chat tool. `address` of a letter is who gets it there."""

    is_open: Final = True

    def __init__(self, channel: str, http: Http, codes: Codes, rates: Rates) -> None:
        self.channel = channel
        self._http = http
        self._codes = codes
        self._rates = rates
        self._fault: str | None = None

    @property
    def faults(self) -> Mapping[str, str]:
        """The fault of the setting up that its last letter met, by channel; none once it took
        one.
        """
        return {self.channel: self._fault} if self._fault else {}

    async def send(self, letter: Letter) -> ProviderReply:
        """Hand one letter over, or say when its turn is; the whole attempt stays within the lane's
        timeout.
        """
        if wait := self._rates.wait(letter.address, letter):
            return ProviderReply(Handover.LATER, WAITS_ITS_TURN, wait)
        progress = Progress()
        try:
            async with asyncio.timeout(self._http.timeouts[letter.lane].total_seconds()):
                await self._hand_over(letter, progress)
        except MayNot as error:
            return self._not_set_up(error.code)
        except NoToken as error:
            return self._without_token(error.code)
        except LOST as error:
            if progress.status is None or progress.status < 300:
                return ProviderReply(progress.without_word, type(error).__name__)
        return self._reply_to(progress)

    async def aclose(self) -> None:
        """Close what was kept open."""
        await self._http.aclose()

    @abstractmethod
    async def _hand_over(self, letter: Letter, progress: Progress) -> None:
        """Post it, and note in `progress` what comes of it. Raises MayNot, NoToken or LOST."""

    def _why_not_there(self, answer: Mapping[str, Any]) -> str | None:
        """Why an answer without an error still means that this one person did not get it."""
        del answer
        return None

    async def _post(
        self, address: str, document: Mapping[str, Any], lane: Lane, progress: Progress
    ) -> None:
        await self._http.request(
            "POST", address, progress, lane=lane, content=orjson.dumps(document)
        )

    def _reply_to(self, progress: Progress) -> ProviderReply:
        assert progress.status is not None, "a request that does not fail has a status"
        if outcome_of(progress.status) is not Handover.ACCEPTED:
            return ProviderReply(outcome_of(progress.status), str(progress.status))
        answer = answer_of(progress.body)
        if answer is None:
            return ProviderReply(Handover.UNCLEAR, "unknown_answer")
        code = code_of(answer)
        if code != TAKEN:
            return self._meaning_of(code)
        self._fault = None
        why = self._why_not_there(answer)
        return ProviderReply(Handover.REFUSED if why else Handover.ACCEPTED, why or code)

    def _meaning_of(self, code: str) -> ProviderReply:
        """What an error code says of this letter, and of all after it."""
        if span := self._codes.too_fast.get(code):
            self._rates.bar(span)
            return ProviderReply(Handover.LATER, code, span)
        if code in self._codes.set_up:
            return self._not_set_up(code)
        if code in self._codes.busy | self._codes.stale_token:
            return ProviderReply(Handover.LATER, code)
        return ProviderReply(Handover.REFUSED, code)

    def _without_token(self, code: str) -> ProviderReply:
        """Without one nothing left the house."""
        reply = self._meaning_of(code)
        return replace(reply, outcome=Handover.LATER)

    def _not_set_up(self, code: str) -> ProviderReply:
        if self._fault != code:
            logger.error(
                "channel_not_set_up", channel=self.channel, code=code, see="hotline doctor"
            )
        self._fault = code
        return ProviderReply(self._codes.set_up_means, code)


class AppSender(ChatSender):
    """Letters of an application to one person each, under the application's access token."""

    def __init__(self, channel: str, http: Http, codes: Codes, rates: Rates) -> None:
        super().__init__(channel, http, codes, rates)
        self._tokens = Tokens(self._fetch_token)

    @override
    async def aclose(self) -> None:
        """Close what was kept open."""
        await self._tokens.aclose()
        await super().aclose()

    @property
    @abstractmethod
    def _token_address(self) -> str:
        """Where a token is given out, with our name and secret."""

    @abstractmethod
    def _letter_of(self, letter: Letter) -> tuple[str, Mapping[str, Any]]:
        """Where letters are posted, and the document."""

    @override
    async def _hand_over(self, letter: Letter, progress: Progress) -> None:
        """Post it; where the provider does not know the token any more, once more with a new one:
        what it refused so it has not taken.
        """
        if await self._post_with_token(letter, progress) in self._codes.stale_token:
            progress.handing_over, progress.status, progress.body = False, None, b""
            await self._post_with_token(letter, progress)

    async def _post_with_token(self, letter: Letter, progress: Progress) -> str | None:
        token = await self._tokens.get()
        address, document = self._letter_of(letter)
        await self._post(f"{address}?access_token={quote(token)}", document, letter.lane, progress)
        answer = answer_of(progress.body)
        code = code_of(answer) if answer is not None else None
        if code in self._codes.stale_token:
            self._tokens.reject(token)
        return code

    async def _fetch_token(self) -> Token:
        progress = Progress()
        async with asyncio.timeout(self._http.timeouts["urgent"].total_seconds()):
            await self._http.request("GET", self._token_address, progress, lane="urgent")
        answer = answer_of(progress.body)
        if answer is None:
            raise NoToken(f"no_token_{progress.status}")
        value, seconds = answer.get("access_token"), answer.get("expires_in")
        if code_of(answer) != TAKEN:
            raise NoToken(code_of(answer))
        if not isinstance(value, str) or not value or not isinstance(seconds, int) or seconds <= 0:
            raise NoToken("no_token")
        return Token(value, float(seconds))


def answer_of(body: bytes) -> Mapping[str, Any] | None:
    """A body as one of the provider's answers; None where it is something else."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    is_answer = isinstance(found, dict) and type(found.get("errcode")) is int
    return found if is_answer else None


def code_of(answer: Mapping[str, Any]) -> str:
    """The code that tells."""
    code = str(answer["errcode"])
    return str(answer.get("sub_code") or code) if code == SEE_SUBCODE else code


def text_of(letter: Letter, most: int = MOST_BYTES) -> str:
    """Subject, body and stamp as one text of so many bytes at most. Of a longer one the first lines
    and the last stay.
    """
    lines = [letter.subject, *letter.body.splitlines(), *([letter.stamp] if letter.stamp else [])]
    if _size(lines) <= most:
        return "\n".join(lines)
    first, last = lines[:-LAST_LINES], ["…", *lines[-LAST_LINES:]]
    while first and _size([*first, *last]) > most:
        first.pop()
    return "\n".join([*first, *last]).encode()[-most:].decode(errors="ignore")


def _size(lines: list[str]) -> int:
    return len("\n".join(lines).encode())
