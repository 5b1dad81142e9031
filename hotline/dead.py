"""``hotline dead``: messages that could not be handled, looked at and sent on their way again."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from hotline.client import answer, api, data_folder, pages, running
from hotline.errors import UnusableSettingError
from hotline.service import SERVICES

DataOption = Annotated[Path | None, typer.Option("--data", help="[HOTLINE_DATA]")]
ROLE = "supervisor"
NOBODY = "nobody that the broker knows"
TOO_MANY = "too_many"
WHY: Mapping[str, tuple[str, str]] = {
    "malformed": ("内容无法读取", "it cannot be read"),
    "unknown_event": ("消息类型未知", "it is of an unknown kind"),
    "conflict": ("幂等键已用于另一件诉求", "its key was used for another request"),
    "refused": ("不予受理", "it is not done, and the sender was told why"),
    "no_principal": ("没有核实的发送方", "it has no sender that the broker knows"),
    "unrouted": ("路由键有误，没有队列接收", "its routing key leads to no queue"),
    "queue_missing": ("队列暂时不存在", "its queue is missing"),
    "dead_lettered": ("消息代理多次投递未成功", "the broker gave up delivering it"),
    "stopped_its_reader": ("处理它的程序多次中断", "it ended the program that read it"),
    "temporary": ("暂时无法处理，会自动重试", "it is tried again by itself"),
    "gave_up": ("多次重试未成功", "it failed again and again"),
    "failed": ("处理时出错，见日志", "handling it failed; the error is in the log"),
    TOO_MANY: ("同一发送方的此类消息过多", "it stands for others of the same sender"),
}
"""In words; a reason that is not here stands for itself."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Messages that could not be handled.", no_args_is_help=True)
    group.command("list")(show_all)
    group.command("show")(show)
    group.command("replay")(replay)
    group.command("discard")(discard)
    app.add_typer(group, name="dead")


def show_all(data: DataOption = None) -> None:
    """List those of all services: what it is, under which key and from whom, and what is next."""
    count = 0
    for item in _all(data_folder(data)):
        count += 1
        typer.echo("\n".join(listed(item)))
    typer.echo(f"{count} parked messages")


def listed(item: Mapping[str, Any]) -> tuple[str, ...]:
    """The lines of one in the list."""
    came = f"under the key {item.get('key') or '(none)'}, from {item['principal'] or NOBODY}"
    return (
        f"{item['id']}  {item['queue']}  {item['reason']}",
        f"    {came}",
        f"    {item['detail']}; tried {times(item['attempts'])}, {_waits(item)}",
    )


def times(count: int) -> str:
    """How often, in words."""
    return "once" if count == 1 else f"{count} times"


def _waits(item: Mapping[str, Any]) -> str:
    """What is to come of one."""
    if item["next_at"]:
        return f"next try {item['next_at']}"
    if item["answered"]:
        return f"its sender was answered; ends {item['ends_at']}"
    return f"waits for you, with {item['more']} like it" if item["more"] else "waits for you"


def show(id: str, data: DataOption = None) -> None:
    """Show one: what it is, from whom, why it is here, what can be done; its body stays sealed."""
    folder = data_folder(data)
    with api(folder, _service_of(folder, id), role=ROLE) as client:
        typer.echo("\n".join(shown(answer(client.get(f"/v1/parked/{id}")))))


def shown(item: Mapping[str, Any]) -> tuple[str, ...]:
    """One as a person reads it."""
    zh, en = WHY.get(item["reason"], (item["reason"], item["reason"]))
    state = "sealed" if item["sealed"] else "not sealed"
    facts = (
        ("内容 what", f"{item['bytes']} bytes, {state}, for the queue {item['queue']}"),
        ("路由键 key", item.get("key") or "(none)"),
        ("发送方 from", item["principal"] or NOBODY),
        ("原因 why", f"{zh} / {en} ({item['reason']})"),
        ("详情 detail", item["detail"]),
        ("时间 since", f"{item['parked_at']}, tried {times(item['attempts'])}"),
        ("下一步 next", _waits(item)),
    )
    return (
        f"停泊消息 parked message {item['id']}",
        *(f"  {name}: {value}" for name, value in facts),
        *_ways(item),
    )


def _ways(item: Mapping[str, Any]) -> tuple[str, ...]:
    """What can be done with one, as commands."""
    id = item["id"]
    drop = f"    hotline dead discard {id} --reason sent_again"
    if item["reason"] == TOO_MANY:
        return ("  可以 you can: ask the sender why there are so many, then end it", drop)
    if item.get("cut"):
        return (
            "  内容过大，只保留了开头，不能重放：请联系发送方，然后结束",
            "  too large, only its beginning is kept: ask the sender for less, then end it:",
            drop,
        )
    taken = " (as a report)" if item["reason"] == "unrouted" else ""
    return (
        f"  原因消除后重放 when what is at fault is mended, send it to its queue again{taken}:",
        f"    hotline dead replay {id}",
        "  不再需要时结束，并注明原因 when nobody needs it, end it and say why:",
        drop,
    )


def replay(id: str, data: DataOption = None) -> None:
    """Send one to its queue again."""
    folder = data_folder(data)
    with api(folder, _service_of(folder, id), role=ROLE) as client:
        answer(client.post(f"/v1/parked/{id}/replay"))
    typer.echo(f"{id} is in its queue again; with its fault unmended it will be parked again")


def discard(
    id: str,
    reason: Annotated[str, typer.Option("--reason", help="why, as a code: sent_again")],
    data: DataOption = None,
) -> None:
    """End one that nobody needs any more; who, when and why stay on record."""
    folder = data_folder(data)
    with api(folder, _service_of(folder, id), role=ROLE) as client:
        answer(client.post(f"/v1/parked/{id}/discard", json={"reason": reason}))
    typer.echo(f"{id} has ended")


def _all(data: Path) -> Iterator[dict[str, Any]]:
    for service in _keepers(data):
        with api(data, service, role=ROLE) as client:
            yield from pages(client, "/v1/parked")


def _keepers(data: Path) -> list[str]:
    """The services that run and keep messages: the console keeps nothing."""
    return [service for service in running(data).services if service in SERVICES]


def _service_of(data: Path, id: str) -> str:
    """The service that parked a message; raises UnusableSettingError for an unknown id."""
    for service in _keepers(data):
        with api(data, service, role=ROLE) as client:
            if client.get(f"/v1/parked/{id}").is_success:
                return service
    raise UnusableSettingError(f"No parked message has the id {id}; see `hotline dead list`.")
