"""``hotline doctor``: is it well, were promises kept, is nothing personal where it must not be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Self

import httpx
import typer
from rich.console import Console
from rich.table import Table

from hotline import topology
from hotline.client import data_folder, running
from hotline.endpoints import Endpoints
from hotline.promises.report import examine_and_print
from hotline.search import read_needles, search_everywhere
from hotline.settings import read_settings
from shared.bus.broker_users import BrokerUsers
from shared.policy.duty import Person
from shared.readers.messages import missed_by_their_last
from shared.readers.policies import NoPolicyError, PolicyReader
from shared.readers.rosters import DutyReader
from shared.store import STORE_DOWN, Store, connect

LATELY: Final = timedelta(days=7)
"""So old a message may be that tells of somebody's address."""
NAMED: Final = 20
"""Of the people without a channel so many are named, the rest is counted."""
TRIAL: Final = (
    "试用数据：发给来电人的消息留在沙箱，任何人都收不到。\n"
    "A trial: messages to callers stay in the sandbox and reach nobody."
)
NO_CALLERS: Final = (
    "来电人没有消息渠道：办理结果须由人工电话告知，待办见 /v1/follow-ups（why: tell）。\n"
    "Callers have no channel: a person tells each result by telephone; the tasks are under "
    "/v1/follow-ups (why: tell)."
)
NO_STAFF: Final = (
    "警告：值班表上 {count} 人没有消息渠道，紧急事件也通知不到他们：{named}\n"
    "请为他们设置 webhook，或设置邮件服务器 HOTLINE_NOTIFIER_SMTP_HOST。\n"
    "WARNING: {count} people of the duty list have no channel, not even an alert reaches them: "
    "{named}\n"
    "Give them a webhook, or set HOTLINE_NOTIFIER_SMTP_HOST."
)
NOT_REACHED: Final = (
    "警告：最近发给以下 {count} 人的消息没有送达：{named}\n"
    "请核对他们在值班表上的邮箱或 webhook；部门负责人已另行收到通知。\n"
    "WARNING: the last messages to these {count} people did not reach them: {named}\n"
    "Check their mail address or webhook on the duty list; who leads their department was told."
)
UNASKED: Final = (
    "无法得知有哪些消息渠道：通知服务或数据库没有回答。\n"
    "Which channels there are is not known: the notifier or the database does not answer."
)
LACKING: Final = (
    "消息代理缺少以下各项，发往那里的消息会丢失；请运行 `hotline topology`：\n"
    "The broker lacks these, and what is sent there is lost; run `hotline topology`:\n  {named}"
)
UNREAD: Final = (
    "无法读取策略，未核对日历（{error}）。\n"
    "The policy could not be read, and the calendar was not looked at ({error})."
)
CALENDAR_ENDS: Final = (
    "日历还有 {days} 天到期，之后的节假日都会按工作日计算；请在策略中补充日历（calendar.until）。\n"
    "A calendar ends in {days} days, and every holiday after it will count as a workday: publish "
    "the next days off in the policy (calendar.until)."
)
CALENDAR_ENDED: Final = (
    "警告：日历已到期 {days} 天，节假日都按工作日计算；请立即在策略中补充日历（calendar.until）。\n"
    "WARNING: a calendar ended {days} days ago, and every holiday counts as a workday: publish the "
    "next days off in the policy (calendar.until)."
)
SOON: Final = 60
"""Days: the days off of a year are published in November of the year before."""
UNLIMITED: Final = (
    "以下消息代理用户的权限超出发布者所需；请用 `hotline publishers add` 重建：\n"
    "These users of the broker may more than publishers need; make them anew with `hotline "
    "publishers add`:\n  {named}"
)
UNSEEN: Final = (
    "未核对交换机、队列与用户：不知道管理接口的地址 HOTLINE_MANAGEMENT_URL，或它没有回答。\n"
    "Exchanges, queues and users were not compared: HOTLINE_MANAGEMENT_URL is not known, or does "
    "not answer."
)
EXIT_FOUND = 1


@dataclass(frozen=True, slots=True)
class Channels:
    """What the notifier says leads to people now."""

    trial: bool
    callers: tuple[str, ...]
    staff: tuple[str, ...]

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any]) -> Self:
        """Read `/healthz/channels`."""
        return cls(answer["trial"], tuple(answer["callers"]), tuple(answer["staff"]))

    def reach(self, person: Person) -> bool:
        """Whether any of them leads to somebody of the duty list."""
        if person.webhook is not None:
            return "webhook" in self.staff
        return person.can_be_mailed and any(name != "webhook" for name in self.staff)


@dataclass(frozen=True, slots=True)
class Unreached:
    """People of the duty list, by id: those to whom no channel leads, and those whom their last
    message did not reach, by why.
    """

    without: tuple[str, ...] = ()
    in_vain: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is anybody."""
        return bool(self.without or self.in_vain)


def said_of(channels: Channels, unreached: Unreached) -> Iterator[str]:
    """What an operator is to know; nothing where everybody is reached."""
    if channels.trial and "sandbox" in channels.callers:
        yield TRIAL
    if not channels.callers:
        yield NO_CALLERS
    in_vain = [f"{id} ({why})" for id, why in sorted(unreached.in_vain.items())]
    for words, people in ((NO_STAFF, unreached.without), (NOT_REACHED, in_vain)):
        if people:
            yield words.format(count=len(people), named=_named(people))


def _named(people: Sequence[str]) -> str:
    more = f" … +{len(people) - NAMED}" if len(people) > NAMED else ""
    return ", ".join(people[:NAMED]) + more


async def ask_channels(http: httpx.AsyncClient, notifier: str) -> Channels:
    """What the notifier at this address says; raises HTTPError, ValueError or KeyError."""
    answer = await http.get(f"{notifier}/healthz/channels")
    return Channels.from_answer(answer.raise_for_status().json())


@asynccontextmanager
async def _opened_store(mongo_url: str, database: str) -> AsyncIterator[Store]:
    """The services' store while the block lasts, at their time."""
    client = connect(mongo_url)
    try:
        store = Store(client, database, service="hotline")
        await store.clock.refresh()
        yield store
    finally:
        client.close()


