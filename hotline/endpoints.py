"""Where everything answers: the file that tells it, the environment a service gets, and the table
an operator sees.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from rich.console import Console
from rich.table import Table

from hotline.embedded.folder import read_json, write_json
from hotline.probe import hosts_of

FILE = "endpoints.json"
SERVERS = ("amqp", "amqp_operator", "mongo", "management", "prometheus", "alertmanager")
TITLES = {
    "intake": "受理 intake",
    "router": "派单 router",
    "notifier": "通知 notifier",
    "survey": "回访 survey",
    "admin": "管理 admin",
    "telephony": "电话 telephony",
    "console": "坐席 console",
    "exchange": "交换机 exchange",
}


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The addresses of one running hotline; those of the servers hold their passwords.

    `amqp` is for publishers: it is that of one who may publish and nothing else, where there is
    one. `amqp_operator` is the services' own.
    """

    amqp: str
    amqp_operator: str
    mongo: str
    management: str | None
    services: Mapping[str, str]
    prometheus: str | None = None
    alertmanager: str | None = None

    @classmethod
    def read(cls, data: Path) -> Self | None:
        """Return what the hotline that runs on the data folder wrote, or None when none runs."""
        value: Any = read_json(data / FILE)
        if not isinstance(value, dict):
            return None
        servers = {key: value.pop(key, None) for key in SERVERS}
        return cls(
            amqp=str(servers["amqp"]),
            amqp_operator=str(servers["amqp_operator"] or servers["amqp"]),
            mongo=str(servers["mongo"]),
            management=servers["management"],
            prometheus=servers["prometheus"],
            alertmanager=servers["alertmanager"],
            services={str(name): str(address) for name, address in value.items()},
        )

    def write(self, data: Path) -> None:
        """Write the file, for its owner alone: it holds passwords."""
        servers = {name: getattr(self, name) for name in SERVERS}
        write_json(data / FILE, {**servers, **self.services})

    @staticmethod
    def remove(data: Path) -> None:
        """Remove the file: nothing answers any more."""
        (data / FILE).unlink(missing_ok=True)

    def environment(self, data: Path) -> dict[str, str]:
        """Return what a service is told of the others. Where residents and contractors find their
        pages is the operator's to say; else it is where the services answer.
        """
        ports = {
            f"HOTLINE_{name.upper()}_PORT": address.rpartition(":")[2]
            for name, address in self.services.items()
        }
        addresses = {
            f"HOTLINE_{name.upper()}_URL": address for name, address in self.services.items()
        }
        pages = {
            f"HOTLINE_{page}_URL": os.environ.get(f"HOTLINE_{page}_URL") or self.services[service]
            for page, service in (("WORK", "router"), ("SURVEY", "survey"), ("POLICY", "admin"))
            if service in self.services
        }
        if "intake" in self.services:
            # Behind a proxy the work page's own name leads there too.
            own = "" if os.environ.get("HOTLINE_WORK_URL") else self.services["intake"]
            pages["HOTLINE_PERSON_URL"] = os.environ.get("HOTLINE_PERSON_URL") or own
        asked = {
            f"HOTLINE_CONSOLE_{name.upper()}_URL": address
            for name, address in self.services.items()
            if name != "console"
        }
        management = {"HOTLINE_MANAGEMENT_URL": self.management} if self.management else {}
        return {
            "HOTLINE_AMQP_URL": self.amqp_operator,
            "HOTLINE_MONGO_URL": self.mongo,
            "HOTLINE_DATA": str(data),
            "HOTLINE_ENDPOINTS": str(data / FILE),
            **management,
            **ports,
            **addresses,
            **asked,
            **pages,
        }


def print_addresses(endpoints: Endpoints, data: Path, console: Console | None = None) -> None:
    """Print where everything answers, without any password."""
    table = Table("服务 service", "地址 address", "文档 docs", title="物业服务热线 Estateline")
    for name, address in endpoints.services.items():
        docs = "" if name in {"console", "exchange"} else f"{address}/docs"
        table.add_row(TITLES.get(name, name), address, docs)
    table.add_row("消息 RabbitMQ", _hosts(endpoints.amqp), "")
    table.add_row("数据 MongoDB", _hosts(endpoints.mongo), "")
    for title, watcher in (
        ("指标 Prometheus", endpoints.prometheus),
        ("告警 Alertmanager", endpoints.alertmanager),
    ):
        if watcher is not None:
            table.add_row(title, watcher, "")
    console = console or Console()
    console.print(table)
    console.print(f"地址与密码 addresses and passwords: {data / FILE}", soft_wrap=True)
    console.print("按 Ctrl-C 停止，数据保留 Ctrl-C stops everything, the data stays")


def _hosts(url: str) -> str:
    return ", ".join(f"{host}:{port}" for host, port in hosts_of(url)) or "(DNS)"
