"""The hands of everybody in a demo or a test of the whole: desk, systems, departments, residents.

Everything goes through the front doors: HTTP with tokens, and the queue as a publisher uses it.
"""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import aio_pika
import httpx
from aio_pika.abc import AbstractIncomingMessage, AbstractRobustChannel

from hotline.endpoints import Endpoints
from hotline.token import make_token
from shared.contracts.notifier import ARRIVED
from shared.identity import sign_link
from shared.privacy import load_keys

REPLY_TO = "amq.rabbitmq.reply-to"
SECONDS = 60.0
"""So long we wait for what the hotline does by itself: busy machines take their time."""
TRY_EVERY = 0.1

Json = dict[str, Any]
T = TypeVar("T")


class NotSoonEnoughError(Exception):
    """What was waited for did not come in time."""


class Clients:
    """Everybody who uses a running hotline; use it as an async context manager."""

    def __init__(self, endpoints: Endpoints, data: Path) -> None:
        self._endpoints = endpoints
        self._data = data
        self._stack = AsyncExitStack()
        self._replies: dict[str, asyncio.Future[Json]] = {}
        self._channel: AbstractRobustChannel | None = None
        self.ahead = timedelta()
        """How far the trial's clock was moved: tokens are judged by it."""

    async def __aenter__(self) -> Self:
        """Open the HTTP connections; the broker's when it is first needed."""
        self.http = await self._stack.enter_async_context(httpx.AsyncClient(timeout=SECONDS))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close everything."""
        await self._stack.aclose()

    async def call(
        self,
        method: str,
        service: str,
        path: str,
        *,
        role: str = "agent",
        by: str | None = None,
        place: str | None = None,
        department: str | None = None,
        **more: Any,
    ) -> httpx.Response:
        """Send one request as somebody; whatever is answered comes back."""
        token = make_token(
            self._data,
            role=role,
            places=[place] if place else None,
            departments=[department] if department else None,
            id=by or role,
            ahead=self.ahead,
        )
        headers = {"Authorization": f"Bearer {token}", **more.pop("headers", {})}
        address = self._endpoints.services[service]
        try:
            return await self.http.request(method, f"{address}{path}", headers=headers, **more)
        except AttributeError as error:
            # A service that is killed while it takes a connection leaves the client's event loop
            # with a socket that is gone, which anyio asks for its peer all the same.
            raise httpx.ConnectError("the connection was closed while it was made") from error

    async def post_ticket(self, report: Mapping[str, Any], **more: Any) -> Json:
        """Register a request at the desk; the answer, or the problem document."""
        answer = await self.call("POST", "intake", "/v1/tickets", json=dict(report), **more)
        found: Json = answer.json()
        return found

    async def ticket(self, number: str) -> Json:
        """A ticket as the desk sees it."""
        answer = await self.call("GET", "intake", f"/v1/tickets/{number}")
        answer.raise_for_status()
        found: Json = answer.json()
        return found

    async def work(self, order: Mapping[str, Any], action: str, **body: Any) -> httpx.Response:
        """Do something to a work order as its assignee."""
        return await self.call(
            "POST",
            "router",
            f"/v1/work-orders/{order['id']}/{action}",
            role="department",
            by=str(order["assignee"] or order["department"]),
            department=str(order["department"]),
            json=body or {},
        )

    async def messages(self, number: str) -> list[Json]:
        """What was sent to whom because of a ticket."""
        answer = await self.call(
            "GET", "notifier", "/v1/messages", params={"number": number}, role="supervisor"
        )
        answer.raise_for_status()
        items: list[Json] = answer.json()["items"]
        return items

    async def open_survey(self, number: str, round_: int, language: str = "zh") -> str:
        """The page a resident sees behind the link of a message."""
        answer = await self.http.get(self.survey_link(number, round_), params={"lang": language})
        answer.raise_for_status()
        return answer.text

    async def answer_survey(self, number: str, round_: int, score: int, **more: Any) -> int:
        """Send the resident's form, as a browser without scripts does; the status."""
        form = {"score": str(score), **more}
        sent = await self.http.post(self.survey_link(number, round_), data=form)
        return sent.status_code

    def survey_link(self, number: str, round_: int) -> str:
        """The link that the resident got."""
        token = sign_link("survey", f"{number}-{round_}", load_keys(self._data / "keys.json").link)
        return f"{self._endpoints.services['survey']}/s/{token}"

    async def publish(
        self,
        body: bytes,
        *,
        key: str = "ticket.report",
        reply: bool = True,
        message_id: str | None = None,
        headers: Mapping[str, Any] | None = None,
    ) -> Json | None:
        """Publish a message as another system does; its answer when one is wanted."""
        channel = await self._open_channel()
        correlation = uuid.uuid4().hex
        future: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._replies[correlation] = future
        exchange = await channel.get_exchange("hotline.inbound", ensure=False)
        message = aio_pika.Message(
            body,
            message_id=message_id or uuid.uuid4().hex,
            correlation_id=correlation,
            reply_to=REPLY_TO if reply else None,
            headers=dict(headers or {}),
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        )
        await exchange.publish(message, key, timeout=SECONDS)
        if not reply:
            return None
        async with asyncio.timeout(SECONDS):
            return await future

    async def report(self, report: Mapping[str, Any], **more: Any) -> Json:
        """Publish a report and return its answer."""
        answer = await self.publish(json.dumps(dict(report), ensure_ascii=False).encode(), **more)
        assert answer is not None, "a report is always answered here"
        return answer

    async def _open_channel(self) -> AbstractRobustChannel:
        if self._channel is None:
            connection = await aio_pika.connect_robust(self._endpoints.amqp)
            await self._stack.enter_async_context(connection)
            channel = await connection.channel(publisher_confirms=True)
            replies = await channel.get_queue(REPLY_TO, ensure=False)
            await replies.consume(self._on_reply, no_ack=True)
            self._channel = channel
        return self._channel

    async def _on_reply(self, message: AbstractIncomingMessage) -> None:
        future = self._replies.pop(message.correlation_id or "", None)
        if future is not None and not future.done():
            future.set_result(json.loads(message.body))

    async def until_status(self, number: str, *statuses: str, seconds: float = SECONDS) -> Json:
        """Wait until a ticket has one of the statuses."""
        return await self.until_ticket(
            number, lambda ticket: ticket["status"] in statuses, f"{statuses}", seconds=seconds
        )

    async def until_ticket(
        self, number: str, wanted: Callable[[Json], bool], what: str, *, seconds: float = SECONDS
    ) -> Json:
        """Wait until a ticket is as wanted; NotSoonEnoughError names what was missing."""

        async def look() -> Json | None:
            ticket = await self.ticket(number)
            return ticket if wanted(ticket) else None

        return await until(look, f"{number}: {what}", seconds=seconds)

    async def until_message(
        self, number: str, purpose: str, *statuses: str, seconds: float = SECONDS
    ) -> Json:
        """Wait until a message of this purpose has gone out."""

        async def look() -> Json | None:
            found = await self.messages(number)
            wanted = statuses or ARRIVED
            return next(
                (m for m in found if m["purpose"] == purpose and m["status"] in wanted), None
            )

        return await until(look, f"{number}: message {purpose}", seconds=seconds)


async def until(
    look: Callable[[], Awaitable[T | None]], what: str, *, seconds: float = SECONDS
) -> T:
    """Look until there is something; NotSoonEnoughError after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            while (found := await look()) is None:  # noqa: ASYNC110 - over HTTP nobody calls back
                await asyncio.sleep(TRY_EVERY)
            return found
    except TimeoutError as error:
        raise NotSoonEnoughError(f"{what} did not come within {seconds:.0f} s") from error
