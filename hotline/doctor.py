"""``hotline doctor``: is it well, were promises kept, is nothing personal where it must not be."""

from __future__ import annotations

import asyncio
from collections import Counter
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
from hotline.chat_faults import fault_words
from hotline.client import data_folder, running
from hotline.endpoints import Endpoints
from hotline.promises.report import examine_and_print
from hotline.search import read_needles, search_everywhere
from hotline.settings import read_settings
from shared.bus.broker_users import BrokerUsers
from shared.policy.duty import Duty, Person
from shared.privacy import load_keys
from shared.privacy.keys import FILE_NAME
from shared.readers.lost_addresses import LostAddresses
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
    "请为他们设置企业微信、钉钉用户 ID 或 webhook，或设置邮件服务器 HOTLINE_NOTIFIER_SMTP_HOST。\n"
    "WARNING: {count} people of the duty list have no channel, not even an alert reaches them: "
    "{named}\n"
    "Give them an id in WeCom or DingTalk or a webhook, or set HOTLINE_NOTIFIER_SMTP_HOST."
)
REACHED: Final = (
    "值班表上的人员通过以下渠道接收消息：{by}；群机器人：{chats}。\n"
    "People of the duty list are told by: {by}; robots of group chats: {chats}."
)
NO_TOOL: Final = (
    "注意：以下 {count} 人有企业微信或钉钉的用户 ID，但通知服务没有设置该应用，"
    "消息改走其他渠道：{named}\n"
    "NOTE: these {count} people have an id in WeCom or DingTalk, and the notifier has no "
    "application there; they are told by another channel, if they have one: {named}"
)
NO_PLACE: Final = (
    "警告：以下 {count} 个群机器人所对应的项目或值班表不存在，不会收到任何消息：{named}\n"
    "WARNING: these {count} robots are for an estate or duty list that is not there, and are told "
    "nothing: {named}"
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
    "无法读取制度，未核对日历（{error}）。\n"
    "The policy could not be read, and the calendar was not looked at ({error})."
)
CALENDAR_ENDS: Final = (
    "日历还有 {days} 天到期，之后的节假日都会按工作日计算；请在制度中补充日历（calendar.until）。\n"
    "A calendar ends in {days} days, and every holiday after it will count as a workday: publish "
    "the next days off in the policy (calendar.until)."
)
CALENDAR_ENDED: Final = (
    "警告：日历已到期 {days} 天，节假日都按工作日计算；请立即在制度中补充日历（calendar.until）。\n"
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
    """What the notifier says leads to people now, and which of it is not set up right."""

    trial: bool
    callers: tuple[str, ...]
    staff: tuple[str, ...]
    group_chats: tuple[str, ...] = ()
    faults: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any]) -> Self:
        """Read `/healthz/channels`."""
        chats, faults = answer.get("group_chats", ()), answer.get("faults", {})
        lead = tuple(answer["callers"]), tuple(answer["staff"])
        return cls(answer["trial"], *lead, tuple(chats), dict(faults))

    def by(self, person: Person) -> str | None:
        """By which of them somebody of the duty list is told; None where none leads there."""
        own = (("webhook", person.webhook), ("wecom", person.wecom), ("dingtalk", person.dingtalk))
        for name, address in own:
            if address is not None and name in self.staff:
                return name
        mail = next((name for name in self.staff if name in {"mail", "sandbox"}), None)
        return mail if person.can_be_mailed else None

    def reach(self, person: Person) -> bool:
        """Whether any of them leads to somebody of the duty list."""
        return self.by(person) is not None

    def lack_tool_of(self, person: Person) -> bool:
        """Whether somebody has an id in a chat tool that is not set."""
        has = {"wecom": person.wecom, "dingtalk": person.dingtalk}
        return any(id is not None and name not in self.staff for name, id in has.items())

    def without_place(self, duty: Duty) -> tuple[str, ...]:
        """The group chats of estates and lists that the duty list does not have."""
        lists = {f"{place}/{department}" for place, of in duty.places.items() for department in of}
        return tuple(chat for chat in self.group_chats if chat not in lists | set(duty.places))