async def people_unreached(channels: Channels, mongo_url: str, database: str) -> Unreached:
    """Everybody of the duty list to whom no channel leads, and whom the last message missed."""
    async with _opened_store(mongo_url, database) as store:
        duty = DutyReader(store)
        await duty.refresh()
        people = duty.current.everybody
        without = tuple(sorted(p.id for p in people if not channels.reach(p)))
        others = {person.id for person in people} - set(without)
        in_vain = await missed_by_their_last(store, others, store.clock.now() - LATELY)
    return Unreached(without, in_vain)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(run)


def run(
    search: Annotated[
        Path | None, typer.Option("--search", help="File with one planted string a line.")
    ] = None,
    *,
    promises: Annotated[
        bool,
        typer.Option(
            "--promises", help="What is lost, stuck, late, doubled or unknown, by number."
        ),
    ] = False,
    data: Annotated[Path | None, typer.Option("--data", help="[HOTLINE_DATA]")] = None,
) -> None:
    """Check the services, the promises, or look for planted strings; exit 1 for what is found."""
    folder = data_folder(data)
    if promises:
        well = asyncio.run(examine_and_print(mongo_of(folder), read_settings().database))
    elif search is not None:
        needles = read_needles(search)
        well = asyncio.run(search_everywhere(running(folder), folder, needles))
    else:
        well = asyncio.run(_check(running(folder)))
    raise typer.Exit(0 if well else EXIT_FOUND)


def mongo_of(folder: Path) -> str:
    """Return where the database is: the one of the hotline on this folder, or else the one of
    HOTLINE_MONGO_URL, whose services may run on other machines.
    """
    url = read_settings().mongo_url
    if Endpoints.read(folder) is None and url is not None:
        return url.get_secret_value()
    return running(folder).mongo


async def _check(endpoints: Endpoints) -> bool:
    table = Table("service", "address", "ready", "consuming")
    well = True
    async with httpx.AsyncClient(timeout=5) as http:
        for name, address in endpoints.services.items():
            ready = await _status(http, f"{address}/readyz")
            consuming = await _status(http, f"{address}/healthz/consumers")
            well = well and ready == consuming == "yes"
            table.add_row(name, address, ready, consuming)
        Console().print(table)
        well = await _say_channels(http, endpoints) and well
    well = await _say_broker(endpoints) and well
    well = await _say_calendar(endpoints) and well
    if endpoints.management is not None:
        typer.echo(
            "The embedded RabbitMQ and MongoDB are for trials: for production set "
            "HOTLINE_AMQP_URL and HOTLINE_MONGO_URL to servers of your own (deploy/README.md)."
        )
    return well


async def _say_channels(http: httpx.AsyncClient, endpoints: Endpoints) -> bool:
    """Say who is not reached; False where that is somebody of the duty list, or nobody knows.

    That callers have no channel is not amiss: each of their tickets is somebody's task.
    """
    try:
        channels = await ask_channels(http, endpoints.services["notifier"])
        unreached = await people_unreached(channels, endpoints.mongo, read_settings().database)
    except (httpx.HTTPError, ValueError, KeyError, *STORE_DOWN):
        typer.echo(UNASKED)
        return False
    for words in said_of(channels, unreached):
        typer.echo(words)
    return not unreached


async def _say_broker(endpoints: Endpoints) -> bool:
    """Say what the broker lacks, and who may too much there; False where messages may be confirmed
    and lost, or a publisher may do what others do.
    """
    if endpoints.management is None:
        typer.echo(UNSEEN)
        return True
    try:
        lacking = await topology.missing(endpoints.amqp_operator, endpoints.management)
        users = BrokerUsers(endpoints.amqp_operator, endpoints.management)
        unlimited = await users.faults(topology.inbound_keys())
    except httpx.HTTPError as error:
        typer.echo(f"{UNSEEN} ({type(error).__name__})")
        return False
    if lacking:
        typer.echo(LACKING.format(named="\n  ".join(lacking)))
    if unlimited:
        typer.echo(UNLIMITED.format(named="\n  ".join(unlimited)))
    return not lacking and not unlimited


async def _say_calendar(endpoints: Endpoints) -> bool:
    """Say when days off are not known for long; False where they are not known now."""
    try:
        async with _opened_store(endpoints.mongo, read_settings().database) as store:
            policies = PolicyReader(store)
            await policies.refresh()
            left = policies.current.days_known(store.clock.now())
    except (NoPolicyError, *STORE_DOWN) as error:
        typer.echo(UNREAD.format(error=type(error).__name__))
        return False
    if words := calendar_words(left):
        typer.echo(words)
    return left is None or left >= 0


def calendar_words(left: int | None) -> str | None:
    """What is to be said when days off are known for so many days; None while that is long."""
    if left is None or left > SOON:
        return None
    return CALENDAR_ENDS.format(days=left) if left >= 0 else CALENDAR_ENDED.format(days=-left)


async def _status(http: httpx.AsyncClient, address: str) -> str:
    try:
        found = await http.get(address)
    except httpx.HTTPError as error:
        return f"no ({type(error).__name__})"
    return "yes" if found.is_success else f"no ({found.status_code})"
