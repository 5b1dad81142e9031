"""The table an operator sees once everything serves."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from services.hotline.endpoints import FILE, Endpoints
from services.hotline.probe import hosts_of

TITLES = {
    "intake": "受理 intake",
    "router": "派单 router",
    "notifier": "通知 notifier",
    "survey": "回访 survey",
    "admin": "管理 admin",
    "console": "坐席 console",
}


def print_addresses(endpoints: Endpoints, data: Path, console: Console | None = None) -> None:
    """Print where everything answers, without any password."""
    table = Table("服务 service", "地址 address", "文档 docs", title="物业服务热线 Estateline")
    for name, address in endpoints.services.items():
        table.add_row(TITLES.get(name, name), address, f"{address}/docs")
    table.add_row("消息 RabbitMQ", _hosts(endpoints.amqp), "")
    table.add_row("数据 MongoDB", _hosts(endpoints.mongo), "")
    console = console or Console()
    console.print(table)
    console.print(f"地址与密码 addresses and passwords: {data / FILE}", soft_wrap=True)
    console.print("按 Ctrl-C 停止，数据保留 Ctrl-C stops everything, the data stays")


def _hosts(url: str) -> str:
    return ", ".join(f"{host}:{port}" for host, port in hosts_of(url)) or "(DNS)"