@dataclass(frozen=True, slots=True)
class Unreached:
    """People of the duty list, by id: those to whom no channel leads, and those whom their last
    message did not reach, by why. Beside them, by how many of the others which channel is used, who
    has an id in a tool that is not set, and which robots are for nobody.
    """

    without: tuple[str, ...] = ()
    in_vain: Mapping[str, str] = field(default_factory=dict)
    by: Mapping[str, int] = field(default_factory=dict)
    no_tool: tuple[str, ...] = ()
    no_place: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anybody."""
        return bool(self.without or self.in_vain)


def said_of(channels: Channels, unreached: Unreached) -> Iterator[str]:
    """What an operator is to know; nothing where everybody is reached."""
    if channels.trial and "sandbox" in channels.callers:
        yield TRIAL
    if not channels.callers:
        yield NO_CALLERS
    if unreached.by:
        by = ", ".join(f"{name} {count}" for name, count in sorted(unreached.by.items()))
        yield REACHED.format(by=by, chats=_named(channels.group_chats) or "–")
    in_vain = [f"{id} ({why})" for id, why in sorted(unreached.in_vain.items())]
    for words, named in (
        (NO_STAFF, unreached.without),
        (NOT_REACHED, in_vain),
        (NO_TOOL, unreached.no_tool),
        (NO_PLACE, unreached.no_place),
    ):
        if named:
            yield words.format(count=len(named), named=_named(named))
    yield from fault_words(channels.faults)


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


async def people_unreached(
    channels: Channels, mongo_url: str, database: str, lost_addresses: LostAddresses
) -> Unreached:
    """Everybody of the duty list to whom no channel leads, and whom the last message missed."""
    async with _opened_store(mongo_url, database) as store:
        duty = DutyReader(store, lost_addresses)
        await duty.refresh()
        people = duty.current.everybody
        without = tuple(sorted(p.id for p in people if not channels.reach(p)))
        by = Counter(name for person in people if (name := channels.by(person)))
        no_tool = tuple(sorted(p.id for p in people if channels.lack_tool_of(p)))
        others = {person.id for person in people} - set(without)
        in_vain = await missed_by_their_last(store, others, store.clock.now() - LATELY)
        no_place = channels.without_place(duty.current)
    return Unreached(without, in_vain, by, no_tool, no_place)


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
        well = asyncio.run(_check(running(folder), folder))
    raise typer.Exit(0 if well else EXIT_FOUND)


def mongo_of(folder: Path) -> str:
    """Return where the database is: the one of the hotline on this folder, or else the one of
    HOTLINE_MONGO_URL, whose services may run on other machines.
    """
    url = read_settings().mongo_url
    if Endpoints.read(folder) is None and url is not None:
        return url.get_secret_value()
    return running(folder).mongo


async def _check(endpoints: Endpoints, folder: Path) -> bool:
    table = Table("service", "address", "ready", "consuming")
    well = True
    async with httpx.AsyncClient(timeout=5) as http:
        for name, address in endpoints.services.items():
            ready = await _status(http, f"{address}/readyz")
            consuming = await _status(http, f"{address}/healthz/consumers")
            well = well and ready == consuming == "yes"
            table.add_row(name, address, ready, consuming)
        Console().print(table)
        well = await _say_channels(http, endpoints, folder) and well
    well = await _say_broker(endpoints) and well
    well = await _say_calendar(endpoints) and well
    if endpoints.management is not None:
        typer.echo(
            "The embedded RabbitMQ and MongoDB are for trials: for production set "
            "HOTLINE_AMQP_URL and HOTLINE_MONGO_URL to servers of your own (deploy/README.md)."
        )
    return well


async def _say_channels(http: httpx.AsyncClient, endpoints: Endpoints, folder: Path) -> bool:
    """Say who is reached by what and who is not; False where that is somebody of the duty list, a
    chat tool refuses us, or nobody knows.

    That callers have no channel is not amiss: each of their tickets is somebody's task.
    """
    try:
        channels = await ask_channels(http, endpoints.services["notifier"])
        lost_addresses = LostAddresses.by(load_keys(folder / FILE_NAME))
        database = read_settings().database
        unreached = await people_unreached(channels, endpoints.mongo, database, lost_addresses)
    except (httpx.HTTPError, ValueError, KeyError, *STORE_DOWN):
        typer.echo(UNASKED)
        return False
    for words in said_of(channels, unreached):
        typer.echo(words)
    return not unreached and not channels.faults


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
